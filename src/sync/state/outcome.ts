// What the steps of the work on an entry come to, and what is asked of it, as values: what
// follows from each is decided by conclusion.ts.
import type { SyncError } from '../../base/errors.js'
import type { Entry } from '../../listing/entry.js'
import type { Lease } from '../../publish/lease/lease.js'
import type { Inspection } from '../../publish/snapshot/inspection.js'
import type { Cadence } from '../../schedule/cadence.js'
import type { Unpacked } from '../../worker/receive.js'
import type { EntryLabels, SyncEvent } from '../events.js'
import type { ResolvedRevision } from '../resolve-revision.js'
import type { Desired, Observed, Schedule } from './records.js'

export type Outcome = Listed | Turned | Inspected | Polled | Synced | Tidied | Failed

/** The listing says something else. */
type Listed =
  | { type: 'added'; entry: Entry }
  /** It publishes something else, or in another way. */
  | { type: 'changed'; entry: Entry }
  /** It publishes the same as before in the same way. */
  | { type: 'adjusted'; entry: Entry }
  | { type: 'removed'; isPruned: boolean }
  /** Its last work is done. */
  | { type: 'retired' }

/** Whose turn it is to work on what is in place. */
type Turned =
  | { type: 'claimed'; lease: Lease | undefined }
  | { type: 'waiting'; holder: string; isDead: boolean; againInMs: number; error: SyncError }
  /** Another instance has it now, though this one was at work on it. */
  | { type: 'lease-lost' }

/** What is in place was looked at. */
type Inspected =
  | { type: 'inspected'; found: Inspection }
  /** A look for drift begins. */
  | { type: 'verifying' }
  | { type: 'verified'; found: Inspection }

type Polled =
  /** Somebody wants a poll at once. */
  | { type: 'poll-wanted' }
  /** From here on, a poll that is wanted is another one. */
  | { type: 'polling' }
  /** `at`, as the clock's `now()`, and `cadence` are those of all that were polled together. */
  | {
      type: 'polled'
      target: ResolvedRevision
      at: number
      durationMs: number
      cadence: Cadence
    }
  /** The remote is left alone until `timeMs`, as the clock's `now()`. */
  | { type: 'resting'; timeMs: number }

type Synced =
  | { type: 'syncing'; target: ResolvedRevision }
  | {
      type: 'published'
      target: ResolvedRevision
      result: Unpacked
      fetchMs: number
      durationMs: number
    }
  /** What is in place was looked at after a fault that may have left a publication half done. */
  | { type: 'found-again'; target: ResolvedRevision; found: Inspection }
  /** Nothing is fetched and published any more, whatever came of it. */
  | { type: 'sync-ended' }

type Tidied =
  | { type: 'tidied'; againInMs: number | undefined }
  /** All that was published is gone. */
  | { type: 'unpublished' }

/** The outcomes of some types. */
export type OutcomeOf<T extends Outcome['type']> = Extract<Outcome, { type: T }>

/** What can fail. */
export type Step =
  | 'turn'
  | 'wait'
  | 'inspection'
  | 'verification'
  | 'poll'
  | 'resolution'
  | 'sync'
  | 'tidying'
  | 'removal'

/** A step failed. */
export interface Failed {
  type: 'failed'
  step: Step
  error: SyncError
  /** When it ended, as the clock's `now()`. */
  at: number
  durationMs: number
  /** Of a `poll`: when the whole remote is polled again. */
  retryInMs?: number
  /** Of a `resolution`: that of all that were polled together. @default the service's */
  cadence?: Cadence
}

/** What follows from an outcome: what becomes of the records, and what is told of it. */
export interface Conclusion {
  observed?: Partial<Observed>
  desired?: Partial<Desired>
  schedule?: Partial<Schedule>
  /** In order; `labels` are those of the entry afterwards. */
  events?: (labels: EntryLabels) => SyncEvent[]
}
