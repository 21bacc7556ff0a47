// What happens, as values. Logic reports events; observers turn them into log
// lines and metrics.
import type { SyncError } from '../base/errors.js'
import type { CommitSummary } from '../git/commit-summary.js'
import type { Oid } from '../git/oid.js'
import type { ChangedPaths } from '../hooks/hook-event.js'
import type { NewCommit } from '../publish/history/walk.js'
import type { SetAside } from '../publish/target.js'
import type { Ignored } from '../publish/tree/attribute-plan.js'
import type { WorkPhase } from '../worker/progress.js'

/** What every event of one entry carries. */
export interface EntryLabels {
  /** The listing's path, as written. */
  entry: string
  /** As written, without credentials. */
  repo: string
  /** Full ref name, `HEAD`, or the oid of a followed commit. */
  ref: string
}

/** The labels in what has more than them. */
export function labelsIn({ entry, ref, repo }: EntryLabels): EntryLabels {
  return { entry, repo, ref }
}

/** How long each phase of one sync took, in milliseconds. */
export interface PhaseDurations {
  fetch: number
  unpack: number
  publish: number
}

/** What led to a commit being looked for. */
export const TRIGGERS = ['webhook', 'poll'] as const
export type Trigger = (typeof TRIGGERS)[number]

/** How far a sync is. */
export interface ProgressReport {
  phase: WorkPhase
  /** Of packs. */
  receivedBytes: number
  /** Beside what is published, until they take its place. */
  filesWritten: number
  elapsedMs: number
}

export interface Failure {
  error: SyncError
  /** 1 for the first failure in a row. */
  attempt: number
  /** Milliseconds until the next attempt; undefined where only a change helps. */
  retryInMs: number | undefined
}

export type SyncEvent =
  | ({ type: 'entry-added' } & EntryLabels)
  | ({ type: 'entry-removed' } & EntryLabels)
  /** The listing says something else of it: what failed before counts no more. */
  | ({ type: 'entry-changed' } & EntryLabels)
  | ({ type: 'poll-unchanged' | 'poll-changed'; oid: Oid; durationMs: number } & EntryLabels)
  | ({ type: 'poll-failed'; durationMs: number } & Failure & EntryLabels)
  | ({
      type: 'sync-published'
      oid: Oid
      previousOid: Oid | undefined
      durationMs: number
      phases: PhaseDurations
      /** Pack bytes received. */
      bytes: number
      filesWritten: number
      filesDeleted: number
      /** What led to it, and how long ago; absent where nothing new was found. */
      trigger?: Trigger
      lagMs?: number
      /** Of the commit, where it is known. */
      summary?: CommitSummary | undefined
      /** Who signed it, where that was verified. */
      signer?: string
      /** Where history is kept: those since the previous one, the last of them first. */
      commits?: readonly NewCommit[] | undefined
      /** Where there are hooks, of which paths. */
      changes?: ChangedPaths | undefined
    } & EntryLabels)
  /** A hook did its work, or failed; `hook` is its place in the entry. */
  | ({ type: 'hook-succeeded'; hook: string; oid: Oid; durationMs: number } & EntryLabels)
  | ({ type: 'hook-failed'; hook: string; oid: Oid; durationMs: number } & Failure & EntryLabels)
  /** What a hook printed. */
  | ({ type: 'hook-output'; hook: string; line: string } & EntryLabels)
  /** A sync takes long, and goes on. */
  | ({ type: 'sync-continues' } & ProgressReport & EntryLabels)
  /** Pack bytes came, whatever becomes of them. */
  | ({ type: 'bytes-received'; bytes: number } & EntryLabels)
  | ({ type: 'sync-failed'; oid: Oid | undefined; durationMs: number } & Failure & EntryLabels)
  /** A fetch of what changed was not enough: everything is fetched. */
  | ({ type: 'fetch-fell-back'; oid: Oid; error: SyncError } & EntryLabels)
  /** What is not needed any more could not be removed; it is tried again later. */
  | ({ type: 'tidy-failed'; error: SyncError } & EntryLabels)
  /** Published files that something else had changed were put right. */
  | ({
      type: 'drift-repaired'
      oid: Oid
      /** How many, and the first of them. */
      paths: number
      firstPaths: readonly string[]
      /** Pack bytes received. */
      bytes: number
      durationMs: number
    } & EntryLabels)
  /** Published files were changed, and could not be put right at the first attempt. */
  | ({ type: 'drift-remains'; paths: number; firstPaths: readonly string[] } & EntryLabels)
  /** Attributes ask for something that is not done: files are left as stored. Said once of each. */
  | ({ type: 'attribute-ignored'; oid: Oid } & Ignored & EntryLabels)
  /** With `clean`: files that this service had not written were removed. */
  | ({ type: 'foreign-removed'; files: number; firstPaths: readonly string[] } & EntryLabels)
  /** What an earlier run published is in place; whether the remote still names it is not known. */
  | ({ type: 'content-found'; oid: Oid } & EntryLabels)
  /** Of what was published, nothing is sure any more. */
  | ({ type: 'content-unknown' } & EntryLabels)
  /** It could not be found out whether published files were changed; it is tried again later. */
  | ({ type: 'verify-failed'; error: SyncError } & EntryLabels)
  /** Another instance works on it: this one waits. */
  | ({ type: 'lease-awaited'; holder: string } & EntryLabels)
  /** The waiting is over, and it is this instance's turn. */
  | ({ type: 'lease-taken'; holder: string; waitedMs: number } & EntryLabels)
  /** Another instance took it over, or removed this one's lease. */
  | ({ type: 'lease-lost' } & EntryLabels)
  /** Entries of another shard are published from now on, as nobody did; or no more, as it wants them back. */
  | { type: 'deputy-began' | 'deputy-ended'; entries: number; paths: readonly string[] }
  /** What somebody is to be notified of was not taken. */
  | ({ type: 'notice-failed' } & Failure)
  /** So many wait to be notified of that the oldest are not told. */
  | { type: 'notices-dropped'; count: number }
  | {
      type: 'listing-loaded'
      path: string
      entries: number
      added: number
      changed: number
      removed: number
      /** The first paths of each of them; absent where there is none. */
      addedPaths?: readonly string[]
      changedPaths?: readonly string[]
      removedPaths?: readonly string[]
    }
  | { type: 'listing-rejected'; path: string; error: SyncError; faults: readonly string[] }
  /** A valid listing, or the interval that its entries fall back on, is probably not meant so. */
  | { type: 'listing-warned'; path: string; warnings: readonly string[] }
  /** The credentials file is broken: the last good one stays in force, if there was any. */
  | { type: 'credentials-rejected'; error: SyncError; isKept: boolean }
  /** The address that stands for those of remotes cannot be reached: remotes are asked at their own. */
  | { type: 'rewrite-left'; address: string; error: SyncError }
  /** It answers again, and is asked. */
  | { type: 'rewrite-resumed'; address: string }
  /** One request on the wire; `code` is the HTTP status, or an error code where none came. */
  | { type: 'remote-requested'; host: string; service: string; code: string }
  /** State that others could have written is not believed: what is on disk is looked at instead. */
  | ({ type: 'state-set-aside' } & SetAside)
  /** A webhook came, or a wish to poll (provider `sync`); `fault` says why it is not taken. */
  | { type: 'webhook-received'; provider: string; result: string; fault: string | undefined }
  /** The file of webhook secrets is broken: the last good ones stay in force, if there were any. */
  | { type: 'webhook-secrets-rejected'; error: SyncError }
  /** Credentials go to `host` in plain text; said once of each. */
  | { type: 'credentials-exposed'; host: string }

/** An event of one entry, which is given the labels of all its events where it has none. */
export type EntryEvent<E = SyncEvent> = E extends EntryLabels
  ? Omit<E, keyof EntryLabels> & Partial<EntryLabels>
  : never

/** Receives every event; must not throw. */
export type Observe = (event: SyncEvent) => void

/** The events after which the directory is known to equal the remote's revision. */
export type SuccessEvent = Extract<SyncEvent, { type: 'poll-unchanged' | 'sync-published' }>

/** Whether `event` ends any row of failures of its entry. */
export function isSuccess(event: SyncEvent): event is SuccessEvent {
  return ['poll-unchanged', 'sync-published'].includes(event.type)
}
