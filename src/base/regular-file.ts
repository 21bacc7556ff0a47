// Files that somebody else may have put there: only a regular file is read, and of it no more
// than a limit. A FIFO or a device is never waited for, and an endless file is never held.
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { devNull } from 'node:os'

/** What stands at a path is no file that can be read; the message is a predicate. */
export class UnfitFileError extends Error {
  override readonly name = 'UnfitFileError'
  /** EISDIR, EFBIG, or EINVAL for what is neither a file nor a directory. */
  readonly code: 'EISDIR' | 'EFBIG' | 'EINVAL'
  /** As an error of the operating system has them. */
  readonly syscall = 'read'
  readonly path: string

  constructor(path: string, code: UnfitFileError['code'], message: string) {
    super(message)
    this.path = path
    this.code = code
  }
}

const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY
const CHUNK_BYTES = 64 * 1024

/**
 * The content of the regular file at `file`, links followed; `/dev/null` is an empty one. Throws an
 * {@link UnfitFileError} where it is none, or is longer than `maxBytes`, or an error of the system.
 */
export async function readRegularFile(file: string, maxBytes: number): Promise<Buffer> {
  if (file === devNull) return Buffer.alloc(0)
  // To open some devices does something, so that they are looked at first.
  assertRegular(file, await stat(file), maxBytes)
  const handle = await open(file, FLAGS)
  try {
    const chunks = new Chunks(file, assertRegular(file, await handle.stat(), maxBytes), maxBytes)
    for (let count = -1; count !== 0; ) {
      const { bytesRead } = await handle.read(chunks.room())
      count = bytesRead
      chunks.add(count)
    }
    return chunks.whole()
  } finally {
    await handle.close()
  }
}

/**
 * The content of a file as {@link readRegularFile} reads it, in pieces, each of which is good until the
 * next is asked for.
 */
export async function* readRegularFileInPieces(
  file: string,
  maxBytes: number,
): AsyncGenerator<Buffer> {
  if (file === devNull) return
  assertRegular(file, await stat(file), maxBytes)
  const handle = await open(file, FLAGS)
  try {
    assertRegular(file, await handle.stat(), maxBytes)
    const room = Buffer.allocUnsafe(CHUNK_BYTES)
    for (let length = 0; ; ) {
      const { bytesRead } = await handle.read(room)
      if (bytesRead === 0) return
      length += bytesRead
      if (length > maxBytes) throw tooLong(file, maxBytes)
      yield room.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

/** {@link readRegularFile} for a thread that may wait for its disk. */
export function readRegularFileSync(file: string, maxBytes: number): Buffer {
  if (file === devNull) return Buffer.alloc(0)
  const fd = openRegularFileSync(file)
  try {
    const chunks = new Chunks(file, assertRegular(file, fstatSync(fd), maxBytes), maxBytes)
    for (let count = -1; count !== 0; ) {
      count = readSync(fd, chunks.room())
      chunks.add(count)
    }
    return chunks.whole()
  } finally {
    closeSync(fd)
  }
}

/** Opens the regular file at `file`, links followed, to read. Throws as {@link readRegularFile}. */
export function openRegularFileSync(file: string): number {
  assertRegular(file, statSync(file))
  const fd = openSync(file, FLAGS)
  try {
    assertRegular(file, fstatSync(fd))
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** How an error of reading a file is said: a predicate without the file's name. */
export function readFault(error: unknown, code: string): string {
  return error instanceof UnfitFileError ? error.message : `cannot be read (${code || 'unknown'})`
}

/** Returns its size. */
function assertRegular(file: string, stats: Stats, maxBytes = Number.POSITIVE_INFINITY): number {
  if (stats.isDirectory()) throw new UnfitFileError(file, 'EISDIR', 'is a directory, not a file')
  if (!stats.isFile()) {
    const fault = `is ${kindOf(stats)}, not a regular file, which alone is read`
    throw new UnfitFileError(file, 'EINVAL', fault)
  }
  if (stats.size > maxBytes) throw tooLong(file, maxBytes)
  return stats.size
}

function kindOf(stats: Stats): string {
  if (stats.isFIFO()) return 'a pipe'
  return stats.isSocket() ? 'a socket' : 'a device'
}

function tooLong(file: string, maxBytes: number): UnfitFileError {
  const limit = maxBytes >= 2 ** 20 ? `${maxBytes / 2 ** 20} MiB` : `${maxBytes / 2 ** 10} KiB`
  return new UnfitFileError(file, 'EFBIG', `is longer than ${limit}, the most that is read of it`)
}

/** What was read so far, of a file that may grow, or that, as those of /proc, says no size. */
class Chunks {
  readonly #file: string
  readonly #maxBytes: number
  #buffer: Buffer
  #length = 0

  constructor(file: string, size: number, maxBytes: number) {
    this.#file = file
    this.#maxBytes = maxBytes
    // One byte more, to see its end.
    this.#buffer = Buffer.allocUnsafe(size + 1)
  }

  /** Where the next bytes go; never empty. */
  room(): Buffer {
    if (this.#length === this.#buffer.length) {
      const more = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, this.#length))
      this.#buffer = Buffer.concat([this.#buffer, more])
    }
    return this.#buffer.subarray(this.#length)
  }

  add(count: number): void {
    this.#length += count
    if (this.#length > this.#maxBytes) throw tooLong(this.#file, this.#maxBytes)
  }

  whole(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }
}
