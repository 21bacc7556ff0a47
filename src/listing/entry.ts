// One entry of the listing, checked and with every default filled in.
import type { InsteadOf } from '../git/instead-of.js'
import type { RemoteUrl } from '../git/remote-url.js'
import type { Revision } from '../git/revision.js'
import type { HistoryDepth } from '../publish/snapshot/published-history.js'
import type { PublishMode, Target } from '../publish/target.js'
import type { Selection } from '../publish/tree/selection.js'
import type { SignaturePolicy } from '../signature/policy.js'
import type { Hook } from './hook.js'

/** A directory and the revision it is kept equal to. */
export interface Entry {
  /** As written; the entry's name in logs, metrics and /status. */
  path: string
  /** Absolute, normalised, without a trailing slash; the entry's identity on disk. */
  directory: string
  /** As written, without credentials. */
  repo: string
  remote: RemoteUrl
  /** What addresses of submodules stand for. @default themselves */
  insteadOf?: InsteadOf
  revision: Revision
  /** Which part of a commit is published. */
  selection: Selection
  /** How many commits are kept in a repository behind the published files. */
  history: HistoryDepth
  /** The branch that HEAD of it names, by its full name. @default the one that is followed */
  historyBranch?: string
  /** What of that is left to the remote until it is needed, as git's filter-spec has it. @default nothing */
  filter?: string
  /** When objects of it go that nothing leads to. @default where it is worth it */
  gc?: Target['gc']
  publish: PublishMode
  /** Time between polls, in milliseconds. */
  intervalMs: number
  /** Counts towards readiness. */
  required: boolean
  /** Keep what is there, do not poll. */
  suspend: boolean
  /** Also delete files that this service did not write. */
  clean: boolean
  /** The name of a credential; undefined: the one with the longest matching prefix. */
  credential: string | undefined
  /** Holds the worktrees of a link in its `.worktrees`. @default they are beside the link */
  worktreeRoot?: string
  /** Whether what others put in its place is moved aside. @default it is refused */
  movesAside?: boolean
  /** Whether no two worktrees share a file, as readers may write. @default where programs run before */
  ownFiles?: boolean
  /** Whether this instance publishes it in place of the one that it belongs to. @default false */
  byDeputy?: boolean
  /** By which keys its commits must be signed; undefined: they need not be. */
  verify: SignaturePolicy | undefined
  /** What must succeed before a commit is published. */
  before: readonly Hook[]
  /** What is told of a published commit. */
  after: readonly Hook[]
}

/** The settings that entries fall back on. */
export interface ListingDefaults {
  /** Absolute and normalised; undefined: paths may lie anywhere. */
  root: string | undefined
  /** Where all state lives, absolute; undefined: beside what is published. */
  stateDirectory?: string | undefined
  publish: PublishMode
  intervalMs: number
  /** Whether hooks may run programs. @default false */
  runHooks?: boolean
}
