// Packs that no git makes. Each must end in a SyncError, or in objects whose
// bytes match their oids; never in another error, in a hang, or in much memory.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { createDeflate, deflateSync } from 'node:zlib'
import { SyncError } from '../../src/base/errors.js'
import { hashObject } from '../../src/git/object.js'
import { failsWith } from '../helpers/fails-with.js'
import fc from '../helpers/fast-check.js'
import {
  appendDelta,
  assemblePack,
  blob,
  bodyOf,
  copy,
  encodeDelta,
  encodeHeader,
  insert,
  type PackEntry,
  type ReadOptions,
  readPack,
  withTrailer,
} from '../helpers/packs.js'

const base = blob('the base of it all')
const byOffset = blob('the base of it all, by offset')
const byName = blob('the base of it all, by name')
const OBJECTS = [base, byOffset, byName]
const ENTRIES: PackEntry[] = [
  base,
  { base: { entry: 0 }, delta: appendDelta(base.body, ', by offset') },
  { base: base.oid, delta: appendDelta(base.body, ', by name') },
]
const SOUND = assemblePack(ENTRIES)

const corrupt = (words = /./) => failsWith('pack-corrupt', words)
const OBJECT_COUNT_AT = 8
const CHUNKS: ReadOptions[] = [{}, { chunkBytes: 1 }]

/** Reads a pack that may be damaged: what it yields must be what was asked for. */
async function readWhatIsThere(
  bytes: Buffer,
  options: ReadOptions = {},
): Promise<'damaged' | 'sound'> {
  try {
    const pack = await readPack(bytes, { cacheBytes: 0, ...options })
    for (const { oid } of OBJECTS) {
      if (!pack.has(oid)) continue
      const object = pack.read(oid)
      assert.equal(hashObject(object.type, bodyOf(object), 'sha1'), oid)
    }
    return 'sound'
  } catch (error) {
    if (!(error instanceof SyncError)) throw error
    const codes = ['pack-corrupt', 'base-missing', 'commit-too-large']
    assert.ok(codes.includes(error.code), error.code)
    return 'damaged'
  }
}

test('a sound pack is sound', async () => {
  assert.equal(await readWhatIsThere(SOUND), 'sound')
})

test('a pack that is cut anywhere is damaged', async () => {
  for (let length = 0; length < SOUND.length; length++) {
    for (const options of CHUNKS) {
      await assert.rejects(readPack(SOUND.subarray(0, length), options), corrupt())
    }
  }
})

test('a pack that goes on is damaged', async () => {
  for (const more of [Buffer.from('x'), Buffer.alloc(20), SOUND]) {
    for (const options of CHUNKS) {
      await assert.rejects(readPack(Buffer.concat([SOUND, more]), options), corrupt(/goes on/))
    }
  }
})

test('any flipped bit is found', async () => {
  for (let bit = 0; bit < SOUND.length * 8; bit++) {
    assert.equal(await readWhatIsThere(flip(SOUND, bit)), 'damaged', `bit ${bit}`)
  }
})

test('any flipped bit with a checksum to match yields no wrong object', async () => {
  const content = SOUND.subarray(0, -20)
  for (let bit = 0; bit < content.length * 8; bit++) {
    await readWhatIsThere(withTrailer(flip(content, bit)))
  }
})

test('a wrong trailer is found', async () => {
  const bytes = Buffer.from(SOUND)
  bytes.fill(7, bytes.length - 20)
  for (const options of CHUNKS) {
    await assert.rejects(readPack(bytes, options), corrupt(/does not match its checksum/))
  }
})

test('a wrong count is found', async () => {
  for (const count of [0, 1, 2]) {
    await assert.rejects(readPack(assemblePack(ENTRIES, { count })), corrupt(/goes on/))
  }
  for (const count of [4, 5, 2 ** 31, 2 ** 32 - 1]) {
    for (const options of CHUNKS) {
      await assert.rejects(readPack(assemblePack(ENTRIES, { count }), options), corrupt())
    }
  }
  const bytes = Buffer.from(SOUND)
  bytes.writeUInt32BE(2, OBJECT_COUNT_AT)
  await assert.rejects(readPack(bytes), corrupt())
})

test('what is no pack is refused at its first bytes', async () => {
  await assert.rejects(readPack(Buffer.from('<html><body>')), corrupt(/start with PACK/))
  for (const version of [0, 1, 4, 2 ** 32 - 1]) {
    await assert.rejects(readPack(assemblePack(ENTRIES, { version })), corrupt(/version/))
  }
})

test('unknown types are refused', async () => {
  for (const type of [0, 5]) {
    const raw = Buffer.concat([encodeHeader(type, 1), deflateSync(Buffer.from('x'))])
    await assert.rejects(readPack(assemblePack([{ raw }])), corrupt(new RegExp(`type ${type};`)))
  }
})

test('sizes that lie are found', async () => {
  const deflated = deflateSync(base.body)
  const { length } = base.body
  const sizes = [0, 1, length - 1, length + 1, 4096, 2 ** 20, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 52]
  for (const size of sizes) {
    for (const options of CHUNKS) {
      const raw = Buffer.concat([encodeHeader(3, size), deflated])
      await assert.rejects(readPack(assemblePack([{ raw }, base]), options), corrupt(), `${size}`)
    }
  }
  const empty = Buffer.concat([encodeHeader(3, 0), deflateSync(Buffer.from('x'))])
  await assert.rejects(readPack(assemblePack([{ raw: empty }])), corrupt(/size/))
})

test('sizes beyond any number are refused', async () => {
  for (const digit of [0x80, 0xff]) {
    for (const digits of [8, 10, 200, 100_000]) {
      const raw = Buffer.concat([
        Buffer.from([0xb0]),
        Buffer.alloc(digits, digit),
        deflateSync('x'),
      ])
      await assert.rejects(readPack(assemblePack([{ raw }])), corrupt(), `${digits} of ${digit}`)
    }
  }
})

test('a zip bomb stops at the size it claims', async () => {
  const bomb = await deflateZeros(256)
  const before = process.resourceUsage().maxRSS
  for (const size of [0, 10, 2 ** 20]) {
    const raw = Buffer.concat([encodeHeader(3, size), bomb])
    await assert.rejects(readPack(assemblePack([{ raw }])), corrupt(/size/))
  }
  const grownKilobytes = process.resourceUsage().maxRSS - before
  assert.ok(grownKilobytes < 32_000, `${grownKilobytes} KB more`)
})

test('a delta that claims much, and makes little, costs no memory', async () => {
  const before = process.resourceUsage().maxRSS
  for (const size of [2 ** 28, 2 ** 31, 2 ** 33, 2 ** 52]) {
    const delta = encodeDelta(base.body.length, size, copy(0, 5), insert(Buffer.from('x')))
    await assert.rejects(readPack(assemblePack([base, { base: base.oid, delta }])), corrupt())
  }
  assert.ok(process.resourceUsage().maxRSS - before < 32_000)
})

test('a delta whose base has another size, or whose sizes are cut, is refused', async () => {
  const { length } = base.body
  const deltas = [
    Buffer.alloc(0),
    Buffer.from([0x80]),
    Buffer.from([length]),
    Buffer.from([length, 0x80]),
    encodeDelta(length - 1, 3, copy(0, 3)),
    encodeDelta(length + 1, 3, copy(0, 3)),
    encodeDelta(length, 3, copy(length - 2, 3)),
    encodeDelta(length, 3, copy(2 ** 32 - 1, 3)),
    Buffer.alloc(5000, 0xff),
  ]
  for (const delta of deltas) {
    const pack = assemblePack([base, { base: { entry: 0 }, delta }])
    await assert.rejects(readPack(pack), corrupt(/delta/), delta.toString('hex'))
  }
})

test('an offset delta must point to the start of an entry before it', async () => {
  const delta = appendDelta(base.body, '!')
  for (const distance of [0, 1, 5, 1000, 2 ** 40]) {
    const pack = assemblePack([base, { base: { distance }, delta }])
    await assert.rejects(readPack(pack), corrupt(/no object/), `${distance}`)
  }
  const far = Buffer.concat([encodeHeader(6, 9), Buffer.alloc(500, 0xff), deflateSync('x')])
  await assert.rejects(readPack(assemblePack([base, { raw: far }])), corrupt(/far away/))
})

test('reference deltas that need themselves, or each other, lack their base', async () => {
  const one = blob('one')
  const two = blob('two')
  const selfMade: PackEntry = { base: one.oid, delta: encodeDelta(3, 3, copy(0, 3)) }
  const cycle: PackEntry[] = [
    { base: two.oid, delta: encodeDelta(3, 3, insert(one.body)) },
    { base: one.oid, delta: encodeDelta(3, 3, insert(two.body)) },
    { base: { entry: 0 }, delta: encodeDelta(3, 3, insert(one.body)) },
  ]
  await assert.rejects(readPack(assemblePack([selfMade])), failsWith('base-missing', /1 delta/))
  await assert.rejects(readPack(assemblePack(cycle)), failsWith('base-missing', /3 deltas/))
})

test('any combination of entries ends in a SyncError or in right objects', async () => {
  const bodies = fc.constantFrom('a', 'b', 'ab', 'ba', 'aab')
  const knownOid = bodies.map((text) => blob(text).oid)
  const instruction = fc.oneof(
    fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 3 })).map(([at, length]) => copy(at, length)),
    bodies.map((text) => insert(Buffer.from(text))),
  )
  const delta = fc
    .tuple(fc.nat(3), fc.nat(4), fc.array(instruction, { maxLength: 3 }))
    .map(([baseSize, size, instructions]) => encodeDelta(baseSize, size, ...instructions))
  const soundDelta = fc
    .tuple(bodies, bodies)
    .map(([from, to]) => encodeDelta(from.length, to.length, insert(Buffer.from(to))))
  const deltas = fc.oneof({ weight: 6, arbitrary: soundDelta }, delta)
  const entry: fc.Arbitrary<PackEntry> = fc.oneof(
    bodies.map(blobOf),
    fc.record({ base: knownOid, delta: deltas }),
    fc.record({ base: fc.record({ entry: fc.nat(3) }), delta: deltas }),
    fc.record({ base: fc.record({ distance: fc.nat(60) }), delta: deltas }),
  )
  const outside = fc.array(bodies, { maxLength: 2 })
  let sound = 0
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 6 }), outside, async (entries, found) => {
      const written = entries.map((item, index) => backwards(item, index))
      const known = new Map(found.map((text) => [blob(text).oid, blob(text)]))
      const findBase = (oid: string) => known.get(oid)
      const read = await readWhatIsThere(assemblePack(written), { findBase })
      if (read === 'sound') sound++
    }),
    { numRuns: 2000 },
  )
  assert.ok(sound > 100)
})

const blobOf = (text: string): PackEntry => blob(text)

/** Lets a delta build on an earlier entry, and not on one that is not written yet. */
function backwards(entry: PackEntry, index: number): PackEntry {
  if (!('base' in entry) || typeof entry.base === 'string' || 'distance' in entry.base) return entry
  return { ...entry, base: { entry: entry.base.entry % (index + 1) } }
}

function flip(bytes: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(bytes)
  flipped[bit >> 3]! ^= 1 << (bit & 7)
  return flipped
}

/** A zlib stream of many megabytes of zeros, made in little memory. */
async function deflateZeros(megabytes: number): Promise<Buffer> {
  const deflate = createDeflate({ level: 1 })
  const chunks: Buffer[] = []
  deflate.on('data', (chunk: Buffer) => chunks.push(chunk))
  const zeros = Buffer.alloc(1 << 20)
  for (let written = 0; written < megabytes; written++) {
    if (!deflate.write(zeros)) await once(deflate, 'drain')
  }
  deflate.end()
  await once(deflate, 'end')
  return Buffer.concat(chunks)
}
