// What polling and syncing share: the few values and parts that both are given.
import type { Clock } from '../base/clock.js'
import type { Entry } from '../listing/entry.js'
import type { Site } from '../publish/publication.js'
import type { Cadence } from '../schedule/cadence.js'
import type { Observe } from './events.js'
import type { WorkerPool } from './worker-pool.js'

export interface SyncContext {
  clock: Clock
  cadence: Cadence
  observe: Observe
  workers: WorkerPool
  /** The longest time one poll or one sync may take. */
  syncTimeoutMs: number
  /** How long an earlier worktree stays after the link was swapped, in milliseconds. */
  graceMs: number
  /** Where all state lives; undefined where it lives beside what is published. */
  stateDirectory: string | undefined
}

/** Where an entry is published. */
export function siteOf({ directory, publish }: Entry, { stateDirectory }: SyncContext): Site {
  return { directory, mode: publish, stateDirectory }
}
