// Blobs that go to files as they arrive, wherever chunks happen to end.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { type GitObject, hashObject } from '../../src/git/object.js'
import type { Pack } from '../../src/pack/pack-reader.js'
import { failsWith } from '../helpers/fails-with.js'
import {
  assemblePack,
  blob,
  bodyOf,
  encodeHeader,
  type PackEntry,
  withTrailer,
} from '../helpers/packs.js'
import { createSpillRead, createSpillReader, openFiles } from '../helpers/spilled-packs.js'

const corrupt = failsWith('pack-corrupt')
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

function blobOf(body: Buffer): GitObject & { oid: string } {
  return { type: 'blob', body, oid: hashObject('blob', body, 'sha1') }
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
    return 'file' in object ? object.file : assert.fail('not in a file')
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
    { numRuns: 150 },
  )
})

/** Bytes of which an even filler makes half compressible. */
function noise(bytes: number, filler: number): Buffer {
  const body = randomBytes(bytes)
  if (filler % 2 === 0) body.fill(filler, 0, bytes >> 1)
  return body
}

/** Reads in all ways what must be refused; a hang would fail the test as well. */
async function assertCorrupt(
  read: ReturnType<typeof createSpillRead>,
  bytes: Buffer,
  message: string,
  accepts = corrupt,
): Promise<void> {
  for (const chunkSizes of [[bytes.length], [1000], [1, 2, 333]]) {
    const reading = read(bytes, { chunkSizes }, () => assert.fail(`read: ${message}`))
    await assert.rejects(reading, accepts, message)
  }
}

test('sizes that lie are found', async (t) => {
  const read = createSpillRead(t)
  for (const { body } of [random, zeros]) {
    const { length } = body
    for (const size of [1000, length - 1, length + 1, 2 * length, 2 ** 31, 2 ** 40, 2 ** 52]) {
      const raw = Buffer.concat([encodeHeader(3, size), deflateSync(body)])
      await assertCorrupt(read, assemblePack([{ raw }, small]), `${size} for ${length}`)
      await assertCorrupt(read, assemblePack([small, { raw }]), `${size} for ${length}, last`)
    }
  }
})

test('a zip bomb stops at the size it claims', async (t) => {
  const read = createSpillRead(t)
  const bomb = deflateSync(Buffer.alloc(256 * 1024 * 1024))
  const before = process.resourceUsage().maxRSS
  for (const size of [1000, 2 ** 20]) {
    const raw = Buffer.concat([encodeHeader(3, size), bomb])
    const reading = read(assemblePack([{ raw }]), {}, () => assert.fail('read'))
    await assert.rejects(reading, failsWith('pack-corrupt', /larger size than it says/))
  }
  assert.ok(process.resourceUsage().maxRSS - before < 32_000)
})

test('a damaged stream is found', async (t) => {
  const read = createSpillRead(t)
  const deflated = deflateSync(random.body)
  const damages: Record<string, Buffer> = {
    'no stream at all': Buffer.alloc(deflated.length, 'x'),
    'a start that is none': replace(deflated, 0, 0xff),
    'a wrong check at the end': replace(deflated, deflated.length - 1, deflated.at(-1)! ^ 1),
    'a preset dictionary': Buffer.concat([Buffer.from([0x78, 0xbb, 1, 2, 3, 4]), deflated]),
    'a byte in the middle': replace(deflated, 2000, deflated[2000]! ^ 1),
  }
  for (const [damage, bytes] of Object.entries(damages)) {
    const raw = Buffer.concat([encodeHeader(3, random.body.length), bytes])
    await assertCorrupt(read, assemblePack([small, { raw }, small]), damage)
    await assertCorrupt(read, assemblePack([{ raw }]), damage)
  }
})

function replace(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes)
  changed[at] = value
  return changed
}

test('a pack that is cut anywhere is damaged', async (t) => {
  const read = createSpillRead(t)
  const bytes = assemblePack([small, exact])
  for (let length = 0; length < bytes.length; length += length % 100 < 50 ? 1 : 7) {
    const reading = read(bytes.subarray(0, length), { chunkSizes: [700] }, () => assert.fail())
    await assert.rejects(reading, corrupt, `${length}`)
  }
})

test('a pack that goes on after a large blob is damaged', async (t) => {
  const read = createSpillRead(t)
  const bytes = assemblePack([random])
  for (const more of [Buffer.from('x'), Buffer.alloc(20), bytes]) {
    await assertCorrupt(read, Buffer.concat([bytes, more]), `${more.length} more`)
  }
})

test('any damage with a checksum to match yields no wrong object', async (t) => {
  const read = createSpillRead(t)
  const objects: PackEntry[] = [small, exact, blobOf(Buffer.alloc(5000, 'x')), small]
  const content = assemblePack(objects).subarray(0, -20)
  for (let at = 0; at < content.length; at += 3) {
    const bytes = withTrailer(replace(content, at, content[at]! ^ (1 << (at % 8))))
    try {
      await read(bytes, { chunkSizes: [333] }, (pack) => {
        for (const { oid, body } of [small, exact]) {
          if (pack.has(oid)) assert.ok(bodyOf(pack.read(oid)).equals(body))
        }
      })
    } catch (error) {
      corrupt(error)
    }
  }
})

test('a stream of empty blocks ends', async (t) => {
  const read = createSpillRead(t)
  const [start, end] = [deflateSync('x').subarray(0, 2), Buffer.from([1, 0, 0, 0xff, 0xff])]
  const emptyBlocks = Buffer.alloc(5 * 1_000_000, Buffer.from([0, 0, 0, 0xff, 0xff]))
  const raw = Buffer.concat([encodeHeader(3, 10), start, emptyBlocks, end])
  const before = process.resourceUsage().maxRSS
  const endless = failsWith('pack-corrupt', /deflates to more than it can/)
  await assertCorrupt(read, assemblePack([{ raw }]), 'empty blocks', endless)
  assert.ok(process.resourceUsage().maxRSS - before < 32_000)
})

test('a commit, a tree or a tag of an impossible size is refused at once', async (t) => {
  const read = createSpillRead(t)
  for (const type of [1, 2, 4]) {
    const raw = encodeHeader(type, 2 ** 30)
    const impossible = failsWith('pack-corrupt', /impossible size/)
    await assertCorrupt(read, assemblePack([{ raw }]), `type ${type}`, impossible)
  }
})

test('a reader may be closed at any time, and twice, and leaves no file open', async (t) => {
  const bytes = assemblePack([small, random, blobOf(randomBytes(900_000)), random])
  const before = openFiles()
  for (const length of [0, 13, 500, 3000, 5100, 400_000, bytes.length]) {
    const reader = createSpillReader(t, { largeBytes: 5000 })
    await reader.write(bytes.subarray(0, length))
    reader.close()
    reader.close()
    assert.deepEqual(openFiles(), before, `${length}`)
  }
})

test('what was found damaged stays so', async (t) => {
  const raw = Buffer.concat([encodeHeader(3, 5000), Buffer.alloc(5000, 'x')])
  const bytes = assemblePack([{ raw }])
  const reader = createSpillReader(t)
  await assert.rejects(reader.write(bytes), corrupt)
  await assert.rejects(reader.write(bytes), corrupt)
  await assert.rejects(reader.finish(), corrupt)
})

test('what cannot be written to a file ends the reading', async (t) => {
  const read = createSpillRead(t)
  const createFile = () => '/dev/null/no-folder'
  for (const bytes of [assemblePack([random]), assemblePack([blobOf(randomBytes(900_000))])]) {
    const options = { createFile, largeBytes: bytes.length < 10_000 ? 1000 : 1e9 }
    await assert.rejects(
      read(bytes, options, () => assert.fail('read')),
      { code: 'ENOTDIR' },
    )
  }
})
