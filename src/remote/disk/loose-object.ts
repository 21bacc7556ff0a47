// Reads loose objects. https://git-scm.com/docs/gitrepository-layout
import { closeSync, createReadStream, fstatSync, readSync, statSync } from 'node:fs'
import path from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { constants, createDeflate, createInflate, deflateSync, inflateSync } from 'node:zlib'
import { codeOf } from '../../base/errno.js'
import { SyncError } from '../../base/errors.js'
import { openRegularFileSync, readRegularFileSync } from '../../base/regular-file.js'
import { CorruptPack } from '../../git/corrupt.js'
import { encodeEntryHeader } from '../../git/entry-header.js'
import type { GitObject, ObjectType } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import { expectGarbage, MAPPED_BYTES } from '../../thread/garbage.js'
import { isMissing } from './files.js'
import { type EnsureHoldable, type WantedTypes, withoutContent } from './whole-object.js'

/** Files up to this size are read whole, and content up to it: what is larger goes through in pieces. */
const WHOLE_BYTES = 1 << 20
/** The header is in what so many bytes inflate to. */
const START_BYTES = 512
/** What is deflated again travels within this process only. */
const LEVEL = constants.Z_BEST_SPEED

/** The file of a loose object, or undefined where there is none. */
export function findLooseObject(objectDir: string, oid: Oid): string | undefined {
  const file = path.join(objectDir, oid.slice(0, 2), oid.slice(2))
  try {
    return statSync(file, { throwIfNoEntry: false }) ? file : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Which loose objects are read. */
export interface LooseReading {
  wanted: WantedTypes
  ensureHoldable: EnsureHoldable
}

/**
 * The object that is open as `fd`, which it closes, whole where its type is wanted; `file` names it.
 * Throws `pack-corrupt` where it is damaged, and what `ensureHoldable` does.
 */
export function readLooseObject(
  fd: number,
  file: string,
  { ensureHoldable, wanted }: LooseReading,
): GitObject {
  try {
    const start = readStart(fd, START_BYTES)
    const { type, size, end } = decodeHeader(inflateStart(start, file), file)
    if (!wanted.has(type)) return withoutContent(type)
    ensureHoldable(type, size)
    const whole = readStart(fd, mostDeflated(end + size))
    return decode(inflateWhole(whole, end + size, file), file)
  } catch (error) {
    if (!(error instanceof CorruptPack)) throw error
    const message = `The object ${file} ${error.fault} (git fsck tells more)`
    throw new SyncError('pack-corrupt', message, { cause: error })
  } finally {
    closeSync(fd)
  }
}

/** More than zlib makes of so many bytes, however it is set. */
function mostDeflated(bytes: number): number {
  return 2 * bytes + START_BYTES
}

/** The start of a file, which may be a sparse one of any size. */
function readStart(fd: number, maxBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(Math.min(maxBytes, fstatSync(fd).size))
  return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0))
}

/** What the start of a loose object inflates to, as far as it is there. */
function inflateStart(start: Buffer, file: string): Buffer {
  try {
    return inflateSync(start, { finishFlush: constants.Z_SYNC_FLUSH })
  } catch (error) {
    throw damaged(file, error)
  }
}

function inflateWhole(deflated: Buffer, size: number, file: string): Buffer {
  try {
    return inflateSync(deflated, { maxOutputLength: size })
  } catch (error) {
    throw damaged(file, error)
  }
}

/** The object in `file` as an entry of a pack. */
export function encodeLooseObject(file: string): Iterable<Buffer> | AsyncIterable<Buffer> {
  const object = readSmall(file)
  return object ? encodeObject(object) : encodeLarge(file)
}

/** An object as an entry of a pack. */
export function encodeObject({ type, body }: GitObject): Iterable<Buffer> {
  return [encodeEntryHeader({ type }, body.length), deflateSync(body, { level: LEVEL })]
}

function readSmall(file: string): GitObject | undefined {
  if (statSync(file).size > WHOLE_BYTES) return undefined
  const deflated = readRegularFileSync(file, WHOLE_BYTES)
  try {
    return decode(inflateSync(deflated, { maxOutputLength: WHOLE_BYTES }), file)
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') return undefined
    throw error instanceof SyncError ? error : damaged(file, error)
  }
}

async function* encodeLarge(file: string): AsyncGenerator<Buffer> {
  const chunks: AsyncIterator<Buffer> = connect(
    createReadStream('', { fd: openRegularFileSync(file) }),
    createInflate({ chunkSize: MAPPED_BYTES }),
  )[Symbol.asyncIterator]()
  const first = await chunks.next()
  const { type, size, end } = decodeHeader(first.done ? Buffer.alloc(0) : first.value, file)
  yield encodeEntryHeader({ type }, size)
  const body = Readable.from(
    (async function* () {
      yield first.value.subarray(end)
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
        expectGarbage(next.value.length)
        yield next.value
      }
    })(),
  )
  yield* connect(body, createDeflate({ level: LEVEL, chunkSize: MAPPED_BYTES }))
}

/** Errors of any part end the last one, which is what is read. */
function connect(source: Readable, target: NodeJS.ReadWriteStream & Readable): Readable {
  pipeline(source, target, () => {})
  return target
}

function decode(bytes: Buffer, file: string): GitObject {
  const { type, size, end } = decodeHeader(bytes, file)
  const body = bytes.subarray(end)
  if (body.length !== size) throw damaged(file)
  return { type, body }
}

/** `<type> <size>\0` */
function decodeHeader(
  bytes: Buffer,
  file: string,
): { type: ObjectType; size: number; end: number } {
  const nul = bytes.indexOf(0)
  const header = bytes.toString('latin1', 0, Math.max(0, nul))
  const [, type, size] = /^(commit|tree|blob|tag) (\d+)$/.exec(header) ?? []
  if (type === undefined) throw damaged(file)
  return { type: type as ObjectType, size: Number(size), end: nul + 1 }
}

function damaged(file: string, cause?: unknown): SyncError {
  return new SyncError('pack-corrupt', `The object ${file} is damaged (git fsck tells more)`, {
    cause,
  })
}
