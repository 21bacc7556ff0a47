// What git's upload-pack does for a shallow fetch: it refuses, or makes a pack.
import { objectFormatOf } from '../../git/oid.js'
import type { WholeMemory } from '../../git/whole-objects.js'
import { remoteError } from '../remote-error.js'
import type { FetchRequest } from '../remote-session.js'
import { planFetch } from './fetch-plan.js'
import type { ObjectStore } from './object-store.js'
import { type EntriesPlan, encodeEntries, planEntries } from './pack-entries.js'
import { encodePack } from './pack-writer.js'

/**
 * What the pack has; `memory` is for what must be known of it. Throws what a remote does that refuses in
 * git's words.
 */
export function planPack(
  store: ObjectStore,
  request: FetchRequest,
  memory: WholeMemory,
): EntriesPlan {
  const { haves, shallow = [], wants } = request
  const foreign = [...wants, ...haves, ...shallow].find(
    (oid) => objectFormatOf(oid) !== store.objectFormat,
  )
  if (foreign !== undefined) throw remoteError(`upload-pack: not an object id: ${foreign}`)
  const unknown = wants.find((want) => !store.has(want))
  if (unknown !== undefined) throw remoteError(`upload-pack: not our ref ${unknown}`)
  return planEntries(store, planFetch(store, request, memory))
}

/** The pack, in chunks of any size. */
export function uploadPack(store: ObjectStore, plan: EntriesPlan): AsyncGenerator<Buffer> {
  return encodePack(plan.count, encodeEntries(store, plan), store.objectFormat)
}
