// A process of its own, so that its peak memory is known: reads a pack of incompressible
// blobs that is made meanwhile, and prints by how many bytes its memory grew at most.
// Arguments: a folder for files, and the sizes of the blobs in bytes. With --expose-gc,
// what is garbage does not count.

import { createCipheriv, createHash } from 'node:crypto'
import path from 'node:path'
import { constants, createDeflate } from 'node:zlib'
import { fileAt } from './file-at.js'
import { assemblePack, blob, encodeHeader, packReader, type ReaderOptions } from './packs.js'

const MIB = 1024 * 1024
const CHUNK_BYTES = 65_515
const CHUNKS_PER_COLLECTION = 64

const [directory = '', ...sizes] = process.argv.slice(2)
let files = 0
const options: ReaderOptions = {
  cacheBytes: 8 * MIB,
  memoryBytes: 8 * MIB,
  largeBytes: 4 * MIB,
  createFile: () => fileAt(path.join(directory, String(files++))),
}

await read([assemblePack([blob('warm-up')])])
const before = process.memoryUsage().rss
const objects = await read(randomPack(sizes.map(Number)))
const peak = process.resourceUsage().maxRSS * 1024
console.log(JSON.stringify({ objects, grownBytes: peak - before }))

/** Reads a pack, then every object of it; returns how many those are. */
async function read(chunks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<number> {
  const oids: string[] = []
  let written = 0
  const reader = packReader({ ...options, onObject: (oid) => oids.push(oid) })
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; start += CHUNK_BYTES) {
      await reader.write(chunk.subarray(start, start + CHUNK_BYTES))
      if (++written % CHUNKS_PER_COLLECTION === 0) globalThis.gc?.()
    }
  }
  const pack = await reader.finish()
  for (const oid of oids) {
    pack.read(oid)
    globalThis.gc?.()
  }
  reader.close()
  return oids.length
}

/** A pack that is never whole in memory. */
async function* randomPack(blobSizes: readonly number[]): AsyncGenerator<Buffer> {
  const checksum = createHash('sha1')
  const header = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1')
  header.writeUInt32BE(blobSizes.length, 8)
  checksum.update(header)
  yield header
  for (const [index, size] of blobSizes.entries()) {
    for await (const chunk of randomEntry(index, size)) {
      checksum.update(chunk)
      yield chunk
    }
  }
  yield checksum.digest()
}

async function* randomEntry(seed: number, size: number): AsyncGenerator<Buffer> {
  yield encodeHeader(3, size)
  const deflate = createDeflate({ level: constants.Z_NO_COMPRESSION, chunkSize: CHUNK_BYTES })
  const written = writeRandom(deflate, seed, size)
  yield* deflate
  await written
}

async function writeRandom(
  deflate: ReturnType<typeof createDeflate>,
  seed: number,
  size: number,
): Promise<void> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16))
  const zeros = Buffer.alloc(256 * 1024)
  for (let left = size; left > 0; left -= zeros.length) {
    const bytes = cipher.update(zeros.subarray(0, Math.min(left, zeros.length)))
    await new Promise((resolve) => deflate.write(bytes, resolve))
  }
  deflate.end()
}
