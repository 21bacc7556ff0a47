// Packs with large blobs that are damaged, cut off, or lie about their sizes.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { failsWith } from '../helpers/fails-with.js'
import { fileAt } from '../helpers/file-at.js'
import {
  assemblePack,
  blob,
  blobOf,
  bodyOf,
  encodeHeader,
  type PackEntry,
  withTrailer,
} from '../helpers/packs.js'
import { createSpillRead, createSpillReader, openFiles } from '../helpers/spilled-packs.js'

const corrupt = failsWith('pack-corrupt')

const random = blobOf(randomBytes(5000))
const zeros = blobOf(Buffer.alloc(1_000_000))
const small = blob('small')
const exact = blobOf(randomBytes(1000))

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
  const pack = assemblePack([{ raw }])
  const before = process.resourceUsage().maxRSS
  const endless = failsWith('pack-corrupt', /deflates to more than it can/)
  await assertCorrupt(read, pack, 'empty blocks', endless)
  // Of each block nothing is kept: it would be hundreds of megabytes, and the rest is garbage.
  assert.ok(process.resourceUsage().maxRSS - before < 100_000)
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
  const createFile = () => fileAt('/dev/null/no-folder')
  for (const bytes of [assemblePack([random]), assemblePack([blobOf(randomBytes(900_000))])]) {
    const options = { createFile, largeBytes: bytes.length < 10_000 ? 1000 : 1e9 }
    await assert.rejects(
      read(bytes, options, () => assert.fail('read')),
      { code: 'ENOTDIR' },
    )
  }
})
