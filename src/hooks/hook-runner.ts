// Does what one hook is for, once. Whoever calls it decides what follows where it fails.
import type { Clock } from '../base/clock.js'
import type { Hook, PostHook } from '../listing/hook.js'
import { fillJson } from '../listing/hook-template.js'
import { type HookEvent, toFacts, toMessage } from './hook-event.js'
import type { AddressNames, Post, PostedMessage } from './post-hook.js'
import { type RunProgramOptions, runProgram } from './run-hook.js'
import { touchInTime } from './touch-hook.js'

export interface HookRunnerOptions extends Pick<RunProgramOptions, 'environment'> {
  clock: Clock
  post: Post
  /** Told of each line that a program prints, up to a limit. */
  onLine: (event: HookEvent, hook: Hook, line: string) => void
}

/** One attempt. */
export interface HookAttempt {
  event: HookEvent
  /** Names the message, the same at each attempt. */
  id: string
  /** Where a program starts. */
  directory: string
  signal: AbortSignal
}

const NAMES: AddressNames = {
  urlFile: 'its postFile',
  secretFile: 'its secretFile',
  headerFiles: 'its headerFiles',
  late: 'look at the service, or raise its timeout',
}

/** Does what `hook` is for. Throws a SyncError, a HookRefusal where the hook says no. */
export type RunHookOnce = (hook: Hook, attempt: HookAttempt) => Promise<void>

/** Creates what runs hooks. */
export function createHookRunner(options: HookRunnerOptions): RunHookOnce {
  const { clock, environment, onLine, post } = options
  return async (hook, { directory, event, id, signal }) => {
    switch (hook.kind) {
      case 'run': {
        const tell = (line: string) => onLine(event, hook, line)
        return runProgram(hook, event, { clock, environment, directory, onLine: tell, signal })
      }
      case 'touch':
        return touchInTime(hook, clock, signal)
      case 'post': {
        const { name, timeoutMs } = hook
        const body = bodyOf(hook, event)
        const message = { id, body, contentType: 'application/json', ...callOf(hook, event) }
        return post(hook, message, { name: `The hook ${name}`, names: NAMES, timeoutMs, signal })
      }
    }
  }
}

/** What stands in the address: placeholders, or of a call nothing but itself. */
function callOf({ call }: PostHook, event: HookEvent): Pick<PostedMessage, 'call' | 'facts'> {
  if (!call) return { facts: toFacts(event) }
  const { oidHeader, ...how } = call
  return { call: { ...how, headers: { [oidHeader.toLowerCase()]: event.oid } } }
}

function bodyOf({ body }: PostHook, event: HookEvent): string {
  return JSON.stringify(body === undefined ? toMessage(event) : fillJson(body, toFacts(event)))
}
