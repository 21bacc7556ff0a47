// A backend that restart-backend.sh runs, and a directory for it that is published by hand.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { atEnd } from '../helpers/at-end.js'
import type { TestScope } from '../helpers/git.js'

const SCRIPT = path.resolve('example/consumers/restart-backend.sh')

export interface BackendOptions {
  /** What the script runs in. @default ['sh'] */
  shell?: readonly string[]
  env?: Record<string, string>
}

export interface Backend {
  /** What was printed so far, by the script and by the program. */
  output(): string
  /** Sends SIGTERM to the script, where it still runs, and returns the exit code. */
  stop(): Promise<number | null>
  readonly exited: Promise<number | null>
  /** Whether the script has a trap for SIGTERM: without, a container cannot end it. */
  catchesTerm(): boolean
}

/** Signals that a process catches, in /proc, by one bit each: SIGTERM is the fifteenth. */
const CAUGHT = /^SigCgt:\s*([\da-f]+)$/m
const TERM_BIT = 1n << 14n

/** Runs a program by the script, with `app` as its last argument; it is stopped after the test. */
export function startBackend(
  t: TestScope,
  app: string,
  program: readonly string[],
  { shell: [command = 'sh', ...args] = ['sh'], env = {} }: BackendOptions = {},
): Backend {
  const child = spawn(command, [...args, SCRIPT, app, ...program, app], {
    env: { PATH: process.env['PATH'] ?? '', INTERVAL: '1', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (text) => {
    output += text
  })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const stop = () => {
    if (child.exitCode === null) child.kill('SIGTERM')
    return exited
  }
  atEnd(t, stop)
  const catchesTerm = () => {
    const [, mask = '0'] = CAUGHT.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? []
    return (BigInt(`0x${mask}`) & TERM_BIT) !== 0n
  }
  return { output: () => output, stop, exited, catchesTerm }
}

/** Publishes a version as the service does: the content first, and then what tells of it. */
export function publishInPlace(app: string, version: string): void {
  const own = path.join(app, '.git-autosync')
  mkdirSync(own, { recursive: true })
  writeFileSync(path.join(app, 'version'), `${version}\n`)
  writeFileSync(path.join(own, 'next'), `${version.repeat(40)}\n`)
  renameSync(path.join(own, 'next'), path.join(own, 'current'))
}
