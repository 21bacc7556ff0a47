// What is asked before a commit is put in place, once all of it is verified and staged.
import type { NewCommit } from '../publish/history/walk.js'
import type { CommitSource, Publication, Ready } from '../publish/publisher.js'
import { hasReserve, type MemoryPart } from '../thread/memory-budget.js'

/** A commit that was received; its summary is not always known of one that was put right. */
export type UnpackedCommit = Pick<CommitSource, 'commit' | 'summary' | 'signature'>

/** A commit that is verified and staged whole. */
export interface ReadyCommit extends Ready, UnpackedCommit {
  /** Where history is kept: the commits since the one that was published before, the last of them first. */
  news?: readonly NewCommit[] | undefined
  /** Whether it holds memory that others need: then it must not wait for them. */
  hasReserve: boolean
}

export interface GateOptions {
  /** Asked before anything changes that readers see: where it rejects, nothing does. @default all may */
  allow?: (ready: ReadyCommit) => Promise<void>
  /** For what must be held whole. */
  memory: MemoryPart
  /** Throws when the work is to be given up. */
  checkpoint: () => void
}

/** Resolves where the commit may be put in place. */
export async function assertAllowed(
  publication: Pick<Publication, 'ready'>,
  commit: UnpackedCommit & Pick<ReadyCommit, 'news'>,
  { allow, checkpoint, memory }: GateOptions,
): Promise<void> {
  if (!allow) return
  await allow({ ...commit, ...publication.ready(), hasReserve: hasReserve(memory) })
  // It may have taken a while.
  checkpoint()
}
