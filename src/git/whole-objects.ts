// Memory for what must be held whole. It is taken as the bytes come: who claims much and sends
// nothing keeps nobody waiting. An object that never fits is refused by what it says of itself.
import { formatBytes } from '../base/bytes.js'
import { SyncError } from '../base/errors.js'
import { corrupt } from './corrupt.js'
import type { ObjectType } from './object.js'

/** The largest commit or tag, in bytes: of honest ones, hardly any takes a thousandth of it. */
const MAX_COMMIT_BYTES = 4 * 1024 * 1024

/** No commit, tag or tree is larger, in bytes. */
const MAX_POSSIBLE_BYTES = 256 * 1024 * 1024

/** How many times the largest object is held at once: a base, a delta, and what they make. */
const HELD_OBJECTS = 3

/** What memory is held for: large objects, the entries of packs, histories, plans, and trees beside them. */
export type Purpose = 'objects' | 'entries' | 'commits' | 'plan' | 'composed' | 'source'

/** What whole objects may take. */
export interface WholeMemory {
  /** The largest tree, and the largest delta of one, in bytes. */
  maxTreeBytes: number
  /** The most that all trees of one commit may take together, in bytes. */
  maxTreesBytes: number
  /**
   * Holds at least so many bytes for a purpose, up to the end of the sync. Waits where another has
   * what it takes; whoever wants more than all there is has all of it alone.
   */
  hold(purpose: Purpose, bytes: number): void
}

/**
 * Makes sure of memory for an object that must be held whole, before it is made. Throws as
 * {@link assertHoldable} does.
 */
export function ensureHoldable(type: ObjectType, size: number, memory: WholeMemory): void {
  assertHoldable(type, size, memory)
  holdObject(type, size, memory)
}

/** Takes memory for what there is of an object that must be held whole, in bytes. */
export function holdObject(type: ObjectType, bytes: number, memory: WholeMemory): void {
  if (type !== 'blob') holdWhole(bytes, memory)
}

/** Takes memory for an object that is held whole whatever its type is, in bytes. */
export function holdWhole(bytes: number, memory: WholeMemory): void {
  memory.hold('objects', HELD_OBJECTS * bytes)
}

/**
 * Looks at what an object claims, for which nothing is taken. Throws `commit-too-large` for one
 * that is larger than any may be, and `pack-corrupt` where git itself would hardly make it: then a
 * bit was flipped.
 */
export function assertHoldable(
  type: ObjectType,
  size: number,
  { maxTreeBytes }: Pick<WholeMemory, 'maxTreeBytes'>,
): void {
  if (type === 'blob') return
  if (size > MAX_POSSIBLE_BYTES) throw corrupt(`claims a ${type} of an impossible size`)
  const isTree = type === 'tree'
  const most = isTree ? maxTreeBytes : MAX_COMMIT_BYTES
  if (size <= most) return
  const advice = isTree
    ? 'raise MEMORY_BUDGET if a directory is meant to have so many files'
    : 'no setting allows more: shorten its message in the repository'
  throw new SyncError(
    'commit-too-large',
    `The repository has a ${type} of more than ${formatBytes(most)}; nothing of this commit is published: ${advice}`,
  )
}
