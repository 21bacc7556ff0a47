// The two ways to publish, a directory in place and a symlink, behind one interface. What a
// publication is given, and what it answers.

import type { CommitSummary } from '../git/commit-summary.js'
import type { Limits } from '../git/limits.js'
import type { LargeBlob, StoredObject } from '../git/object.js'
import type { Oid } from '../git/oid.js'
import type { VerifiedSignature } from '../signature/policy.js'
import type { Depth } from './drift/comparison.js'
import type { FirstPaths, Inspection } from './drift/inspection.js'
import type { LfsFile } from './drift/lfs-files.js'
import type { HistoryLayout } from './history/layout.js'
import type { LeaseFiles } from './lease/claim.js'
import type { TreeOrigin } from './snapshot/origin.js'
import type { PublishedHistory } from './snapshot/published-history.js'
import type { PublishedRecord } from './snapshot/store.js'
import type { DirectoryLayout, HeldTarget, RepositoryPlace } from './target.js'
import type { Ignored } from './tree/attribute-plan.js'
import type { OutsideAttributes } from './tree/compose.js'
import type { PlanMemory } from './tree/plan-memory.js'

/** The commit to publish, and its objects. */
export interface CommitSource {
  commit: Oid
  /** Undefined where it is not known. */
  summary?: CommitSummary | undefined
  /** Undefined where it was not verified. */
  signature?: VerifiedSignature | undefined
  tree: Oid
  /** Whether a tree is there: while a pack arrives, not all are. */
  hasTree(oid: Oid): boolean
  readTree(oid: Oid): Buffer
  readBlob(oid: Oid): StoredObject
  /** The history that is kept with it; its objects are in the repository already. @default none */
  history?: PublishedHistory | undefined
  /** What the tree was composed of; undefined where it is the commit's own. */
  origin?: TreeOrigin | undefined
  /** The attributes that count for it, and are not in it. @default none */
  outside?: readonly OutsideAttributes[] | undefined
  /** What the commit may take at most. @default no limits */
  limits?: Limits
  /** What stands in the place of a pointer of Git LFS, by its path, as {@link Publication.lfsFiles} has it. */
  lfsObject?: (path: string) => LargeBlob | undefined
  /** Told of each file that is written. */
  onWritten?: () => void
  /** For its plan. @default unbounded */
  memory?: PlanMemory
}

/** What readers see of a target. */
export interface ShownContent {
  /** The commit that is shown, where this service published that. */
  commit: Oid | undefined
  /** Whether any of it is to be seen. */
  hasContent: boolean
  /** Whether git can work in its repository. */
  hasRepository: boolean
  /** Whether it is there as a publication leaves it, but for what its files hold. */
  isWhole: boolean
  /** The names of what lies beside it, and is not needed any more. */
  outOfUse: string[]
}

/** What became of a publication. */
export interface Published {
  filesWritten: number
  filesDeleted: number
  /** What attributes ask for and was not done; absent where all was. */
  ignored?: readonly Ignored[]
  /** What was removed beside the commit; absent where nothing was. */
  foreign?: FirstPaths | undefined
}

/** What is about to be put in place. */
export interface Ready {
  /** What is written and what is deleted, as people read it. */
  changed: FirstPaths
  /** Where the new worktree stands whole, of a symlink that is to lead there. */
  worktree?: string
}

/** So many changed paths are named. */
export const MAX_CHANGED_PATHS = 1000

/** A publication under way; until it is finished, nothing that is published is touched. */
export interface Publication {
  /**
   * Hands over an object as soon as it is there, so that files can be staged. Returns whether
   * {@link Publication.find} has it from then on, up to {@link Publication.ready}.
   */
  offer(oid: Oid, object: StoredObject): boolean
  /** A blob that was staged; undefined where its file was changed since. */
  find(oid: Oid): StoredObject | undefined
  /** The blobs that are not staged yet, and those that it takes to know how files are converted. */
  pending(): Iterable<Oid>
  /**
   * The files that are to hold what a pointer of Git LFS stands for, once all blobs are there; of one
   * that is in place already, its object.
   */
  lfsFiles(): Iterable<{ file: LfsFile; object: LargeBlob | undefined }>
  /** Stages what is left; after that, all that is lacking is to put it in place. */
  ready(): Ready
  /** Puts everything in place; stages what is left, where that was not done. */
  finish(): Published
  /** Where the repository is behind what is published, if it has one. */
  repository(): RepositoryPlace | undefined
  /** Gives up: removes what was staged, unless putting it in place has begun. */
  abandon(): void
}

/** How far a target is tidied. */
export interface TidyOptions {
  /** How long an earlier worktree stays, in milliseconds. */
  graceMs: number
  /** Milliseconds since the epoch. */
  now: number
  /** Throws when the work is to be given up. */
  checkpoint: () => void
}

/** Which commit is to be published, and what it is composed of. */
export type NextCommit = Pick<CommitSource, 'commit' | 'origin'>

/** Where the next commit grows: nothing is half done there, and what is in place is known. */
export interface StartingPoint {
  /** Starts to publish that commit. */
  begin(source: CommitSource, checkpoint: () => void): Publication
}

/** One way to publish. Each call may throw what the file system says. */
export interface Publisher {
  /**
   * Completes what was interrupted where the next commit is to grow, and finds what is there; `base` is
   * what {@link Publisher.base} returned, if it was called. Throws `path-blocked` where what stands at
   * the published path is not to be replaced.
   */
  open(
    target: HeldTarget,
    next: NextCommit,
    checkpoint: () => void,
    base: PublishedRecord | undefined,
  ): StartingPoint
  /** Where what is published now would be; undefined where nothing is, or in the other way. */
  current(target: HeldTarget): DirectoryLayout | undefined
  /** What is in the directory that the next commit's grows from, given what is published now. */
  base(target: HeldTarget, current: PublishedRecord): PublishedRecord | undefined
  /** Completes what was interrupted, and looks at what is in place. */
  inspect(target: HeldTarget, depth: Depth): Inspection
  /** Removes what is not needed any more; the milliseconds until there is more to do, if any. */
  tidy(target: HeldTarget, options: TidyOptions): number | undefined
  /** What readers see, by a few small reads; changes nothing. */
  look(target: HeldTarget, options: Pick<TidyOptions, 'graceMs' | 'now'>): ShownContent
  /** Where the lease is, and where it could be of an instance that publishes in the other way. */
  leaseFiles(target: HeldTarget): LeaseFiles
  /** Where the repository is of what is published next, if it has one. */
  history(target: HeldTarget): HistoryLayout
  /** Where files are that are needed while a pack is received. */
  incomingDirectory(target: HeldTarget): string
}
