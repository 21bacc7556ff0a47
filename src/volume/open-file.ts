// How files are opened where others may write: never through a symlink, never waiting for
// whoever is at the other end of a FIFO, and nothing but a regular file, of a bounded size.
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'

/** What Node's fs takes for a path. */
export type FsPath = string | Buffer

const { O_CREAT, O_EXCL, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants

/** How anything is opened for reading that is not known. */
export const READING = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY

/** How a file is opened that is to be changed in place. */
export const CHANGING = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY

/** How a file is made where nothing is. */
export const CREATING = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW

/** A file that is open. */
export interface OpenFile {
  fd: number
  stat: Stats
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

function notAFile(path: FsPath, code: string, what: string): Error {
  const message = `${code}: ${what}, open '${path}'`
  return Object.assign(new Error(message), { code, syscall: 'open', path: `${path}` })
}
