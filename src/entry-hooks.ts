// The hooks of all entries: what is asked before a commit is published, and told after it, and how
// events of the one become work of the other.
import type { Clock } from './base/clock.js'
import { AfterHooks } from './hooks/after-hooks.js'
import { type AskBefore, createBeforeHooks } from './hooks/before-hooks.js'
import type { HookEvent } from './hooks/hook-event.js'
import type { HookOutcome } from './hooks/hook-outcome.js'
import { createHookRunner } from './hooks/hook-runner.js'
import type { Post } from './hooks/post-hook.js'
import type { Entry } from './listing/entry.js'
import type { Hook } from './listing/hook.js'
import { isSuccess, labelsIn, type Observe, type SyncEvent } from './sync/events.js'

export interface EntryHooksOptions {
  clock: Clock
  post: Post
  /** Told what hooks do. */
  observe: Observe
  onError: (error: unknown) => void
  environment: Readonly<Record<string, string | undefined>>
}

export interface EntryHooks {
  askBefore: AskBefore
  after: AfterHooks
  /** Those before that a publication does not wait for. */
  beside: AfterHooks
  /** Has hooks told of what is published. */
  hear(event: SyncEvent): void
}

/** Creates the hooks of entries; there are none before `after` is given some. */
export function createEntryHooks(options: EntryHooksOptions): EntryHooks {
  const { clock, environment, observe: tell, onError, post } = options
  const onLine = (event: HookEvent, hook: Hook, line: string) =>
    tell({ type: 'hook-output', ...labelsIn(event), hook: hook.name, line })
  const run = createHookRunner({ clock, environment, post, onLine })
  const observe = (outcome: HookOutcome) => {
    const { durationMs, event, hook } = outcome
    const told = { ...labelsIn(event), hook: hook.name, oid: event.oid, durationMs }
    if (outcome.result === 'succeeded') return tell({ type: 'hook-succeeded', ...told })
    const { attempt, error, retryInMs } = outcome
    tell({ type: 'hook-failed', ...told, error, attempt, retryInMs })
  }
  const queue = { clock, random: Math.random, run, observe, onError }
  const after = new AfterHooks(queue)
  const hooksOf = ({ before }: Pick<Entry, 'before'>) => before.filter((hook) => !isAwaited(hook))
  const beside = new AfterHooks({ ...queue, hooksOf })
  const ask = createBeforeHooks({ clock, run, observe })
  return {
    askBefore(hooks, event, worktree, signal) {
      if (!hooks.every(isAwaited)) beside.published(event, worktree)
      return ask(hooks.filter(isAwaited), event, worktree, signal)
    },
    after,
    beside,
    hear(event) {
      const isRepair = event.type === 'drift-repaired'
      if (!isRepair && !isSuccess(event)) return
      const { entry, oid, ref, repo } = event
      const what = { entry, repo, ref, oid, previousOid: undefined, changed: NOTHING_KNOWN }
      if (isRepair) return after.repaired(what)
      if (event.type !== 'sync-published') return after.published(what)
      const { changes: changed = NOTHING_KNOWN, commits, previousOid, summary } = event
      after.published({ ...what, previousOid, changed, commits, summary })
    },
  }
}

function isAwaited({ isAwaited = true }: Hook): boolean {
  return isAwaited
}

/** Of what an earlier run of this service published. */
const NOTHING_KNOWN = { count: 0, paths: [] }
