// A conversation with one remote with one set of credentials, however it is reached.
import type { Oid } from '../git/oid.js'
import type { MemoryPart } from '../thread/memory-budget.js'

/** What is asked of a remote. Faults are SyncErrors; an aborted signal's reason comes first. */
export interface RemoteSession {
  /**
   * The refs that start with any of `prefixes`. Where somebody waits for them who has memory himself,
   * `waiting`, they wait for none that he has: they are too large then, if there is no more.
   */
  listRefs(
    prefixes: readonly string[],
    signal: AbortSignal,
    waiting?: MemoryPart,
  ): Promise<RemoteRef[]>
  /** Has ready what a fetch takes, as one follows soon. @default nothing takes long */
  prepareFetch?(): void
  /** Starts a fetch; the pack's bytes come as they arrive. */
  fetch(request: FetchRequest, signal: AbortSignal): Promise<FetchedPack>
  /**
   * Whether the remote has a commit that it did not send by its id; `tip` is what one of its refs
   * names.
   */
  hasCommit(commit: Oid, tip: Oid, signal: AbortSignal): Promise<boolean>
}

/** One ref as a remote names it. */
export interface RemoteRef {
  /** Full name, for instance `refs/heads/main` or `HEAD`. */
  name: string
  /** What the ref holds: a commit, or the tag object of an annotated tag. */
  oid: Oid
  /** What an annotated tag finally points to. */
  peeled: Oid | undefined
  /** The ref a symbolic ref points to. */
  target: string | undefined
}

/** All that a fetch may bring. */
export const WHOLE_DEPTH = 0x7fffffff

/** A shallow fetch. */
export interface FetchRequest {
  /**
   * Leaves the blobs out, but for those that are wanted by their oid. A remote that cannot sends
   * everything, whatever is here already. @default false
   */
  withoutBlobs?: boolean
  wants: readonly Oid[]
  /** Commits whose trees are here already; the pack may leave those objects out. */
  haves: readonly Oid[]
  /** Whether deltas may be made against objects of the haves. */
  thinPack: boolean
  /** How many commits come of each want: {@link WHOLE_DEPTH} for all. @default 1 */
  depth?: number | undefined
  /** The commits here whose parents are not. @default the haves */
  shallow?: readonly Oid[] | undefined
  /**
   * Of whom waits for the pack: what this process must hold whole to make it is of that.
   * @default memory of its own
   */
  memory?: MemoryPart | undefined
}

/** A pack on its way. */
export interface FetchedPack {
  chunks: AsyncIterable<Buffer>
}
