// What tags point to.
import { targetOfTag } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import type { ObjectStore } from './object-store.js'

/** What a tag finally points to; null where it is no tag, undefined where an object is missing. */
export function peel(store: ObjectStore, oid: Oid): Oid | null | undefined {
  for (let peeled = oid; store.has(peeled); ) {
    const { type, body } = store.read(peeled)
    if (type !== 'tag') return peeled === oid ? null : peeled
    peeled = targetOfTag(body)
  }
  return undefined
}
