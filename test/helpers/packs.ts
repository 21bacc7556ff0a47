// Packs: made by real git, assembled by hand with any fault wanted, and read in
// any chunks. https://git-scm.com/docs/pack-format

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import { UNLIMITED } from '../../src/git/limits.js'
import {
  type GitObject,
  hashObject,
  type ObjectType,
  type StoredObject,
} from '../../src/git/object.js'
import type { ObjectFormat, Oid } from '../../src/git/oid.js'
import { type Pack, PackReader, type PackReaderOptions } from '../../src/pack/pack-reader.js'
import { PackRoom, type PackRoomOptions } from '../../src/pack/pack-room.js'
import type { TestRepo } from './git.js'
import { UNBOUNDED } from './memory.js'

/** One entry; a base that is a number is the distance in bytes, or the position of an entry. */
export type PackEntry =
  | GitObject
  | { base: Oid | { distance: number } | { entry: number }; delta: Buffer }
  | { raw: Buffer }

export interface PackOptions {
  format?: ObjectFormat
  version?: number
  /** @default the number of entries */
  count?: number
}

const TYPE_NUMBERS: Record<ObjectType, number> = { commit: 1, tree: 2, blob: 3, tag: 4 }

/** A whole pack with its trailer. */
export function assemblePack(entries: readonly PackEntry[], options: PackOptions = {}): Buffer {
  const { format = 'sha1', version = 2, count = entries.length } = options
  const header = Buffer.from('PACK\0\0\0\0\0\0\0\0')
  header.writeUInt32BE(version, 4)
  header.writeUInt32BE(count, 8)
  const parts: Buffer[] = [header]
  const offsets: number[] = []
  let offset = header.length
  for (const entry of entries) {
    offsets.push(offset)
    const bytes = encodeEntry(entry, offset, offsets)
    parts.push(bytes)
    offset += bytes.length
  }
  return withTrailer(Buffer.concat(parts), format)
}

/** `content` and its checksum. */
export function withTrailer(content: Buffer, format: ObjectFormat = 'sha1'): Buffer {
  return Buffer.concat([content, createHash(format).update(content).digest()])
}

function encodeEntry(entry: PackEntry, offset: number, offsets: readonly number[]): Buffer {
  if ('raw' in entry) return entry.raw
  if ('type' in entry) {
    const header = encodeHeader(TYPE_NUMBERS[entry.type], entry.body.length)
    return Buffer.concat([header, deflateSync(entry.body)])
  }
  const { base, delta } = entry
  const deflated = deflateSync(delta)
  if (typeof base === 'string') {
    return Buffer.concat([encodeHeader(7, delta.length), Buffer.from(base, 'hex'), deflated])
  }
  const distance = 'distance' in base ? base.distance : offset - (offsets[base.entry] as number)
  return Buffer.concat([encodeHeader(6, delta.length), encodeDistance(distance), deflated])
}

/** The type and the size of an entry. */
export function encodeHeader(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size % 16)]
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1]! |= 0x80
    bytes.push(rest % 128)
  }
  return Buffer.from(bytes)
}

/** The distance of an ofs-delta. */
export function encodeDistance(distance: number): Buffer {
  const bytes = [distance % 128]
  for (let rest = Math.floor(distance / 128); rest > 0; rest = Math.floor(rest / 128)) {
    rest--
    bytes.unshift(0x80 | (rest % 128))
  }
  return Buffer.from(bytes)
}

/** A delta from its sizes and instructions. */
export function encodeDelta(baseSize: number, size: number, ...instructions: Buffer[]): Buffer {
  return Buffer.concat([encodeDeltaSize(baseSize), encodeDeltaSize(size), ...instructions])
}

/** A delta that makes `base` followed by `more`, of 1 to 127 bytes. */
export function appendDelta(base: Buffer, more: string): Buffer {
  const addition = Buffer.from(more)
  const size = base.length + addition.length
  return encodeDelta(base.length, size, copy(0, base.length), insert(addition))
}

/** The instruction that copies from the base. */
export function copy(offset: number, length: number): Buffer {
  const bytes = [0x80]
  for (const [bit, byte] of [
    offset % 256,
    Math.floor(offset / 2 ** 8) % 256,
    Math.floor(offset / 2 ** 16) % 256,
    Math.floor(offset / 2 ** 24),
    length % 256,
    Math.floor(length / 2 ** 8) % 256,
    Math.floor(length / 2 ** 16),
  ].entries()) {
    if (byte === 0) continue
    bytes[0]! |= 1 << bit
    bytes.push(byte)
  }
  return Buffer.from(bytes)
}

/** The instruction that inserts 1 to 127 bytes. */
export function insert(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

function encodeDeltaSize(size: number): Buffer {
  const bytes = [size % 128]
  for (let rest = Math.floor(size / 128); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1]! |= 0x80
    bytes.push(rest % 128)
  }
  return Buffer.from(bytes)
}

/** A blob and its oid. */
export function blob(text: string, format: ObjectFormat = 'sha1'): GitObject & { oid: Oid } {
  const body = Buffer.from(text)
  return { type: 'blob', body, oid: hashObject('blob', body, format) }
}

/** A blob of these bytes, with its oid as SHA-1. */
export function blobOf(body: Buffer): GitObject & { oid: Oid } {
  return { type: 'blob', body, oid: hashObject('blob', body, 'sha1') }
}

export interface ReadOptions extends ReaderOptions {
  /** Bytes written at once. @default all */
  chunkBytes?: number
}

/** Of a reader, and of the room that its pack has to itself, where it is given none. */
export type ReaderOptions = Partial<Omit<PackReaderOptions, 'onObject'> & PackRoomOptions> & {
  /** What it returns means nothing, but for true. */
  onObject?: (...args: Parameters<NonNullable<PackReaderOptions['onObject']>>) => unknown
}

/** What reads a pack; without `findBase` it must not be thin. */
export function packReader(options: ReaderOptions = {}): PackReader {
  const { cacheBytes = 1 << 20, limits = UNLIMITED, memoryBytes = 1 << 30 } = options
  const { onObject, ...others } = options
  return new PackReader({
    room: new PackRoom({ cacheBytes, limits, memoryBytes }),
    objectFormat: 'sha1',
    findBase: () => undefined,
    largeBytes: Number.POSITIVE_INFINITY,
    createFile: () => assert.fail('a file is needed'),
    memory: UNBOUNDED,
    checkpoint: () => undefined,
    onObject: (oid, object) => onObject?.(oid, object) === true,
    ...others,
  })
}

/** Reads a whole pack, as {@link packReader} does. */
export async function readPack(bytes: Buffer, options: ReadOptions = {}): Promise<Pack> {
  const reader = packReader(options)
  const { chunkBytes = Math.max(bytes.length, 1) } = options
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    await reader.write(bytes.subarray(start, start + chunkBytes))
  }
  return reader.finish()
}

/** The content of an object, wherever it is. */
export function bodyOf(object: StoredObject): Buffer {
  return 'body' in object ? object.body : readFileSync(object.file.path)
}

/** A pack as real git makes it; `input` has oids, or with `--revs` revisions, one a line. */
export function packObjects(repo: TestRepo, input: string, ...args: string[]): Buffer {
  return repo.gitBytes(['pack-objects', '--stdout', '-q', ...args], { input })
}

/** The oids of all objects that `args` of rev-list name. */
export function listObjects(repo: TestRepo, ...args: string[]): Oid[] {
  const lines = repo.git('rev-list', '--objects', ...args).split('\n')
  return lines.map((line) => line.split(' ', 1)[0] as Oid)
}

const read = new WeakMap<TestRepo, Map<string, Map<Oid, GitObject>>>()

/** The objects `oids` as real git reads them, which it does once for each list of them. */
export function catFile(repo: TestRepo, oids: readonly Oid[]): ReadonlyMap<Oid, GitObject> {
  const known = read.get(repo) ?? new Map<string, Map<Oid, GitObject>>()
  read.set(repo, known)
  const objects = known.get(oids.join()) ?? readByGit(repo, oids)
  known.set(oids.join(), objects)
  return objects
}

function readByGit(repo: TestRepo, oids: readonly Oid[]): Map<Oid, GitObject> {
  const output = repo.gitBytes(['cat-file', '--batch'], { input: `${oids.join('\n')}\n` })
  const objects = new Map<Oid, GitObject>()
  let position = 0
  for (const oid of oids) {
    const end = output.indexOf(0x0a, position)
    const [, type, size] = output.toString('latin1', position, end).split(' ')
    const body = output.subarray(end + 1, end + 1 + Number(size))
    objects.set(oid, { type: type as ObjectType, body })
    position = end + 1 + Number(size) + 1
  }
  return objects
}

/** Asserts that `pack` holds each of `oids` as git has it. */
export function assertSameObjects(pack: Pack, repo: TestRepo, oids: readonly Oid[]): void {
  assert.ok(oids.length > 0)
  for (const [oid, { type, body }] of catFile(repo, oids)) {
    const read = pack.read(oid)
    assert.ok(pack.has(oid))
    assert.equal(read.type, type)
    assert.ok(bodyOf(read).equals(body), `${type} ${oid} differs`)
  }
}
