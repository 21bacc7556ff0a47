// The logger: one line for each call, on standard output. What it is given is
// made plain and free of credentials before winston sees it.
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import winston from 'winston'
import { type Clock, systemClock } from '../base/clock.js'
import type { Redactor } from '../base/known-secrets.js'
import type { LogFormat, LogLevel } from './log-choices.js'
import { formatJson, formatPretty, type LogRecord } from './log-format.js'
import { type LogFields, toLogFields, toLogText } from './redacted-fields.js'

export interface Logger {
  log(level: LogLevel, message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
  /** Resolves once every line is written; later calls write nothing. */
  close(): Promise<void>
}

export interface LoggerOptions {
  level: LogLevel
  /** @default `pretty` where the stream is a terminal, else `json` */
  format?: LogFormat | undefined
  /** Whether a terminal may be written to in colours. @default true */
  colors?: boolean
  /** @default process.stdout */
  stream?: Writable & { isTTY?: boolean }
  /** @default systemClock */
  clock?: Clock
  /** Knows secrets that no line may show. */
  redactor?: Redactor
}

/** Creates a logger; `pretty` is coloured only where the stream is a terminal that may be. */
export function createLogger(options: LoggerOptions): Logger {
  const { level, stream = process.stdout, clock = systemClock, colors = true, redactor } = options
  const isTerminal = stream.isTTY === true
  const { format = isTerminal ? 'pretty' : 'json' } = options
  const isColored = isTerminal && colors
  const sink = winston.createLogger({
    level,
    format: winston.format.printf((entry) => {
      const record = entry['record'] as LogRecord
      return format === 'json' ? formatJson(record) : formatPretty(record, isColored)
    }),
    transports: [new winston.transports.Stream({ stream, eol: '\n' })],
  })
  let isClosed = false

  const log: Logger['log'] = (level, message, fields = {}) => {
    if (isClosed || !sink.isLevelEnabled(level)) return
    const timestamp = new Date(clock.wallTime()).toISOString()
    const text = toLogText(message, redactor)
    const plain = toLogFields(fields, redactor)
    const record: LogRecord = { timestamp, level, message: text, fields: plain }
    sink.log({ level, message: text, record })
  }

  return {
    log,
    error: (message, fields) => log('error', message, fields),
    warn: (message, fields) => log('warn', message, fields),
    info: (message, fields) => log('info', message, fields),
    debug: (message, fields) => log('debug', message, fields),
    async close() {
      if (isClosed) return
      isClosed = true
      const finished = once(sink, 'finish')
      sink.end()
      await finished
      // A pipe takes lines later than winston hands them over.
      await new Promise((resolve) => stream.write('', resolve))
    },
  }
}
