// What it takes to unpack a commit, and what comes of it.

import type { InsteadOf } from '../git/instead-of.js'
import type { Limits } from '../git/limits.js'
import type { Oid } from '../git/oid.js'
import type { RemoteUrl } from '../git/remote-url.js'
import type { NewCommit } from '../publish/history/walk.js'
import type { Published } from '../publish/publisher.js'
import type { PublishedHistory } from '../publish/snapshot/published-history.js'
import type { Target } from '../publish/target.js'
import type { Selection } from '../publish/tree/selection.js'
import type { FetchRequest } from '../remote/remote-session.js'
import type { SignatureCheck } from '../signature/verify-revision.js'
import type { GateOptions, UnpackedCommit } from './gate.js'
import type { LfsObjectsOptions } from './lfs-objects.js'
import type { WorkProgress } from './progress.js'
import type { SubmodulePlace } from './repositories.js'

export interface UnpackOptions extends GateOptions {
  target: Target
  /** The commit, or the tag that leads to it; `have` is to be put right where it is the same. */
  want: Oid
  /** Which part of the commit is published. @default all */
  selection?: Selection
  /** The history that is to be kept with it, but for where it ends. @default none */
  history?: Omit<PublishedHistory, 'shallow'> | undefined
  /** The published commit that the remote was told of; its objects may be missing in the pack. */
  have: Oid | undefined
  /** By which keys it must be signed. @default it need not be */
  signatureCheck?: SignatureCheck | undefined
  /** How many bytes of the pack, and of its inflated objects, stay in memory. */
  memoryBytes: number
  /** What the commit may take at most. */
  limits: Limits
  /** Where the commit comes from; what the addresses of submodules are relative to. */
  remote?: RemoteUrl | undefined
  /** What addresses of submodules stand for. @default themselves */
  insteadOf?: InsteadOf | undefined
  /** Fetches another pack. @default the first one is to have all that is lacking */
  fetch?: (request: PackRequest) => AsyncIterable<Buffer>
  /** Fetches objects of Git LFS, where the selection wants them. */
  fetchLfs?: LfsObjectsOptions['fetchLfs']
  /** Where it tells how far it is. */
  progress?: WorkProgress | undefined
}

/** A pack beside the first one: blobs of the same remote, or the commit of a submodule. */
export interface PackRequest {
  wants: readonly Oid[]
  haves: readonly Oid[]
  /** Undefined for the same remote. */
  submodule?: SubmodulePlace | undefined
  /** How much history comes of it, and where what is here of it ends. @default none */
  history?: Pick<FetchRequest, 'depth' | 'shallow'> | undefined
  /** Asks for so many commits of each ref of the remote, of which one is the first of `wants`. */
  refsDepth?: number | undefined
}

export interface Unpacked extends Published, UnpackedCommit {
  /** The history that is kept with it; absent where none is. */
  history?: PublishedHistory | undefined
  /** Where it is: the commits since the one that was published before, the last of them first. */
  news?: readonly NewCommit[] | undefined
  /** Pack bytes received. */
  bytes: number
  /** Milliseconds from the end of the pack until it was verified, and from then until published. */
  unpackMs: number
  publishMs: number
}
