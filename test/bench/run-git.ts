// Real git as a process that does not hold this one up, and how long it takes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { gitEnvironment } from '../helpers/git-command.js'

/** Runs git to its end. Throws with its standard error where it fails. */
export async function runGit(
  cwd: string,
  args: readonly string[],
  input: Iterable<Buffer> = [],
): Promise<void> {
  const child = spawn('git', args, {
    cwd,
    env: gitEnvironment(),
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (text) => {
    stderr += text
  })
  const closed = once(child, 'close')
  const written = pipeline(Readable.from(input), child.stdin)
  const [[code], writing] = await Promise.all([closed, settled(written)])
  if (code !== 0) throw new Error(`git ${args.join(' ')} failed: ${stderr.trim()}`)
  if (writing) throw writing
}

/** Runs git and returns how long it took, in milliseconds. */
export async function timeGit(cwd: string, ...args: string[]): Promise<number> {
  const startedAt = performance.now()
  await runGit(cwd, args)
  return performance.now() - startedAt
}

/** What a promise was rejected with, if it was: git's own words come first. */
function settled(promise: Promise<void>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}
