// A fresh process, as each pod has one: how long it takes to show something, and what it costs.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { programEnvironment } from '../helpers/service.js'
import { endedChildrenCpuMs } from './proc.js'

export interface Fresh {
  /** From its start on, in milliseconds. */
  ms: number
  /** Of all of it, with its children. */
  cpuMs: number
}

export interface FreshProcess {
  /** A program and its arguments. */
  command: readonly [string, ...string[]]
  /** Where it works. */
  directory: string
  /** What there is once it shows what it is to show, in `directory`. */
  shows: string
  /** What is removed afterwards, in `directory`. */
  makes: string
}

const LOOK_MS = 2

/** What serves nobody, and ends. */
export const ONCE = [
  ...['--one-time', '--http-port', '0', '--http-host', '127.0.0.1'],
  ...['--log-level', 'error'],
]

/** The binary of git-sync itself, which is neither in npm nor in Debian; undefined where none is given. */
export const GIT_SYNC_BINARY = process.env['GIT_SYNC_BINARY'] || undefined

/** What has git-sync, of whichever make, show `main` of a repository once, as the link `root/link`. */
export function gitSyncOnce(url: string): string[] {
  return [`--repo=${url}`, '--ref=main', '--root=root', '--link=link', '--one-time']
}

/** Runs a program to its end. Throws where it fails. */
export async function runFresh({ command, directory, makes, shows }: FreshProcess): Promise<Fresh> {
  const [program, ...args] = command
  const before = endedChildrenCpuMs()
  const startedAt = performance.now()
  const child = spawn(program, args, {
    cwd: directory,
    env: programEnvironment(),
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  while (!existsSync(path.join(directory, shows)) && child.exitCode === null) await sleep(LOOK_MS)
  const ms = performance.now() - startedAt
  const [code] = await exited
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`)
  rmSync(path.join(directory, makes), { recursive: true, force: true })
  return { ms, cpuMs: endedChildrenCpuMs() - before }
}
