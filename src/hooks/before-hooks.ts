// What must succeed before a commit is published: one after another, in the whole new worktree.
import { randomUUID } from 'node:crypto'
import type { Clock } from '../base/clock.js'
import { attributeTo, SyncError, toSyncError } from '../base/errors.js'
import type { Hook } from '../listing/hook.js'
import type { HookEvent } from './hook-event.js'
import type { HookOutcome } from './hook-outcome.js'
import { HookRefusal } from './hook-refusal.js'
import type { RunHookOnce } from './hook-runner.js'

export interface BeforeHooksOptions {
  clock: Pick<Clock, 'now'>
  run: RunHookOnce
  observe: (outcome: HookOutcome) => void
}

/**
 * Does what `hooks` are for, until one fails. Throws `refused-by-hook` where one refuses the commit;
 * what else an attempt fails by, as a service that does not answer, says nothing of the commit.
 */
export type AskBefore = (
  hooks: readonly Hook[],
  event: HookEvent,
  worktree: string,
  signal: AbortSignal,
) => Promise<void>

/** Creates what asks hooks whether a commit may be published. */
export function createBeforeHooks({ clock, observe, run }: BeforeHooksOptions): AskBefore {
  return async (hooks, event, directory, signal) => {
    for (const hook of hooks) {
      const startedAt = clock.now()
      const told = () => ({ event, hook, durationMs: clock.now() - startedAt })
      try {
        await run(hook, { event, id: randomUUID(), directory, signal })
        observe({ result: 'succeeded', ...told() })
      } catch (cause) {
        const error = toSyncError(cause)
        if (signal.aborted) throw error
        const refusal = refusalOf(error, hook, event)
        observe({ result: 'failed', ...told(), error: refusal, attempt: 1, retryInMs: undefined })
        throw refusal
      }
    }
  }
}

function refusalOf(error: SyncError, { name }: Hook, { oid }: HookEvent): SyncError {
  const dependency = { hook: name }
  if (!(error instanceof HookRefusal)) return attributeTo(dependency, error)
  return new SyncError('refused-by-hook', `The hook ${name} refuses ${oid}: ${error.message}`, {
    cause: error,
    dependency,
  })
}
