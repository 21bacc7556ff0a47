// What git's upload-pack does for a shallow fetch: it refuses, or makes a pack.
import { objectFormatOf } from '../../git/oid.js'
import { remoteError } from '../remote-error.js'
import type { FetchRequest } from '../remote-session.js'
import { planFetch } from './fetch-plan.js'
import type { ObjectStore } from './object-store.js'
import { encodeEntries } from './pack-entries.js'
import { encodePack } from './pack-writer.js'

/** The pack, in chunks of any size. Throws what a remote does that refuses in git's words. */
export async function* uploadPack(
  store: ObjectStore,
  request: FetchRequest,
): AsyncGenerator<Buffer> {
  const { haves, shallow = [], wants } = request
  const foreign = [...wants, ...haves, ...shallow].find(
    (oid) => objectFormatOf(oid) !== store.objectFormat,
  )
  if (foreign !== undefined) throw remoteError(`upload-pack: not an object id: ${foreign}`)
  const unknown = wants.find((want) => !store.has(want))
  if (unknown !== undefined) throw remoteError(`upload-pack: not our ref ${unknown}`)
  const groups = planFetch(store, request)
  const count = groups.reduce((sum, { length }) => sum + length, 0)
  yield* encodePack(count, encodeEntries(store, groups), store.objectFormat)
}
