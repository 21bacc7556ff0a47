// The log of git-sync: one JSON object a line, on stderr.
import { writeSync } from 'node:fs'
import type { Redactor } from '../../base/known-secrets.js'
import { inWords } from './words.js'

export interface GitSyncLog {
  /** At a level that -v asks for. */
  info(level: number, message: string, fields?: object): void
  error(message: string, error: unknown, fields?: object): void
  /** The log of one of the hooks. */
  named(logger: string): GitSyncLog
}

/** Creates the log; errors go into the error file, too, where `onError` writes it. */
export function createLog(
  verbosity: number,
  redactor: Pick<Redactor, 'redact'>,
  onError: (entry: { Msg: string; Err: string; Args: object }) => void = () => undefined,
  logger = '',
): GitSyncLog {
  const write = (fields: object) => {
    const caller = { file: 'git-sync.js', line: 0 }
    const line = JSON.stringify({ logger, ts: timestamp(new Date()), caller, ...fields })
    try {
      writeSync(process.stderr.fd, `${redactor.redact(line)}\n`)
    } catch {
      // Whoever reads it may have gone away: the files count for more.
    }
  }
  return {
    info(level, msg, fields) {
      if (level <= verbosity) write({ level, msg, ...fields })
    },
    error(msg, error, fields = {}) {
      const told = error instanceof Error ? error.message : String(error)
      const text = redactor.redact(inWords(told))
      write({ msg, error: text, ...fields })
      if (logger === '') onError({ Msg: msg, Err: text, Args: fields })
    },
    named: (name) => createLog(verbosity, redactor, onError, name),
  }
}

/** As Go writes it: 2006-01-02 15:04:05.000000. */
function timestamp(now: Date): string {
  return `${now.toISOString().slice(0, -1).replace('T', ' ')}000`
}
