// A received pack that is kept as it came: its bytes go to a file while they are read, and once the
// reader has verified them, an index is written beside it. A thin pack is completed as git does: the
// bases that it lacks are appended as whole objects. Nothing of it is believed before that; memory is
// taken for one entry at a time, and for what the index has of each, about 60 bytes.

import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, readSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32, createDeflate, deflateSync } from 'node:zlib'
import { FileSource } from '../git/byte-source.js'
import { encodeEntryHeader } from '../git/entry-header.js'
import type { LargeBlob, StoredObject } from '../git/object.js'
import { type ObjectFormat, type Oid, oidBytes } from '../git/oid.js'
import { encodePackIndex } from '../git/pack-index-writer.js'
import type { VolumeFile } from '../volume/open-file.js'
import { writeAll } from '../volume/write-all.js'
import { asBase } from './missing-base.js'
import type { PackEntries } from './pack-reader.js'

/** A pack that is whole and complete, and its index, on the disk. */
export interface CompletePack {
  /** Byte paths. */
  pack: string
  index: string
  /** Names it: no other pack has it, but one of the same bytes. */
  checksum: string
}

export interface KeptPackOptions {
  objectFormat: ObjectFormat
  /** Names a new file, which is the caller's to remove where it is still there in the end. */
  createFile: () => VolumeFile
  /** Asked often; throws when the work is to be given up. */
  checkpoint: () => void
}

const COUNT_AT = 8
const PIECE_BYTES = 256 * 1024
/** What is not smaller goes by way of a stream, in bytes. */
const LARGE_BYTES = 1024 * 1024

export class KeptPack {
  readonly #options: KeptPackOptions
  #file: { path: string; fd: number } | undefined
  #length = 0

  constructor(options: KeptPackOptions) {
    this.#options = options
  }

  /** Takes the next bytes, which no one has verified yet. */
  write(bytes: Buffer): void {
    this.#file ??= open(this.#options.createFile())
    writeAll(this.#file.fd, bytes, this.#length)
    this.#length += bytes.length
  }

  /**
   * Completes a pack that a reader has found whole, with the bases that `readBase` reads; undefined
   * where it has no objects. Throws `base-missing` where one cannot be read any more.
   */
  async complete(
    entries: PackEntries,
    readBase: (oid: Oid) => StoredObject | undefined,
  ): Promise<CompletePack | undefined> {
    const file = this.#file
    if (!file || entries.count === 0) return undefined
    const { createFile, objectFormat } = this.#options
    const bases = [...entries.outsideBases]
    this.#length -= oidBytes(objectFormat)
    const offsets = new Float64Array(entries.count + bases.length + 1)
    for (let at = 0; at < entries.count; at++) offsets[at] = entries.offsetOf(at) as number
    for (const [at, oid] of bases.entries()) {
      offsets[entries.count + at] = this.#length
      await this.#append(file.fd, asBase(readBase(oid)))
    }
    const count = entries.count + bases.length
    offsets[count] = this.#length
    if (bases.length > 0) writeCount(file.fd, count)
    const { crcs, packChecksum } = this.#look(file.fd, offsets.subarray(0, count + 1))
    writeAll(file.fd, packChecksum, this.#length)
    fsyncSync(file.fd)
    const oids = Buffer.concat([entries.oids, ...bases.map((oid) => Buffer.from(oid, 'hex'))])
    const rows = { objectFormat, count, oids, offsets, crcs, packChecksum }
    const index = open(createFile())
    try {
      for (const chunk of encodePackIndex(rows)) writeAll(index.fd, chunk)
      fsyncSync(index.fd)
    } finally {
      closeSync(index.fd)
    }
    return { pack: file.path, index: index.path, checksum: packChecksum.toString('hex') }
  }

  /** Closes what is open. */
  close(): void {
    if (this.#file) closeSync(this.#file.fd)
    this.#file = undefined
  }

  /** An object as a whole entry at the end. */
  async #append(fd: number, object: StoredObject): Promise<void> {
    const put = (bytes: Buffer) => {
      this.#options.checkpoint()
      writeAll(fd, bytes, this.#length)
      this.#length += bytes.length
    }
    const { type } = object
    if ('body' in object && object.body.length < LARGE_BYTES) {
      put(encodeEntryHeader({ type }, object.body.length))
      put(deflateSync(object.body))
      return
    }
    const { pieces, size } = 'body' in object ? piecesOfBody(object.body) : piecesOfFile(object)
    put(encodeEntryHeader({ type }, size))
    await pipeline(Readable.from(pieces), createDeflate(), async (deflated) => {
      for await (const bytes of deflated as AsyncIterable<Buffer>) put(bytes)
    })
  }

  /** Reads all of the file once: the checksum of each entry, and that of the pack. */
  #look(fd: number, offsets: Float64Array): { crcs: Uint32Array; packChecksum: Buffer } {
    const hash = createHash(this.#options.objectFormat)
    const crcs = new Uint32Array(offsets.length - 1)
    const room = Buffer.allocUnsafe(PIECE_BYTES)
    // What comes before the first entry is the header.
    let entry = -1
    for (let position = 0; position < this.#length; ) {
      this.#options.checkpoint()
      const end = Math.min(position + PIECE_BYTES, this.#length)
      const read = readSync(fd, room, 0, end - position, position)
      if (read === 0) throw new RangeError('a pack got shorter while it was read')
      const bytes = room.subarray(0, read)
      hash.update(bytes)
      for (let at = 0; at < read; ) {
        while ((offsets[entry + 1] as number) <= position + at) entry++
        const next = Math.min(read, (offsets[entry + 1] as number) - position)
        if (entry >= 0) crcs[entry] = crc32(bytes.subarray(at, next), crcs[entry] as number)
        at = next
      }
      position += read
    }
    return { crcs, packChecksum: hash.digest() }
  }
}

function open(file: VolumeFile): { path: string; fd: number } {
  return { path: file.path, fd: file.create() }
}

function writeCount(fd: number, count: number): void {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(count)
  writeAll(fd, bytes, COUNT_AT)
}

function piecesOfBody(body: Buffer): { pieces: Iterable<Buffer>; size: number } {
  return { pieces: [body], size: body.length }
}

function piecesOfFile({ file, size }: LargeBlob): { pieces: Iterable<Buffer>; size: number } {
  return { pieces: readPieces(new FileSource(file.open()), size), size }
}

function* readPieces(source: FileSource, size: number): Generator<Buffer> {
  try {
    for (let start = 0; start < size; start += PIECE_BYTES) {
      // The stream holds a piece while the next is read.
      yield Buffer.from(source.read(start, Math.min(start + PIECE_BYTES, size)))
    }
  } finally {
    source.close()
  }
}
