// The real git-sync as a child process: its log, its files and its exit code.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { atEnd, type TestScope } from './at-end.js'
import { GIT_SYNC } from './program.js'
import { programEnvironment, until } from './service.js'

export interface GitSync {
  readonly process: ChildProcess
  /** All that it has written to stderr. */
  readonly stderr: string
  readonly stdout: string
  /** The lines of its log. */
  logs(): Record<string, unknown>[]
  /** Waits for a line of its log. */
  untilLogged(message: string): Promise<Record<string, unknown>>
  /** Waits until a link leads to a commit. */
  untilLinked(link: string, oid: string): Promise<void>
  /** Waits for its end, and returns the exit code, or that of a shell after a signal. */
  exitCode(): Promise<number>
}

/** Starts git-sync; it is ended after the test. */
export function startGitSync(
  t: TestScope,
  args: readonly string[],
  env: Record<string, string> = {},
): GitSync {
  const child = spawn(process.execPath, [GIT_SYNC, ...args], {
    env: { ...programEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (text) => {
      output[name] += text
    })
  }
  const closed = once(child, 'close')
  atEnd(t, async () => {
    child.kill('SIGKILL')
    await closed
  })
  const sync: GitSync = {
    process: child,
    get stderr() {
      return output.stderr
    },
    get stdout() {
      return output.stdout
    },
    logs: () =>
      output.stderr
        .split('\n')
        .filter((line) => line.startsWith('{') && line.endsWith('}'))
        .map((line) => JSON.parse(line)),
    untilLogged: (message) =>
      until(
        () => sync.logs().find(({ msg }) => msg === message),
        async () => `${message}: ${output.stderr}`,
      ),
    async untilLinked(link, oid) {
      await until(
        () => linkedTo(link) === oid,
        async () => `${link} is ${oid}: ${output.stderr}`,
      )
    },
    async exitCode() {
      const [code, signal] = await closed
      return code ?? 128 + os.constants.signals[signal as NodeJS.Signals]
    },
  }
  return sync
}

/** The last part of what a link leads to. */
export function linkedTo(link: string): string | undefined {
  try {
    return path.basename(readlinkSync(link))
  } catch {
    return undefined
  }
}
