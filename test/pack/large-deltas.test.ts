// Deltas where the base, the result or the delta itself is too large for memory.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import {
  type GitObject,
  hashObject,
  type LargeBlob,
  type ObjectType,
} from '../../src/git/object.js'
import { failsWith } from '../helpers/fails-with.js'
import fc from '../helpers/fast-check.js'
import { fileAt } from '../helpers/file-at.js'
import { tempDir } from '../helpers/git.js'
import { cpuMsOf } from '../helpers/growth.js'
import {
  assemblePack,
  bodyOf,
  copy,
  encodeDelta,
  insert,
  type PackEntry,
  type PackOptions,
} from '../helpers/packs.js'
import { IS_WHOLE } from '../helpers/seed.js'
import { createSpillRead } from '../helpers/spilled-packs.js'

type Named = GitObject & { oid: string }

const LARGE_BYTES = 1000
const CHUNK_SIZES = [[1_000_000], [3, 500, 1]]

function object(body: Buffer, type: ObjectType = 'blob'): Named {
  return { type, body, oid: hashObject(type, body, 'sha1') }
}

/** A delta that inserts all of its result. */
function insertAll(base: Buffer, target: Buffer): Buffer {
  const steps: Buffer[] = []
  for (let start = 0; start < target.length; start += 127) {
    steps.push(insert(target.subarray(start, start + 127)))
  }
  return encodeDelta(base.length, target.length, ...steps)
}

/** A delta that copies the end and the start of its base. */
function turnAround(base: Buffer): { delta: Buffer; target: Buffer } {
  const middle = base.length >> 1
  const target = Buffer.concat([base.subarray(middle), base.subarray(0, middle)])
  const steps = [copy(middle, base.length - middle), copy(0, middle)]
  return { delta: encodeDelta(base.length, target.length, ...steps), target }
}

/** A delta that copies only the first bytes of its base. */
function shorten(base: Buffer, length: number): { delta: Buffer; target: Buffer } {
  const target = base.subarray(0, length)
  return { delta: encodeDelta(base.length, length, copy(0, length)), target }
}

const largeBody = randomBytes(5000)
const smallBody = randomBytes(300)
const largeFromSmall = randomBytes(4000)
const smallFromInserts = randomBytes(999)

interface Case {
  base: Buffer
  delta: Buffer
  target: Buffer
}

const CASES: Record<string, Case> = {
  'a large base and result': { base: largeBody, ...turnAround(largeBody) },
  'only a large base': { base: largeBody, ...shorten(largeBody, 100) },
  'a large result and delta': {
    base: smallBody,
    delta: insertAll(smallBody, largeFromSmall),
    target: largeFromSmall,
  },
  'only a large delta': {
    base: smallBody,
    delta: insertAll(smallBody, smallFromInserts),
    target: smallFromInserts,
  },
  'all of them large': {
    base: largeBody,
    delta: insertAll(largeBody, largeFromSmall),
    target: largeFromSmall,
  },
  'a result that grows by copies': {
    base: smallBody,
    delta: encodeDelta(300, 1200, ...Array.from({ length: 4 }, () => copy(0, 300))),
    target: Buffer.concat([smallBody, smallBody, smallBody, smallBody]),
  },
  'an empty result': { base: largeBody, delta: encodeDelta(5000, 0), target: Buffer.alloc(0) },
}

for (const [kind, { base, delta, target }] of Object.entries(CASES)) {
  for (const type of ['blob', 'tree'] as const) {
    test(`a delta with ${kind}, of a ${type}`, async (t) => {
      const from = object(base, type)
      const to = object(target, type)
      const more = object(Buffer.concat([target, Buffer.from('more')]), type)
      const moreDelta = encodeDelta(
        target.length,
        more.body.length,
        ...(target.length > 0 ? [copy(0, target.length)] : []),
        insert(Buffer.from('more')),
      )
      const packs: Record<string, PackEntry[]> = {
        'by offset': [from, { base: { entry: 0 }, delta }],
        'by name': [from, { base: from.oid, delta }],
        'before its base': [{ base: from.oid, delta }, from],
        'in a chain': [
          from,
          { base: { entry: 0 }, delta },
          { base: { entry: 1 }, delta: moreDelta },
        ],
        'in a chain, last first': [
          { base: to.oid, delta: moreDelta },
          { base: from.oid, delta },
          from,
        ],
      }
      const read = createSpillRead(t)
      for (const [place, entries] of Object.entries(packs)) {
        for (const chunkSizes of CHUNK_SIZES) {
          await read(assemblePack(entries), { chunkSizes, cacheBytes: 0 }, (pack) => {
            for (const { oid, body } of entries.length > 2 ? [from, to, more] : [from, to]) {
              const found = pack.read(oid)
              assert.equal(found.type, type)
              assert.ok(bodyOf(found).equals(body), place)
              assert.equal('file' in found, type === 'blob' && body.length >= LARGE_BYTES)
            }
          })
        }
      }
    })
  }
}

for (const objectFormat of ['sha1', 'sha256'] as const) {
  test(`a large blob outside the pack is a base (${objectFormat})`, async (t) => {
    const read = createSpillRead(t)
    const file = path.join(tempDir(t), 'outside')
    writeFileSync(file, largeBody)
    const named = (body: Buffer) => hashObject('blob', body, objectFormat)
    const outside: LargeBlob = {
      type: 'blob',
      oid: named(largeBody),
      file: fileAt(file),
      size: largeBody.length,
      isTemporary: false,
    }
    const turned = turnAround(largeBody)
    const shortened = shorten(turned.target, 20)
    const replaced = insertAll(largeBody, largeFromSmall)
    const entries: PackEntry[] = [
      { base: outside.oid, delta: turned.delta },
      { base: { entry: 0 }, delta: shortened.delta },
      { base: outside.oid, delta: replaced },
    ]
    const options: PackOptions = { format: objectFormat }
    for (const chunkSizes of CHUNK_SIZES) {
      const findBase = (oid: string) => (oid === outside.oid ? outside : undefined)
      const bytes = assemblePack(entries, options)
      await read(bytes, { chunkSizes, findBase, objectFormat, cacheBytes: 0 }, (pack) => {
        for (const body of [turned.target, shortened.target, largeFromSmall]) {
          assert.ok(bodyOf(pack.read(named(body))).equals(body))
        }
        assert.equal(pack.has(outside.oid), false)
      })
    }
  })
}

test('deltas that do not fit are refused, and leave no file open', async (t) => {
  const read = createSpillRead(t)
  const { delta, target } = turnAround(largeBody)
  const size = target.length
  const faults: Record<string, Buffer> = {
    'another base': Buffer.concat([encodeDelta(size - 1, size), delta.subarray(4)]),
    'too little': encodeDelta(5000, 5000, copy(0, 4999)),
    'too much': encodeDelta(5000, 5000, copy(0, 4999), copy(0, 2)),
    'a copy past the end': encodeDelta(5000, 5000, copy(1, 5000)),
    'a copy past the end, of little': encodeDelta(5000, 5, copy(4996, 5)),
    'a reserved instruction': encodeDelta(5000, 5000, copy(0, 1000), Buffer.from([0])),
    'an insert that is cut': encodeDelta(5000, 5000, copy(0, 4999), Buffer.from([5, 1])),
    'no sizes': Buffer.alloc(0),
    'an endless size': Buffer.alloc(2000, 0xff),
    'a size that lies': encodeDelta(5000, 2 ** 40, copy(0, 5000)),
    'a large delta that makes too little': Buffer.concat([
      encodeDelta(5000, 9000),
      insertAll(largeBody, largeFromSmall).subarray(4),
    ]),
  }
  for (const [fault, bytes] of Object.entries(faults)) {
    for (const type of ['blob', 'tree'] as const) {
      const base = object(largeBody, type)
      const from: PackEntry = { base: { entry: 0 }, delta: bytes }
      for (const entries of [
        [base, from],
        [{ base: base.oid, delta: bytes }, base],
      ]) {
        const reading = read(assemblePack(entries), {}, () => assert.fail(`read: ${fault}`))
        await assert.rejects(reading, failsWith('pack-corrupt'), fault)
      }
    }
  }
})

test('a delta never makes a tree of an impossible size, nor asks for the memory', async (t) => {
  const read = createSpillRead(t)
  const body = Buffer.alloc(0xff_ffff)
  const copies = Array.from({ length: 300 }, () => copy(0, body.length))
  const delta = encodeDelta(body.length, 300 * body.length, ...copies)
  const bytes = assemblePack([object(body, 'tree'), { base: { entry: 0 }, delta }])
  const before = process.resourceUsage().maxRSS
  const refused = failsWith('pack-corrupt', /tree of an impossible size/)
  await assert.rejects(
    read(bytes, {}, () => assert.fail('read')),
    refused,
  )
  assert.ok(process.resourceUsage().maxRSS - before < 200_000)
})

test('a base that a delta names and that is gone when it is needed again is missed', async (t) => {
  const read = createSpillRead(t)
  const base = object(smallBody)
  const { delta, target } = turnAround(smallBody)
  let isThere = true
  const findBase = () => (isThere ? base : undefined)
  const bytes = assemblePack([{ base: base.oid, delta }])
  await read(bytes, { findBase, cacheBytes: 0 }, (pack) => {
    isThere = false
    const missing = failsWith('base-missing', /not at hand any more/)
    assert.throws(() => pack.read(object(target).oid), missing)
  })
})

test('chains of any kind are read, in any order and in any chunks', async (t) => {
  const read = createSpillRead(t)
  const sizes = fc.oneof(fc.nat(100), fc.nat(3000))
  const link = fc.record({
    size: sizes,
    on: fc.nat(),
    how: fc.constantFrom('insert', 'turn', 'shorten'),
    isByName: fc.boolean(),
  })
  const order = fc.func(fc.nat())
  await fc.assert(
    fc.asyncProperty(
      sizes,
      fc.array(link, { maxLength: 10 }),
      fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 4 }),
      order,
      async (firstSize, links, chunkSizes, rank) => {
        const objects = [object(randomBytes(firstSize))]
        const entries: PackEntry[] = [objects[0] as Named]
        for (const { size, on, how, isByName } of links) {
          const entry = on % objects.length
          const base = objects[entry] as Named
          const { delta, target } = change(base.body, how, size)
          objects.push(object(target))
          entries.push({ base: isByName ? base.oid : { entry }, delta })
        }
        const isFree = links.every(({ isByName }) => isByName)
        const bytes = assemblePack(isFree ? inOrder(entries, rank) : entries)
        await read(bytes, { chunkSizes: [...chunkSizes, 500] }, (pack) => {
          for (const { oid, body } of objects) assert.ok(bodyOf(pack.read(oid)).equals(body))
        })
      },
    ),
    { numRuns: IS_WHOLE ? 500 : 50 },
  )
})

function inOrder<T>(items: readonly T[], rank: (index: number) => number): T[] {
  const ranked = items.map((item, index) => ({ item, rank: rank(index) }))
  return ranked.sort((a, b) => a.rank - b.rank).map(({ item }) => item)
}

function change(base: Buffer, how: string, size: number): { delta: Buffer; target: Buffer } {
  if (how === 'turn' && base.length > 1) return turnAround(base)
  if (how === 'shorten' && base.length > 1) return shorten(base, Math.max(1, size % base.length))
  const target = randomBytes(size)
  return { delta: insertAll(base, target), target }
}

test('thousands of small instructions cost no more than their bytes', async (t) => {
  const read = createSpillRead(t)
  const base = object(randomBytes(2_000_000))
  const costOf = (length: number) => {
    // Backwards through the base, so that no read of it is near the one before.
    const starts = Array.from({ length }, (_, index) => 1_999_980 - index * 19)
    const steps = starts.map((start) => copy(start, 19))
    const delta = encodeDelta(base.body.length, length * 19, ...steps)
    const parts = starts.map((start) => base.body.subarray(start, start + 19))
    const target = object(Buffer.concat(parts))
    const pack = assemblePack([base, { base: { entry: 0 }, delta }])
    return cpuMsOf(() =>
      read(pack, {}, (opened) => {
        assert.ok(bodyOf(opened.read(target.oid)).equals(target.body))
      }),
    )
  }
  const [few, many] = [await costOf(12_500), await costOf(100_000)]
  assert.ok(many < 24 * Math.max(few, 20), `${few} ms for few, ${many} ms for 8 times as many`)
})
