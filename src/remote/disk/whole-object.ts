// What of a repository on disk may be held whole, and whose content is read at all.

import { corrupt } from '../../git/corrupt.js'
import type { GitObject, ObjectType } from '../../git/object.js'
import { ensureHoldable, holdWhole, type WholeMemory } from '../../git/whole-objects.js'
import { expectGarbage } from '../../thread/garbage.js'

/** More than git itself makes a delta of (core.bigFileThreshold), in bytes. */
export const MAX_WHOLE_BYTES = 512 * 1024 * 1024

/** A delta that is sent is made whole where nothing that it builds on is larger, in bytes. */
export const MAX_MADE_WHOLE_BYTES = 8 * 1024 * 1024

/** A commit, tag or tree that is larger is never read, in bytes: a tree of a million names is not. */
const MAX_NAMES_BYTES = 64 * 1024 * 1024

/** The types whose content somebody wants: of an object of another one, only the type is read. */
export type WantedTypes = ReadonlySet<ObjectType>

export const ALL_TYPES: WantedTypes = new Set(['commit', 'tree', 'blob', 'tag'])
/** Those that name other objects. */
export const NAMING_TYPES: WantedTypes = new Set(['commit', 'tree', 'tag'])
export const ONLY_COMMITS: WantedTypes = new Set(['commit'])
export const ONLY_TAGS: WantedTypes = new Set(['tag'])

/** What stands for an object whose content nobody wants. */
export function withoutContent(type: ObjectType): GitObject {
  return { type, body: Buffer.alloc(0) }
}

/** Makes sure that an object may be held whole, before it is made; its size in bytes. Throws where it may not. */
export type EnsureHoldable = (type: ObjectType, size: number) => void

/** For what no remote chose: as much as git itself may have made. Throws `pack-corrupt`. */
export const ensureReasonable: EnsureHoldable = (type, size) => {
  const most = type === 'blob' ? MAX_WHOLE_BYTES : MAX_NAMES_BYTES
  if (size > most) throw corrupt(`claims a ${type} too large to be held whole`)
}

/** Objects from this size on leave garbage that is much, in bytes. */
const LARGE_BYTES = 1 << 20

/** For what a remote chose: as much as there is memory. Throws `commit-too-large`, or `pack-corrupt`. */
export function ensureWithin(memory: WholeMemory): EnsureHoldable {
  return (type, size) => {
    if (size >= LARGE_BYTES) expectGarbage(size)
    if (type !== 'blob') return ensureHoldable(type, size, memory)
    // A larger one goes as it is, with what it builds on, but where that is in no pack that has both.
    if (size > MAX_MADE_WHOLE_BYTES) throw corrupt('has a large delta of an object elsewhere')
    holdWhole(size, memory)
  }
}
