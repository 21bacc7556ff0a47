// Memory for objects that must be held whole. It is taken before there is any for them, from the
// moment their size is known; what never fits is refused by what it says of itself.
import { formatBytes } from '../base/bytes.js'
import { SyncError } from '../base/errors.js'
import { corrupt } from './corrupt.js'
import type { ObjectType } from './object.js'

/** The largest commit or tag, in bytes: of honest ones, hardly any takes a thousandth of it. */
const MAX_COMMIT_BYTES = 4 * 1024 * 1024

/** No commit, tag or tree is larger, in bytes. */
const MAX_POSSIBLE_BYTES = 256 * 1024 * 1024

/** Below this size, in bytes, an object that is held only while it is looked at is not counted. */
const MIN_COUNTED_BYTES = 256 * 1024

/** What whole objects may take. */
export interface WholeMemory {
  /** The largest tree, and the largest delta of one, in bytes. */
  maxTreeBytes: number
  /** Takes memory, and waits for it where it must. Throws where it never comes. */
  take(bytes: number): void
  give(bytes: number): void
}

/**
 * Throws `commit-too-large` for an object that is larger than any that is held whole, and
 * `pack-corrupt` where git itself would hardly make it: then a bit was flipped.
 */
export function assertHoldable(type: ObjectType, size: number, memory: WholeMemory): void {
  if (type === 'blob') return
  if (size > MAX_POSSIBLE_BYTES) throw corrupt(`claims a ${type} of an impossible size`)
  const isTree = type === 'tree'
  if (size <= (isTree ? memory.maxTreeBytes : MAX_COMMIT_BYTES)) return
  const [most, advice] = isTree
    ? [memory.maxTreeBytes, 'raise MEMORY_BUDGET if a directory is meant to have so many files']
    : [MAX_COMMIT_BYTES, 'no setting allows more: shorten its message in the repository']
  throw new SyncError(
    'commit-too-large',
    `The received pack has a ${type} of more than ${formatBytes(most)}; nothing of this commit is published: ${advice}`,
  )
}

/** Does work that holds so many bytes while it lasts. */
export function holding<T>(bytes: number, memory: WholeMemory, work: () => T): T {
  if (bytes < MIN_COUNTED_BYTES) return work()
  memory.take(bytes)
  try {
    return work()
  } finally {
    memory.give(bytes)
  }
}
