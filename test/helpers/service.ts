// The real program as a child process, for end-to-end tests: its settings, its log
// lines, its HTTP answers, and its exit code.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, on, once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ShownEntry, StatusReport } from '../../src/server/status-route.js'
import { atEnd } from './at-end.js'
import type { TestScope } from './git.js'
import { MAIN } from './program.js'

/** What takes longer hangs, also on a machine that has much else to do, in milliseconds. */
const PATIENCE_MS = 120_000

export type LogLine = Record<string, unknown> & { level: string; message: string }

export interface Service {
  readonly url: string
  readonly logs: LogLine[]
  readonly process: ChildProcess
  get(route: string): Promise<{ status: number; body: string }>
  status(): Promise<StatusReport>
  /** The status of one entry, by its path as written. */
  entry(path: string): Promise<ShownEntry>
  /** Waits until an entry shows a commit. */
  untilPublished(path: string, oid: string): Promise<void>
  /** Waits until an entry's error has a code, and returns the error's message. */
  untilFailed(path: string, code: string): Promise<string>
  /** Waits for the next log line of this message, and returns it as it comes. */
  untilLogged(message: string): Promise<LogLine>
  metric(line: string): Promise<number | undefined>
  signal(signal: NodeJS.Signals): void
  /** Sends SIGTERM, where it still runs, and returns the exit code. */
  stop(): Promise<number | null>
}

export interface ServiceOptions {
  listingPath: string
  settings?: Record<string, string>
  /** Flags of Node itself. @default none */
  execArgv?: readonly string[]
  /** Another program than `main`, with its arguments. */
  program?: readonly string[]
}

/** Runs the program to its end, for settings with which it ends by itself. */
export async function runProgram(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...programEnvironment(), ...env },
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (text) => {
    output.stdout += text
  })
  child.stderr.on('data', (text) => {
    output.stderr += text
  })
  const [code] = await once(child, 'close')
  return { code, ...output }
}

/** Starts the program and waits until it listens; it is stopped after the test. */
export async function startService(t: TestScope, options: ServiceOptions): Promise<Service> {
  const env = {
    ...programEnvironment(),
    LISTING_PATH: options.listingPath,
    SCRAPE_INTERVAL: '700ms',
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
    LOG_LEVEL: 'debug',
    ...options.settings,
  }
  const { execArgv = [], program = [MAIN] } = options
  const child = spawn(process.execPath, [...execArgv, ...program], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [logs, arrivals] = readLogs(child)
  // Not its exit: lines may still be on their way.
  const exited = once(child, 'close')
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    const [code] = await exited
    return code
  }
  // Also where it never listens.
  atEnd(t, stop)
  const listening = await until(() => {
    assert.equal(child.exitCode ?? child.signalCode, null, `exited: ${JSON.stringify(logs)}`)
    return logs.find(({ message }) => message === 'listening')
  }, 'the service listens')
  const url = `http://127.0.0.1:${listening['port']}`
  const service: Service = {
    url,
    logs,
    process: child,
    async get(route) {
      // One that is kept ends after a while, which may be as the next request is sent.
      const response = await fetch(url + route, { headers: { connection: 'close' } })
      return { status: response.status, body: await response.text() }
    },
    status: async () => JSON.parse((await service.get('/status')).body) as StatusReport,
    async entry(entryPath) {
      const { entries } = await service.status()
      const found = entries.find((entry) => entry.path === entryPath)
      assert.ok(found, `no entry ${entryPath} in /status`)
      return found
    },
    async untilPublished(entryPath, oid) {
      await until(
        async () => (await find(service, entryPath))?.oid === oid,
        async () => `${entryPath} shows ${oid}: ${JSON.stringify(await find(service, entryPath))}`,
      )
    },
    async untilFailed(entryPath, code) {
      const failed = await until(
        async () => {
          const error = (await find(service, entryPath))?.error
          return error?.code === code ? error : undefined
        },
        async () =>
          `${entryPath} fails with ${code}: ${JSON.stringify(await find(service, entryPath))}`,
      )
      return failed.message
    },
    async untilLogged(message) {
      const signal = AbortSignal.timeout(PATIENCE_MS)
      for await (const [line] of on(arrivals, 'line', { signal })) {
        if (line.message === message) return line
      }
      throw new Error('no line comes any more')
    },
    async metric(line) {
      const { body } = await service.get('/metrics')
      const found = body.split('\n').find((text) => text.startsWith(`${line} `))
      return found === undefined ? undefined : Number(found.slice(line.length + 1))
    },
    signal: (signal) => child.kill(signal),
    stop,
  }
  return service
}

/** What the program is given at least: no proxy or setting of the machine may leak into a test. */
export function programEnvironment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: path.parse(MAIN).root }
}

/** Writes a listing, as an editor that saves in place. */
export function writeListing(file: string, entries: readonly object[]): void {
  writeFileSync(file, JSON.stringify(entries, null, 2))
}

/**
 * A look at a service takes time of its own, and most tests that look wait for the processor: whoever
 * waited for long waits for this share of it until the next look, within these bounds.
 */
const WAITED_SHARE = 0.2
const LOOK_INTERVAL_MS = { least: 40, most: 400 }

/** Where a look takes longer than this, the machine has other things to do: then time tells little. */
const USUAL_LOOK_MS = 800

/** Waits until `condition` gives something true, and returns it. */
export async function until<T>(
  condition: () => T | Promise<T>,
  what: string | (() => Promise<string>),
  patienceMs = PATIENCE_MS,
): Promise<Exclude<T, undefined | false | null>> {
  const startedAt = Date.now()
  for (let looks = 1; ; looks++) {
    const result = await condition()
    if (result) return result as Exclude<T, undefined | false | null>
    const waitedMs = Date.now() - startedAt
    if (waitedMs > patienceMs && looks > patienceMs / USUAL_LOOK_MS) {
      assert.fail(
        `not within ${patienceMs} ms and ${looks} looks: ${typeof what === 'string' ? what : await what()}`,
      )
    }
    const { least, most } = LOOK_INTERVAL_MS
    await sleep(Math.min(most, Math.max(least, WAITED_SHARE * waitedMs)))
  }
}

async function find(service: Service, entryPath: string): Promise<ShownEntry | undefined> {
  return (await service.status()).entries.find((entry) => entry.path === entryPath)
}

/** The lines so far, and what tells of each. */
function readLogs(child: ChildProcess): [lines: LogLine[], arrivals: EventEmitter] {
  const logs: LogLine[] = []
  const arrivals = new EventEmitter()
  let rest = ''
  child.stdout?.on('data', (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const text of lines) {
      const line = JSON.parse(text) as LogLine
      logs.push(line)
      arrivals.emit('line', line)
    }
  })
  return [logs, arrivals]
}
