// Blobs that go to files as they arrive, wherever chunks happen to end.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { type GitObject, hashObject } from '../../src/git/object.js'
import type { Pack } from '../../src/pack/pack-reader.js'
import fc from '../helpers/fast-check.js'
import { assemblePack, blob, blobOf, bodyOf, encodeHeader } from '../helpers/packs.js'
import { IS_WHOLE } from '../helpers/seed.js'
import { createSpillRead } from '../helpers/spilled-packs.js'

const OFFSET = 12

const random = blobOf(randomBytes(5000))
const zeros = blobOf(Buffer.alloc(1_000_000))
const small = blob('small')
const exact = blobOf(randomBytes(1000))
const nearly = blobOf(randomBytes(999))
const tree: GitObject = { type: 'tree', body: Buffer.alloc(3000, 'not a tree, but of its type') }
const PACKS: Record<string, readonly GitObject[]> = {
  'one alone': [random],
  'one that deflates to little': [zeros],
  'one after another': [random, zeros, exact],
  'between small ones': [small, random, nearly, zeros, tree],
  'after small ones': [small, nearly, random],
  'before small ones': [zeros, nearly, small],
}

function oidOf({ type, body }: GitObject): string {
  return hashObject(type, body, 'sha1')
}

function assertHolds(pack: Pack, objects: readonly GitObject[], largeBytes = 1000): void {
  for (const object of objects) {
    const oid = oidOf(object)
    const read = pack.read(oid)
    assert.equal(read.type, object.type)
    assert.ok(bodyOf(read).equals(object.body))
    const isLarge = object.type === 'blob' && object.body.length >= largeBytes
    assert.equal('file' in read, isLarge)
    if ('file' in read) {
      assert.deepEqual([read.oid, read.size, read.isTemporary], [oid, object.body.length, true])
    }
  }
}

const CHUNKINGS: Record<string, readonly number[] | undefined> = {
  'all at once': undefined,
  'byte by byte': [1],
  'odd chunks': [7, 1, 300, 2],
  'chunks as they come': [65_515],
}

for (const [kind, objects] of Object.entries(PACKS)) {
  for (const [how, sizes] of Object.entries(CHUNKINGS)) {
    test(`reads large blobs: ${kind}, ${how}`, async (t) => {
      const read = createSpillRead(t)
      const bytes = assemblePack(objects)
      await read(bytes, sizes ? { chunkSizes: sizes } : {}, (pack) => {
        assert.equal(pack.bytes, bytes.length)
        assertHolds(pack, objects)
      })
    })
  }
}

test('reads them wherever a first chunk ends', async (t) => {
  const read = createSpillRead(t)
  const objects = [small, exact, small]
  const bytes = assemblePack(objects)
  for (let first = 1; first < bytes.length; first++) {
    await read(bytes, { chunkSizes: [first, bytes.length] }, (pack) => assertHolds(pack, objects))
  }
})

test('their stream may end with its chunk', async (t) => {
  const read = createSpillRead(t)
  for (const [kind, objects] of Object.entries(PACKS)) {
    const bytes = assemblePack(objects)
    const chunkSizes = [OFFSET]
    for (const { type, body } of objects) {
      chunkSizes.push(
        encodeHeader(type === 'blob' ? 3 : 2, body.length).length + deflateSync(body).length,
      )
    }
    chunkSizes.push(20)
    assert.equal(
      chunkSizes.reduce((sum, size) => sum + size),
      bytes.length,
      kind,
    )
    await read(bytes, { chunkSizes }, (pack) => assertHolds(pack, objects))
  }
})

test('an empty blob may be large, and may be all there is', async (t) => {
  const read = createSpillRead(t)
  const empty = blob('')
  for (const objects of [[empty], [empty, small, empty], [small, empty]]) {
    for (const chunkSizes of [[1], [1000]]) {
      const options = { chunkSizes, largeBytes: 0 }
      await read(assemblePack(objects), options, (pack) => assertHolds(pack, objects, 0))
    }
  }
})

test('the file of a large blob is the caller\u2019s to remove', async (t) => {
  const read = createSpillRead(t)
  const file = await read(assemblePack([random]), {}, (pack) => {
    const object = pack.read(random.oid)
    return 'file' in object ? object.file.path : assert.fail('not in a file')
  })
  assert.ok(existsSync(file))
})

test('small blobs between large ones are read again after all has arrived', async (t) => {
  // Blobs that deflate to a third, so that what follows lies within their inflated size.
  const objects: GitObject[] = []
  for (let index = 0; index < 12; index++) {
    const body = Buffer.concat([
      Buffer.from(`${index}`),
      randomBytes(300_000),
      Buffer.alloc(600_000),
    ])
    objects.push(blobOf(body), blobOf(randomBytes(1_000_001)))
  }
  const read = createSpillRead(t)
  const bytes = assemblePack(objects)
  for (const memoryBytes of [1, 1 << 30]) {
    for (const chunkSizes of [[65_536], [5_000_000], [bytes.length]]) {
      const options = { chunkSizes, memoryBytes, cacheBytes: 0, largeBytes: 1_000_000 }
      await read(bytes, options, (pack) => assertHolds(pack, objects, 1_000_000))
    }
  }
})

test('any objects in any chunks, with any limits', async (t) => {
  const read = createSpillRead(t)
  const size = fc.oneof(fc.nat(40), fc.nat(3000), fc.nat(400_000))
  const object = fc
    .record({ type: fc.constantFrom('blob', 'blob', 'tree'), size, filler: fc.nat(255) })
    .chain(({ type, size: bytes, filler }) =>
      fc.constant({ type, body: noise(bytes, filler) } as GitObject),
    )
  const limit = fc.oneof(fc.constantFrom(0, 1, 100, 1000), fc.nat(500_000))
  await fc.assert(
    fc.asyncProperty(
      fc.array(object, { maxLength: 8 }),
      fc.array(fc.oneof(fc.nat(50), fc.nat(100_000)), { minLength: 1, maxLength: 5 }),
      fc.record({ memoryBytes: limit, largeBytes: limit, cacheBytes: limit }),
      async (objects, sizes, limits) => {
        // Not so small throughout that it takes long.
        const chunkSizes = [...sizes, 5000]
        await read(assemblePack(objects), { chunkSizes, ...limits }, (pack) =>
          assertHolds(pack, objects, limits.largeBytes),
        )
      },
    ),
    { numRuns: IS_WHOLE ? 500 : 50 },
  )
})

/** Bytes of which an even filler makes half compressible. */
function noise(bytes: number, filler: number): Buffer {
  const body = randomBytes(bytes)
  if (filler % 2 === 0) body.fill(filler, 0, bytes >> 1)
  return body
}
