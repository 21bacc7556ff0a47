// Real packs taken apart, damaged where it hurts, and put together again with the right
// checksum, so that the damage reaches the deepest layers.
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { decodeEntryHeader, isDelta } from '../../src/git/entry-header.js'
import { inflate } from '../../src/git/inflate.js'
import { encodeDistance, encodeHeader, withTrailer } from '../helpers/packs.js'

const KINDS = [
  'type',
  'size',
  'distance',
  'base',
  'content',
  'content-length',
  'deflated',
  'deflated-length',
  'drop',
  'repeat',
  'swap',
  'count',
  'version',
  'trailer',
  'cut',
] as const

/** One change to a pack; which entry and which byte are meant modulo what there is. */
export interface PackMutation {
  kind: (typeof KINDS)[number]
  entry: number
  at: number
  value: number
}

const INTERESTING = [0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 2 ** 16, 2 ** 24, 2 ** 31, 2 ** 32, 2 ** 40]

/** Some changes to a pack; the fewer the more likely. */
export const packMutations: fc.Arbitrary<PackMutation[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...KINDS),
    entry: fc.nat(10_000),
    at: fc.nat(100_000),
    value: fc.oneof(fc.nat(0xff), fc.constantFrom(...INTERESTING)),
  }),
  { minLength: 1, maxLength: 4, size: 'small' },
)

interface Entry {
  type: number
  size: number
  /** The entry a distance leads to. */
  base: Entry | undefined
  /** Added to that distance. */
  off: number
  /** The oid of a base, in bytes. */
  baseOid: Buffer
  deflated: Buffer
  content: Buffer
}

const TYPES = { commit: 1, tree: 2, blob: 3, tag: 4, 'ofs-delta': 6, 'ref-delta': 7 } as const
const HEADER_BYTES = 12

/** A pack as real git made it, changed. */
export function mutatePack(pack: Buffer, mutations: readonly PackMutation[]): Buffer {
  const entries = takeApart(pack)
  let count = 0
  let version = 2
  let trailer = (bytes: Buffer) => withTrailer(bytes)
  for (const { kind, entry, at, value } of mutations) {
    const index = entry % Math.max(entries.length, 1)
    const chosen = entries[index]
    if (!chosen) continue
    switch (kind) {
      case 'type':
        chosen.type = value % 8
        break
      case 'size':
        chosen.size = at % 2 ? value : Math.max(0, chosen.size + (value % 5) - 2)
        break
      case 'distance':
        if (at % 2) chosen.base = entries[value % entries.length]
        else chosen.off += (value % 7) - 3
        break
      case 'base':
        if (at % 2) chosen.baseOid = changed(chosen.baseOid, at, value)
        else chosen.baseOid = entries[value % entries.length]?.baseOid ?? chosen.baseOid
        break
      case 'content':
        chosen.content = changed(chosen.content, at % 3 ? at % 12 : at, value)
        chosen.deflated = deflateSync(chosen.content)
        break
      case 'content-length':
        chosen.content = resized(chosen.content, at, value)
        chosen.deflated = deflateSync(chosen.content)
        if (value % 2) chosen.size = chosen.content.length
        break
      case 'deflated':
        chosen.deflated = changed(chosen.deflated, at, value)
        break
      case 'deflated-length':
        chosen.deflated = resized(chosen.deflated, at, value)
        break
      case 'drop':
        entries.splice(index, 1)
        break
      case 'repeat':
        entries.splice(at % (entries.length + 1), 0, { ...chosen })
        break
      case 'swap':
        entries.splice(at % entries.length, 0, ...entries.splice(index, 1))
        break
      case 'count':
        count += at % 2 ? value : (value % 5) - 2
        break
      case 'version':
        version = value
        break
      case 'trailer':
        trailer = (bytes) => changed(withTrailer(bytes), bytes.length + (at % 20), value)
        break
      case 'cut':
        trailer = (bytes) => {
          const whole = withTrailer(bytes)
          return at % 2 ? whole.subarray(0, at % whole.length) : withTrailer(bytes.subarray(0, at))
        }
    }
  }
  return trailer(putTogether(entries, entries.length + count, version))
}

function takeApart(pack: Buffer): Entry[] {
  const entries: Entry[] = []
  const startingAt = new Map<number, Entry>()
  for (let offset = HEADER_BYTES; offset < pack.length - 20; ) {
    const header = decodeEntryHeader(pack, offset, 'sha1')
    const inflated = header && inflate(pack.subarray(header.end), header.size)
    if (!inflated) throw new Error('a pack of real git cannot be read')
    const { kind, size, end } = header
    const next = end + inflated.deflatedBytes
    const entry: Entry = {
      type: TYPES[kind.type],
      size,
      base: kind.type === 'ofs-delta' ? startingAt.get(offset - kind.distance) : undefined,
      off: 0,
      baseOid: isDelta(kind) && 'base' in kind ? Buffer.from(kind.base, 'hex') : Buffer.alloc(20),
      deflated: pack.subarray(end, next),
      content: inflated.body,
    }
    startingAt.set(offset, entry)
    entries.push(entry)
    offset = next
  }
  return entries
}

function putTogether(entries: readonly Entry[], count: number, version: number): Buffer {
  const header = Buffer.from('PACK\0\0\0\0\0\0\0\0')
  header.writeUInt32BE(version % 2 ** 32, 4)
  header.writeUInt32BE(Math.max(0, count) % 2 ** 32, 8)
  const parts: Buffer[] = [header]
  const offsets = new Map<Entry, number>()
  let offset = header.length
  for (const entry of entries) {
    offsets.set(entry, offset)
    const bytes = Buffer.concat([encodeStart(entry, offset, offsets), entry.deflated])
    parts.push(bytes)
    offset += bytes.length
  }
  return Buffer.concat(parts)
}

function encodeStart(entry: Entry, offset: number, offsets: ReadonlyMap<Entry, number>): Buffer {
  const { type, size, base, off, baseOid } = entry
  const header = encodeHeader(type, size)
  if (type === TYPES['ref-delta']) return Buffer.concat([header, baseOid])
  if (type !== TYPES['ofs-delta']) return header
  const distance = offset - ((base && offsets.get(base)) ?? 0) + off
  return Buffer.concat([header, encodeDistance(Math.max(0, distance))])
}

function changed(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes)
  if (copy.length > 0) copy[at % copy.length] = value % 256
  return copy
}

/** Shorter by some bytes, or longer. */
function resized(bytes: Buffer, at: number, value: number): Buffer {
  if (at % 2) return bytes.subarray(0, at % (bytes.length + 1))
  return Buffer.concat([bytes, Buffer.alloc(value % 300, at)])
}
