// How files are opened where others may write: never through a symlink, never waiting for
// whoever is at the other end of a FIFO, and nothing but a regular file, of a bounded size.
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  writeSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { ABSENT, NO_FILE, readUnless } from './errnos.js'

/** What Node's fs takes for a path. */
export type FsPath = string | Buffer

const { O_CREAT, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants

/** How anything is opened for reading that is not known. */
export const READING = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY

/** How a file is opened that is to be changed in place. */
const CHANGING = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY

/** How a file is made where nothing is. */
export const CREATING = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW

/** A file that is open. */
export interface OpenFile {
  fd: number
  stat: Stats
}

/** A file of a volume that is opened when it is needed. */
export interface VolumeFile {
  /** A byte path. */
  path: string
  /** Makes it where nothing is, to be written and read; returns its descriptor. */
  create(): number
  /** Throws as {@link openRegular} does. */
  open(): OpenFile
  /** Removes it, where it is still there. */
  remove(): void
}

/** What is at a path, not following a symlink; undefined where nothing is. */
export function lstatIfAny(path: FsPath): Stats | undefined {
  // ENOTDIR: a file where a directory was expected; then nothing can be below it.
  return readUnless(ABSENT, () => lstatSync(path, { throwIfNoEntry: false }))
}

/** Opens a regular file for reading. Throws as the system does where it is none, or `EINVAL`. */
export function openRegular(path: FsPath): OpenFile {
  const fd = openSync(path, READING)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw notAFile(path, 'EINVAL', 'not a regular file')
    return { fd, stat }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** The content of a regular file. Throws `EFBIG` where it has more than `maxBytes`. */
export function readRegular(path: FsPath, maxBytes: number): Buffer {
  const { fd, stat } = openRegular(path)
  try {
    if (stat.size > maxBytes) throw notAFile(path, 'EFBIG', 'file too large')
    const content = Buffer.allocUnsafeSlow(stat.size)
    let length = 0
    // Not beyond what it was when it was opened: it may grow as it is read.
    while (length < content.length) {
      const count = readSync(fd, content, length, content.length - length, length)
      if (count === 0) break
      length += count
    }
    return content.subarray(0, length)
  } finally {
    closeSync(fd)
  }
}

/** The last `length` bytes of a regular file, or as many as it has, and its status. */
export function readEndOf(path: FsPath, length: number): { bytes: Buffer; stat: Stats } {
  const { fd, stat } = openRegular(path)
  try {
    const bytes = Buffer.alloc(Math.min(length, stat.size))
    const count = readSync(fd, bytes, 0, bytes.length, stat.size - bytes.length)
    return { bytes: bytes.subarray(0, count), stat }
  } finally {
    closeSync(fd)
  }
}

/** Like {@link readRegular}; undefined where no such file is there. */
export function readIfRegular(path: FsPath, maxBytes: number): Buffer | undefined {
  return readUnless(NO_FILE, () => readRegular(path, maxBytes))
}

/**
 * Writes the first `length` bytes of a file in place, as `next` makes them of what is there.
 * Returns false where that is undefined.
 */
export async function rewrite(
  file: string,
  length: number,
  next: (content: Buffer) => Uint8Array | undefined,
): Promise<boolean> {
  const handle = await open(file, CHANGING)
  try {
    if (!(await handle.stat()).isFile()) return false
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0)
    const bytes = next(buffer.subarray(0, bytesRead))
    if (!bytes) return false
    await handle.write(bytes, 0, length, 0)
    return true
  } finally {
    await handle.close()
  }
}

/** Like {@link rewrite}, in a thread that may be blocked: it takes a seventh of the processor time. */
export function rewriteSync(
  file: string,
  length: number,
  next: (content: Buffer) => Uint8Array | undefined,
): boolean {
  const fd = openSync(file, CHANGING)
  try {
    if (!fstatSync(fd).isFile()) return false
    const content = Buffer.alloc(length)
    const bytes = next(content.subarray(0, readSync(fd, content, 0, length, 0)))
    if (!bytes) return false
    writeSync(fd, bytes, 0, length, 0)
    return true
  } finally {
    closeSync(fd)
  }
}

function notAFile(path: FsPath, code: string, what: string): Error {
  const message = `${code}: ${what}, open '${path}'`
  return Object.assign(new Error(message), { code, syscall: 'open', path: `${path}` })
}
