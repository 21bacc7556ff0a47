// Files and directories of this service's own, and how any file moves: by paths as Node's fs
// takes them, ordinary ones or those of `toFsPath`. What is published is looked at by volume.ts.
import {
  accessSync,
  closeSync,
  constants,
  type Dirent,
  existsSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  type Stats,
  symlinkSync,
  unlinkSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { toBytePath } from './byte-path.js'
import { NO_FILE, readUnless, tolerating } from './errnos.js'
import { holding } from './held-directories.js'
import { CHANGING, CREATING, type FsPath, readRegular } from './open-file.js'
import { removeTree } from './remove-tree.js'
import { writeAll } from './write-all.js'

/** What is at a path, not following a symlink; undefined where nothing is. */
export function statusOf(path: FsPath): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}

/** Whether a directory is at a path, and not a symlink to one. */
export function isDirectory(path: string): boolean {
  return statusOf(path)?.isDirectory() ?? false
}

/** Whether anything is where a path leads; false where it cannot be told. */
export function exists(path: string): boolean {
  return existsSync(path)
}

/** Whether this process may write; throws the file system's error where it may not. */
export function assertAccess(path: FsPath): void {
  accessSync(path, constants.W_OK)
}

/** The content of a regular file of at most so many bytes; undefined where none is there. */
export function readFile(file: FsPath, maxBytes: number): Buffer | undefined {
  return readUnless(NO_FILE, () => readRegular(file, maxBytes))
}

/** A symlink's target; undefined where the volume answers with one of these codes. */
export function readLinkUnless(codes: readonly string[], link: string): string | undefined {
  return readUnless(codes, () => readlinkSync(link))
}

/** Writes a new file, in place of whatever is there. */
export function writeFile(file: string, content: string | Uint8Array): void {
  removeFile(file)
  const fd = openSync(file, CREATING, 0o666)
  try {
    writeAll(fd, typeof content === 'string' ? Buffer.from(content) : content)
  } finally {
    closeSync(fd)
  }
}

/** Writes a file by way of another, so that nobody sees it half written. */
export function replaceFile(file: string, content: string): void {
  writeFile(`${file}.next`, content)
  replace(`${file}.next`, file)
}

/** Puts a file in the place of whatever is there. */
export function replace(from: string, to: string): void {
  if (tolerating(['EISDIR', 'ENOTEMPTY', 'EEXIST'], () => renameSync(from, to))) return
  removeAll(to)
  renameSync(from, to)
}

/** Gives what is at a path another, in one step. */
export function rename(from: FsPath, to: FsPath): void {
  renameSync(from, to)
}

/** Gives a file a second path. */
export function link(from: FsPath, to: FsPath): void {
  linkSync(from, to)
}

/** Makes a symlink where nothing is. */
export function symlink(target: FsPath, at: FsPath): void {
  symlinkSync(target, at)
}

/** Removes a file or a symlink that is there. */
export function unlink(path: FsPath): void {
  unlinkSync(path)
}

/** Removes what is in the place of a file, if anything is. */
export function removeFile(file: string): void {
  const isGone = tolerating(['EISDIR', 'EPERM'], () =>
    tolerating(['ENOENT'], () => unlinkSync(file)),
  )
  if (!isGone) removeAll(file)
}

/** Removes whatever is at a path, with all that is in it. */
export function removeAll(path: FsPath): void {
  removeTree(typeof path === 'string' ? toBytePath(path) : path.toString('latin1'))
}

/** Like {@link removeAll}, not through a symlink on the way from `base`, which is trusted. */
export function removeBelow(base: string, path: string): void {
  holding(toBytePath(base), (held) => {
    const reached = held.entryIfAny(toBytePath(path))
    if (reached !== undefined) removeTree(reached)
  })
}

/** The names in a directory. */
export function namesIn(directory: string): string[] {
  return readdirSync(directory)
}

/** What lies in a directory. */
export function entriesOf(directory: string): Dirent[] {
  return readdirSync(directory, { withFileTypes: true })
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
