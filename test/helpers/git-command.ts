// Real git, cut off from the machine's configuration, with fixed names and dates.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import os from 'node:os'
import { atEnd, type TestScope } from './at-end.js'
import { makeScratchDirectory } from './scratch.js'

const CONFIG = {
  'init.defaultBranch': 'main',
  'protocol.file.allow': 'always',
  'gc.auto': '0',
  // Each commit would start a process for it.
  'maintenance.auto': 'false',
  'advice.detachedHead': 'false',
  'safe.directory': '*',
  // What tests write is not kept, and not sent far.
  'core.compression': '1',
  'core.fsync': 'none',
}

/** The environment in which every git of the tests runs. */
export function gitEnvironment(): NodeJS.ProcessEnv {
  const config = Object.entries(CONFIG).flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ])
  return {
    PATH: process.env['PATH'],
    HOME: os.tmpdir(),
    LC_ALL: 'C.UTF-8',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_SYSTEM: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_COUNT: String(Object.keys(CONFIG).length),
    ...Object.fromEntries(config),
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Test',
    GIT_AUTHOR_EMAIL: 'test@example.com',
    GIT_AUTHOR_DATE: '2024-01-01T00:00:00Z',
    GIT_COMMITTER_NAME: 'Test',
    GIT_COMMITTER_EMAIL: 'test@example.com',
    GIT_COMMITTER_DATE: '2024-01-01T00:00:00Z',
  }
}

export interface GitOptions {
  input?: string | Buffer
  env?: NodeJS.ProcessEnv
}

/** Runs git and returns its standard output as bytes; throws with its standard error. */
export function gitBytes(cwd: string, args: readonly string[], options: GitOptions = {}): Buffer {
  // git checks files out with the umask of its parent.
  const umask = process.umask(0o022)
  try {
    return execFileSync('git', args, {
      cwd,
      env: { ...gitEnvironment(), ...options.env },
      input: options.input ?? '',
      stdio: ['pipe', 'pipe', 'pipe'],
      maxBuffer: 2 ** 30,
    })
  } finally {
    process.umask(umask)
  }
}

/** Runs git and returns its standard output without surrounding white space. */
export function git(cwd: string, ...args: string[]): string {
  return gitBytes(cwd, args).toString().trim()
}

/** A new directory, removed after the test. */
export function tempDir(t: TestScope): string {
  const directory = makeScratchDirectory()
  atEnd(t, () => rmSync(directory, { recursive: true, force: true }))
  return directory
}
