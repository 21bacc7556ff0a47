// What one attempt of a hook came to.
import type { SyncError } from '../base/errors.js'
import type { Hook } from '../listing/hook.js'
import type { HookEvent } from './hook-event.js'

/** An attempt, and what follows. */
export type HookOutcome = { event: HookEvent; hook: Hook; durationMs: number } & (
  | { result: 'succeeded' }
  | {
      result: 'failed'
      error: SyncError
      /** 1 for the first failure in a row. */
      attempt: number
      /** Milliseconds until the next attempt; undefined: none follows by itself. */
      retryInMs: number | undefined
    }
)
