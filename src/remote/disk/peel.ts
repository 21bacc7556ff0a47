// What tags point to.
import { SyncError } from '../../base/errors.js'
import { type GitObject, targetOfTag } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import type { ObjectStore } from './object-store.js'
import { ONLY_TAGS } from './whole-object.js'

/** How many tags may point to each other; objects are not verified, so that they may form a circle. */
const MAX_TAGS = 100

/**
 * What a tag finally points to; null where it is no tag, undefined where an object is missing, or is a
 * tag too large to be read: whoever asks for a list wants the others all the same.
 */
export function peel(store: ObjectStore, oid: Oid): Oid | null | undefined {
  let peeled = oid
  for (let tags = 0; tags < MAX_TAGS && store.has(peeled); tags++) {
    const object = readIfNotTooLarge(store, peeled)
    if (!object) return undefined
    if (object.type !== 'tag') return peeled === oid ? null : peeled
    peeled = targetOfTag(object.body)
  }
  return undefined
}

function readIfNotTooLarge(store: ObjectStore, oid: Oid): GitObject | undefined {
  try {
    return store.read(oid, ONLY_TAGS)
  } catch (error) {
    if (error instanceof SyncError && error.code === 'commit-too-large') return undefined
    throw error
  }
}
