// What is known of one entry, as three records that nobody changes: what is in place, what is
// to be there, and when it is worked on again; and what can be told from them.
import { cutName } from '../../base/cut-text.js'
import type { SyncError } from '../../base/errors.js'
import type { CommitSummary } from '../../git/commit-summary.js'
import type { Oid } from '../../git/oid.js'
import { nameOf } from '../../git/revision.js'
import type { Entry } from '../../listing/entry.js'
import type { Drift } from '../../publish/drift/inspection.js'
import type { NewCommit } from '../../publish/history/walk.js'
import type { Lease } from '../../publish/lease/lease.js'
import type { PublishedHistory } from '../../publish/snapshot/published-history.js'
import { selectionKey } from '../../publish/tree/selection.js'
import type { VerifiedSignature } from '../../signature/policy.js'
import type { Announced } from '../announcement.js'
import type { EntryLabels, ProgressReport, Trigger } from '../events.js'
import type { ResolvedRevision } from '../resolve-revision.js'
import { isSameHistory, wantedHistory } from '../wanted-history.js'

/** What is in place, and who may work on it. */
export interface Observed {
  /** Whether it is known what is in place. */
  readonly isInspected: boolean
  /** The commit in place. */
  readonly commit: Oid | undefined
  /** Of that commit, where it is known. */
  readonly summary: CommitSummary | undefined
  /** Of that commit, where it was verified. */
  readonly signature: VerifiedSignature | undefined
  /** Which part of it is in place; undefined where all of it is. */
  readonly selection: string | undefined
  /** The history that is kept with it; undefined where none is. */
  readonly history: PublishedHistory | undefined
  /** The commits that were published with it, where that is known. */
  readonly news: readonly NewCommit[] | undefined
  /** What was asked for to publish that commit. */
  readonly want: Oid | undefined
  /** What differs from that commit, or from the last one where nothing of it is left. */
  readonly drift: Drift | undefined
  /** Whether there is content in place, of whatever commit. */
  readonly hasContent: boolean
  /** Whether the commit in place is likely one that the remote knows. */
  readonly isFromThisRemote: boolean
  /** Whether its labels tell where the commit in place came from, as far as this run knows. */
  readonly isAsLabelled: boolean
  /** What its attributes ask for and is not done, as far as it was told of. */
  readonly ignored: ReadonlySet<string>
  /** When it was published last, milliseconds since the epoch. */
  readonly lastPublishedAt: number | undefined
  /** What keeps other instances away while this one works on it. */
  readonly lease: Lease | undefined
  /** Where the volume is mounted that it was last found on, as a byte path, if that is known. */
  readonly mountPoint: string | undefined
  /** Which other instance works on it, since when this one waits, and how that is told. */
  readonly waiting: LeaseWait | undefined
}

/** Another instance works on an entry. */
export interface LeaseWait {
  readonly holder: string
  readonly isDead: boolean
  /** Whether it has another share of the remotes, by which the entry is, or was, its own. */
  readonly isOfOtherShard: boolean
  readonly since: number
  readonly error: SyncError
}

/** What the listing and the remote say. */
export interface Desired {
  readonly entry: Entry
  /**
   * Whether the listing has it. What was published by one that was `removed` stays, by one that
   * was `pruned` goes; of one that is `retired` nothing is left to do.
   */
  readonly listing: 'listed' | 'removed' | 'pruned' | 'retired'
  /** Whether it was added while the service ran. */
  readonly isLate: boolean
  /** What the remote named last. */
  readonly wanted: ResolvedRevision | undefined
  /** What led to that being found, and when that began; undefined where it is in place. */
  readonly found: { trigger: Trigger; at: number } | undefined
  /** What could not be published, and will not be tried again until the remote names another. */
  readonly stalled: Stalled | undefined
}

/** What is left alone, and by what it failed. */
export interface Stalled {
  readonly want: Oid
  readonly error: SyncError
  /** Of the key files by which it was refused: once it is another, it is tried again. */
  readonly keysStatus: string | undefined
}

/** When it is worked on again, as the clock's `now()` where nothing else is said, and why. */
export interface Schedule {
  /** Failures in a row, and the last of them. */
  readonly failures: number
  readonly error: SyncError | undefined
  /** When it is to be polled; undefined: not by itself. */
  readonly dueAt: number | undefined
  /** Whether somebody wants a poll at once; no schedule postpones it then. */
  readonly isWanted: boolean
  /** From when on it takes part in a poll that is made for others, also before it is due. */
  readonly joinsAt: number
  /** The push that it was told of, until the remote was heard about it. */
  readonly announced: Announced | undefined
  /**
   * Whether webhooks of its remote arrive: `missed`, once a poll found what none had announced, until
   * one comes for this entry.
   */
  readonly webhooks: 'none' | 'heard' | 'missed'
  /** When it was polled last, milliseconds since the epoch. */
  readonly lastPolledAt: number | undefined
  /** When it may be this instance's turn, or what is to be removed is tried again. */
  readonly turnAt: number | undefined
  /** What is being fetched and published now. */
  readonly syncing: Syncing | undefined
  /** When what an earlier publication left is to be removed; undefined: nothing is known of any. */
  readonly tidyAt: number | undefined
  /** When it is looked for drift again, and which pass that is. */
  readonly verification: { at: number; pass: number } | undefined
}

/** A sync under way. */
export interface Syncing {
  readonly wanted: ResolvedRevision
  /** How far it is at any time. */
  readonly progress: { readonly report: ProgressReport }
  /** Of the key files, as they were read for it. */
  readonly keysStatus?: string
}

/** All that is known of an entry. */
export interface EntryRecords {
  readonly observed: Observed
  readonly desired: Desired
  readonly schedule: Schedule
}

/** No failure counts any more. */
export const SUCCEEDED: Partial<Schedule> = { failures: 0, error: undefined }

/** What is known of an entry that was just listed; all fields are there, as copies are fast then. */
export function newRecords(entry: Entry): EntryRecords {
  return {
    observed: {
      isInspected: false,
      commit: undefined,
      summary: undefined,
      signature: undefined,
      selection: undefined,
      history: undefined,
      news: undefined,
      want: undefined,
      drift: undefined,
      hasContent: false,
      isFromThisRemote: true,
      isAsLabelled: true,
      ignored: new Set(),
      lastPublishedAt: undefined,
      lease: undefined,
      mountPoint: undefined,
      waiting: undefined,
    },
    desired: {
      entry,
      listing: 'listed',
      isLate: false,
      wanted: undefined,
      found: undefined,
      stalled: undefined,
    },
    schedule: {
      failures: 0,
      error: undefined,
      dueAt: undefined,
      isWanted: false,
      joinsAt: Number.POSITIVE_INFINITY,
      announced: undefined,
      webhooks: 'none',
      lastPolledAt: undefined,
      turnAt: undefined,
      syncing: undefined,
      tidyAt: undefined,
      verification: undefined,
    },
  }
}

/** Whether what the remote names is in place, whole, and signed as the listing wants it. */
export function isSynced({
  desired,
  observed,
}: Pick<EntryRecords, 'desired' | 'observed'>): boolean {
  const { wanted } = desired
  if (wanted === undefined || wanted.commit !== observed.commit || observed.drift) return false
  const isSelected = observed.selection === selectionKey(desired.entry.selection)
  const isSame = isSameHistory(observed.history, wantedHistory(desired.entry, wanted))
  return isSelected && isSame && isVerified({ desired, observed })
}

/** Whether the commit in place is signed as the listing wants it. */
export function isVerified({
  desired,
  observed,
}: Pick<EntryRecords, 'desired' | 'observed'>): boolean {
  const { verify } = desired.entry
  return verify === undefined || observed.signature?.policy === verify.id
}

/**
 * Whether what something else changed of the commit in place is to be put right, though another one,
 * or that very one, cannot be published.
 */
function needsRepair({ desired, observed }: EntryRecords): boolean {
  const { commit, drift } = observed
  return desired.stalled !== undefined && commit !== undefined && drift !== undefined
}

/** Whether the remote names what is neither in place, nor on its way there, nor stalled. */
export function needsSync(records: EntryRecords): boolean {
  const { stalled, wanted } = records.desired
  if (wanted === undefined || records.desired.entry.suspend || isSynced(records)) return false
  if (records.schedule.syncing?.wanted.want === wanted.want) return false
  return wanted.want !== stalled?.want || needsRepair(records)
}

/** What every event of an entry carries. */
export function labelsOf({ desired }: Pick<EntryRecords, 'desired'>): EntryLabels {
  const { path: entry, repo, revision } = desired.entry
  return { entry, repo, ref: cutName(desired.wanted?.ref ?? nameOf(revision)) }
}
