// What tags point to.
import { targetOfTag } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import type { ObjectStore } from './object-store.js'
import { ONLY_TAGS } from './whole-object.js'

/** How many tags may point to each other; objects are not verified, so that they may form a circle. */
const MAX_TAGS = 100

/** What a tag finally points to; null where it is no tag, undefined where an object is missing. */
export function peel(store: ObjectStore, oid: Oid): Oid | null | undefined {
  let peeled = oid
  for (let tags = 0; tags < MAX_TAGS && store.has(peeled); tags++) {
    const { type, body } = store.read(peeled, ONLY_TAGS)
    if (type !== 'tag') return peeled === oid ? null : peeled
    peeled = targetOfTag(body)
  }
  return undefined
}
