// The answers of upload-pack, as a git server gives them in protocol v2.
// https://git-scm.com/docs/protocol-v2
import { targetOfTag } from '../../git/object.js'
import type { ObjectFormat, Oid } from '../../git/oid.js'
import { DELIM, encodePkt, FLUSH, MAX_PKT_BYTES } from '../../git/pkt-line.js'
import { planFetch } from './fetch-plan.js'
import type { ObjectStore } from './object-store.js'
import { encodePack } from './pack-writer.js'
import type { LocalRef } from './refs.js'
import type { FetchRequest, LsRefsRequest } from './upload-pack-request.js'

const CAPABILITIES = ['version 2', 'agent=git-autosync', 'ls-refs=unborn', 'fetch=shallow']
const PACK_BAND = 1
const LENGTH_BYTES = 4

/** The answer to `GET info/refs`. */
export function encodeAdvertisement(format: ObjectFormat): Buffer {
  const lines = [...CAPABILITIES, `object-format=${format}`]
  return Buffer.concat([...lines.map((line) => encodePkt(`${line}\n`)), FLUSH])
}

/** An answer that refuses the request. */
export function encodeRefusal(words: string): Buffer {
  return encodePkt(`ERR upload-pack: ${words}`)
}

/** The answer to ls-refs; the refs know what they peel to. */
export function encodeRefs(refs: readonly LocalRef[], request: LsRefsRequest): Buffer {
  const lines = refs.flatMap(({ name, oid, target, peeled }) => {
    if (oid === undefined && !request.unborn) return []
    const symref = target !== undefined && (request.symrefs || oid === undefined)
    const attributes = [
      ...(symref ? [` symref-target:${target}`] : []),
      ...(peeled && request.peel ? [` peeled:${peeled}`] : []),
    ]
    return [encodePkt(`${oid ?? 'unborn'} ${name}${attributes.join('')}\n`)]
  })
  return Buffer.concat([...lines, FLUSH])
}

/** The answer to fetch, with a pack of depth 1. */
export async function* encodeFetch(
  store: ObjectStore,
  { wants, haves }: FetchRequest,
): AsyncGenerator<Buffer> {
  const unknown = wants.find((want) => !store.has(want))
  if (unknown !== undefined) {
    yield encodeRefusal(`not our ref ${unknown}`)
    return
  }
  const { oids, shallow } = planFetch(store, wants, haves)
  yield Buffer.concat([
    encodePkt('shallow-info\n'),
    ...shallow.map((oid) => encodePkt(`shallow ${oid}\n`)),
    DELIM,
    encodePkt('packfile\n'),
  ])
  const pack = encodePack(oids.length, encodeEntries(store, oids), store.objectFormat)
  yield* encodePackBand(pack)
  yield FLUSH
}

/** What a tag finally points to; null where it is no tag, undefined where an object is missing. */
export function peel(store: ObjectStore, oid: Oid): Oid | null | undefined {
  for (let peeled = oid; store.has(peeled); ) {
    const { type, body } = store.read(peeled)
    if (type !== 'tag') return peeled === oid ? null : peeled
    peeled = targetOfTag(body)
  }
  return undefined
}

async function* encodeEntries(store: ObjectStore, oids: readonly Oid[]): AsyncGenerator<Buffer> {
  for (const oid of oids) yield* store.encode(oid)
}

/** Puts a stream into packet lines of the side-band, as long as they may be. */
async function* encodePackBand(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let frame = createFrame()
  let filled = LENGTH_BYTES + 1
  for await (const chunk of chunks) {
    for (let used = 0; used < chunk.length; ) {
      const copied = chunk.copy(frame, filled, used)
      used += copied
      filled += copied
      if (filled < MAX_PKT_BYTES) continue
      yield closeFrame(frame, filled)
      frame = createFrame()
      filled = LENGTH_BYTES + 1
    }
  }
  if (filled > LENGTH_BYTES + 1) yield closeFrame(frame, filled)
}

/** Has a memory of its own, which can be handed to another thread. */
function createFrame(): Buffer {
  const frame = Buffer.allocUnsafeSlow(MAX_PKT_BYTES)
  frame[LENGTH_BYTES] = PACK_BAND
  return frame
}

function closeFrame(frame: Buffer, length: number): Buffer {
  frame.write(length.toString(16).padStart(LENGTH_BYTES, '0'), 0, 'latin1')
  return frame.subarray(0, length)
}
