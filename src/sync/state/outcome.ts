// What the steps of the work on an entry come to, and what is asked of it, as values; and what
// follows from them, also as values: conclusion.ts decides it, and entry-state.ts writes it.
import type { SyncError } from '../../base/errors.js'
import type { ChangedPaths } from '../../hooks/hook-event.js'
import type { Entry } from '../../listing/entry.js'
import type { Inspection } from '../../publish/drift/inspection.js'
import type { Lease } from '../../publish/lease/lease.js'
import type { Cadence } from '../../schedule/cadence.js'
import type { Unpacked } from '../../worker/unpacked.js'
import type { Announcement } from '../announcement.js'
import type { SyncContext } from '../context.js'
import type { EntryEvent } from '../events.js'
import type { ResolvedRevision } from '../resolve-revision.js'
import type { Desired, EntryRecords, Observed, Schedule, Syncing } from './records.js'

/** What a step came to, or what is asked of an entry. Times are the clock's `now()`. */
export type Outcome =
  /** While the service ran, where it is late. */
  | { type: 'added'; entry: Entry; isLate: boolean }
  /** The listing says something else: other content, or all but that. */
  | { type: 'changed' | 'adjusted'; entry: Entry }
  | { type: 'removed'; isPruned: boolean }
  /** Its last work is done. */
  | { type: 'retired' }
  /** It is this instance's turn, or another one's. */
  | { type: 'claimed'; lease: Lease | undefined }
  | {
      type: 'waiting'
      holder: string
      isDead: boolean
      isOfOtherShard: boolean
      againInMs: number
      error: SyncError
    }
  /** Another instance has it now, though this one was at work on it. */
  | { type: 'lease-lost' }
  /** What is in place was looked at: at the start, from time to time, after a fault. */
  | { type: 'inspected'; found: Inspection }
  | { type: 'verified'; found: Inspection }
  | { type: 'found-again'; found: Inspection; wanted: ResolvedRevision }
  /** A look for drift begins. */
  | { type: 'verifying' }
  /** Somebody wants that look at once. */
  | { type: 'verification-wanted' }
  /** What is not needed beside what is published is to go at once. */
  | { type: 'tidying-wanted' }
  /** Somebody wants a poll at once. */
  | { type: 'poll-wanted' }
  /** A push of what it may follow was announced. */
  | { type: 'announced'; announcement: Announcement; pollAt: number }
  /** Of its remote, another push was announced. */
  | { type: 'webhook-heard' }
  /** For another entry of its remote, a poll found what no webhook had announced. */
  | { type: 'webhook-missed' }
  /** From here on, a poll that is wanted is another one. */
  | { type: 'polling' }
  | ({ type: 'polled'; wanted: ResolvedRevision } & PolledTogether)
  /** Its remote is left alone until `timeMs`. */
  | { type: 'resting'; timeMs: number }
  | ({ type: 'syncing' } & Syncing)
  /** Its key files were read; `keysStatus` is from before that. */
  | { type: 'keys-read'; keysStatus: string }
  /** What was refused by its keys may be accepted now. */
  | { type: 'keys-changed' }
  /** What was announced is not what the remote names, or cannot be fetched yet: the poll says what follows. */
  | { type: 'unconfirmed' }
  | ({
      type: 'published'
      wanted: ResolvedRevision
      result: Unpacked
      /** Noted where the entry has hooks. */
      changes?: ChangedPaths | undefined
    } & SyncDurations)
  /** What is in place was put right, before what the remote names, or while that is refused. */
  | { type: 'repaired'; result: Unpacked; durationMs: number }
  /** Nothing is fetched and published any more, whatever came of it. */
  | { type: 'sync-ended' }
  | { type: 'tidied'; againInMs: number | undefined }
  /** All that was published is gone. */
  | { type: 'unpublished' }
  | Failed

/** The outcomes of some types. */
export type OutcomeOf<T extends Outcome['type']> = Extract<Outcome, { type: T }>

/** What all entries have in common that were polled together. */
export interface PolledTogether {
  /** When the poll ended. */
  at: number
  durationMs: number
  cadence: Cadence
}

interface SyncDurations {
  fetchMs: number
  durationMs: number
}

/** A step failed. */
export interface Failed {
  type: 'failed'
  step:
    | 'turn'
    | 'inspection'
    | 'verification'
    | 'poll'
    | 'resolution'
    | 'sync'
    | 'tidying'
    | 'removal'
  error: SyncError
  /** When it ended. */
  at: number
  durationMs: number
  /** Of a `poll`: when the whole remote is polled again. */
  retryInMs?: number
  /** Of a `resolution`: that of all that were polled together. @default the service's */
  cadence?: Cadence
}

/** What becomes of the records, and what is told of it. */
export interface Conclusion {
  observed?: Partial<Observed>
  desired?: Partial<Desired>
  schedule?: Partial<Schedule>
  /** In order; their labels are those of the entry afterwards, where nothing else is said. */
  events?: readonly EntryEvent[]
}

/** What follows from outcomes of some types, computed and not written. */
export type OutcomeRule<T extends Outcome['type']> = (
  records: EntryRecords,
  outcome: OutcomeOf<T>,
  context: SyncContext,
) => Conclusion
