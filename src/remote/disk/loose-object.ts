// Reads loose objects. https://git-scm.com/docs/gitrepository-layout
import { closeSync, createReadStream, readSync, statSync } from 'node:fs'
import path from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { constants, createDeflate, createInflate, deflateSync, inflateSync } from 'node:zlib'
import { formatBytes } from '../../base/bytes.js'
import { codeOf } from '../../base/errno.js'
import { SyncError } from '../../base/errors.js'
import { openRegularFileSync, readRegularFileSync } from '../../base/regular-file.js'
import { encodeEntryHeader } from '../../git/entry-header.js'
import type { GitObject, ObjectType } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import { isMissing } from './files.js'
import { EMPTY_BLOB, MAX_NAMES_BYTES, MAX_WHOLE_BYTES } from './whole-object.js'

/** Files up to this size, whose content is at most as much again, are read whole. */
const WHOLE_FILE_BYTES = 1 << 20
const WHOLE_BODY_BYTES = 8 << 20
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

/** The whole object in `file`. */
export function readLooseObject(file: string): GitObject {
  return decodeLooseObject(readRegularFileSync(file, MAX_WHOLE_BYTES), file)
}

/** The object in `file`, for what it names: of a blob, no content. */
export function readLooseNames(file: string): GitObject {
  if (isLooseBlob(openRegularFileSync(file), file)) return EMPTY_BLOB
  return decodeLooseObject(readRegularFileSync(file, MAX_NAMES_BYTES), file, MAX_NAMES_BYTES)
}

/** Whether the loose object that is open as `fd`, which it closes, is a blob; `file` names it. */
export function isLooseBlob(fd: number, file: string): boolean {
  try {
    const start = Buffer.alloc(START_BYTES)
    const length = readSync(fd, start, 0, START_BYTES, 0)
    const options = { finishFlush: constants.Z_SYNC_FLUSH }
    return decodeHeader(inflateSync(start.subarray(0, length), options), file).type === 'blob'
  } finally {
    closeSync(fd)
  }
}

/** The object that the content of a file is; `file` names it. Throws `pack-corrupt`. */
export function decodeLooseObject(
  deflated: Buffer,
  file: string,
  maxBytes = MAX_WHOLE_BYTES,
): GitObject {
  try {
    return decode(inflateSync(deflated, { maxOutputLength: maxBytes }), file)
  } catch (error) {
    if (error instanceof SyncError) throw error
    if (codeOf(error) !== 'ERR_BUFFER_TOO_LARGE') throw damaged(file, error)
    throw new SyncError(
      'pack-corrupt',
      `The object ${file} is larger than ${formatBytes(maxBytes)}, the most that is read of one`,
      { cause: error },
    )
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
  if (statSync(file).size > WHOLE_FILE_BYTES) return undefined
  try {
    const deflated = readRegularFileSync(file, WHOLE_FILE_BYTES)
    return decode(inflateSync(deflated, { maxOutputLength: WHOLE_BODY_BYTES }), file)
  } catch (error) {
    if (codeOf(error) === 'ERR_BUFFER_TOO_LARGE') return undefined
    throw error
  }
}

async function* encodeLarge(file: string): AsyncGenerator<Buffer> {
  const chunks: AsyncIterator<Buffer> = connect(
    createReadStream('', { fd: openRegularFileSync(file) }),
    createInflate(),
  )[Symbol.asyncIterator]()
  const first = await chunks.next()
  const { type, size, end } = decodeHeader(first.done ? Buffer.alloc(0) : first.value, file)
  yield encodeEntryHeader({ type }, size)
  const body = Readable.from(
    (async function* () {
      yield first.value.subarray(end)
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
    })(),
  )
  yield* connect(body, createDeflate({ level: LEVEL }))
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
