// Runs a program, without a shell, in a process group of its own. That group is killed when its time
// is up, when the work is stopped, and, for what is left of it, when the program has ended: nothing
// of it is orphaned, but for what has left it by a session of its own (setsid), as daemons do, and for
// what a hook may leave that has succeeded.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Clock, Timer } from '../base/clock.js'
import { errnoOf } from '../base/errno.js'
import { SyncError } from '../base/errors.js'
import type { RunHook } from '../listing/hook.js'
import { fillText } from '../listing/hook-template.js'
import { stopped } from '../thread/stop.js'
import { type HookEvent, toFacts, toMessage, toVariables } from './hook-event.js'
import { HookRefusal } from './hook-refusal.js'
import { ProgramOutput } from './program-output.js'

export interface RunProgramOptions {
  clock: Pick<Clock, 'schedule'>
  /** Of this process; of it, a program sees what {@link HANDED_ON} names. */
  environment: Readonly<Record<string, string | undefined>>
  /** Where the program starts. */
  directory: string
  /** Told of each line that it prints, up to a limit. */
  onLine: (line: string) => void
  signal: AbortSignal
}

/**
 * What a program sees of the environment: no setting of this service that may be a secret, but for the
 * proxies, as it may have to go through them: with their passwords, if they have any.
 */
const HANDED_ON =
  /^(?:PATH|HOME|USER|LOGNAME|LANG|LC_[A-Z]+|TZ|TMPDIR|(?:HTTPS?|ALL|NO)_PROXY|(?:https?|all|no)_proxy|SSL_CERT_(?:FILE|DIR)|KUBERNETES_SERVICE_(?:HOST|PORT))$/

/** How long what is left of its output is read once it has ended, in milliseconds. */
const DRAIN_MS = 1000

/** How long a program may take to die, in milliseconds; one that waits for a disk does not. */
const DEATH_MS = 5000

/**
 * Runs the program of `hook`. Throws a {@link HookRefusal} with the last lines that it printed where it
 * ended by anything but success, or was killed as it took too long; `hook-failed` where it could not run.
 */
export async function runProgram(
  hook: RunHook,
  event: HookEvent,
  options: RunProgramOptions,
): Promise<void> {
  const { environment, signal } = options
  if (signal.aborted) throw stopped(signal.reason)
  if (hook.environment) {
    const given = Object.entries(hook.environment).map(([name, text]) => [
      name,
      fillText(text, toFacts(event)),
    ])
    return run(hook, { ...environment, ...Object.fromEntries(given) }, options)
  }
  const folder = await writable(mkdtemp(path.join(tmpdir(), 'git-autosync-hook-')))
  try {
    const eventFile = path.join(folder, 'event.json')
    await writable(writeFile(eventFile, JSON.stringify(toMessage(event)), { mode: 0o600 }))
    const handedOn = Object.entries(environment).filter(([name]) => HANDED_ON.test(name))
    const variables = { ...Object.fromEntries(handedOn), ...toVariables(event, eventFile) }
    await run(hook, variables, options)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function writable<T>(writing: Promise<T>): Promise<T> {
  try {
    return await writing
  } catch (error) {
    throw new SyncError(
      'hook-failed',
      `No file can be made in ${tmpdir()} (${errnoOf(error)}), where a program finds what was published: mount a writable directory there, or set TMPDIR to one`,
      { cause: error },
    )
  }
}

async function run(
  { arguments: rest, mayLeave = false, program, timeoutMs }: RunHook,
  env: NodeJS.ProcessEnv,
  { clock, directory, onLine, signal }: RunProgramOptions,
): Promise<void> {
  const child = start(program, rest, directory, env)
  const output = new ProgramOutput(onLine)
  child.stdout?.on('data', (chunk: Buffer) => output.write(chunk))
  child.stderr?.on('data', (chunk: Buffer) => output.write(chunk))
  const timers: Timer[] = []
  let isLate = false
  let onDeath: () => void = () => undefined
  const kill = () => {
    killGroup(child)
    timers.push(clock.schedule(DEATH_MS, () => onDeath()))
  }
  timers.push(
    clock.schedule(timeoutMs, () => {
      isLate = true
      kill()
    }),
  )
  signal.addEventListener('abort', kill)
  if (signal.aborted) kill()
  try {
    const undying = new Promise<string>((resolve) => {
      onDeath = () => resolve('does not die')
    })
    const fault = await Promise.race([endOf(child), undying])
    if (!mayLeave || fault !== undefined) killGroup(child)
    await drained(child, clock)
    output.end()
    if (signal.aborted) throw stopped(signal.reason)
    if (isLate) throw failed(program, `was not done after ${timeoutMs / 1000} s`, output)
    if (fault !== undefined) throw failed(program, fault, output)
  } finally {
    signal.removeEventListener('abort', kill)
    for (const timer of timers) timer.cancel()
  }
}

function start(
  program: string,
  rest: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
): ChildProcess {
  try {
    return spawn(program, rest, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    throw notStarted(program, error)
  }
}

/** How it ended, as a predicate; undefined: well. Throws where it did not start. */
function endOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(notStarted(child.spawnfile, error)))
    child.once('exit', (code, signal) => {
      if (code === 0) resolve(undefined)
      else resolve(code === null ? `was ended by ${signal}` : `ended with exit code ${code}`)
    })
  })
}

/** Whoever has left the group may hold its output for ever. */
async function drained(child: ChildProcess, clock: Pick<Clock, 'schedule'>): Promise<void> {
  const streams = [child.stdout, child.stderr].flatMap((stream) => stream ?? [])
  await new Promise<void>((resolve) => {
    const timer = clock.schedule(DRAIN_MS, resolve)
    let open = streams.filter(({ closed }) => !closed).length
    const onClose = () => {
      if (--open > 0) return
      timer.cancel()
      resolve()
    }
    if (open === 0) onClose()
    for (const stream of streams) stream.once('close', onClose)
  })
  for (const stream of streams) stream.destroy()
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // Nobody is left in it; EPERM: nobody but those who became another user.
    if (!['ESRCH', 'EPERM'].includes(errnoOf(error))) throw error
  }
}

function notStarted(program: string, error: unknown): SyncError {
  const errno = errnoOf(error) || 'unknown'
  const why: Record<string, string> = {
    ENOENT:
      'there is no such program here, or the published directory is gone: give its absolute path, and have it in the image of this service',
    EACCES: 'this user may not execute it',
    E2BIG: 'its arguments are too long',
  }
  const reason = why[errno] ?? 'the system refuses it'
  return new SyncError('hook-failed', `${program} did not start (${errno}): ${reason}`, {
    cause: error,
  })
}

function failed(program: string, fault: string, { lastLines }: ProgramOutput): HookRefusal {
  const said = lastLines === '' ? ', and said nothing' : `: ${lastLines}`
  return new HookRefusal(`${program} ${fault}${said}`)
}
