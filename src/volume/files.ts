// Files and directories of this service's own, and how any file moves: by paths as Node's fs
// takes them, ordinary ones or those of `toFsPath`. What is published is looked at by volume.ts.
import {
  accessSync,
  constants,
  type Dirent,
  existsSync,
  linkSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { readUnless } from './errnos.js'

/** What Node's fs takes for a path. */
type FsPath = string | Buffer

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

/** The status of what a path leads to, through symlinks. */
export function statusBehind(path: FsPath): Stats {
  return statSync(path)
}

/** Whether this process may write; throws the file system's error where it may not. */
export function assertAccess(path: FsPath): void {
  accessSync(path, constants.W_OK)
}

/** A file's content. */
export function readFile(file: FsPath): Buffer {
  return readFileSync(file)
}

/** A file's content; undefined where the volume answers with one of these codes. */
export function readFileUnless(codes: readonly string[], file: string): Buffer | undefined {
  return readUnless(codes, () => readFileSync(file))
}

/** A symlink's target; undefined where the volume answers with one of these codes. */
export function readLinkUnless(codes: readonly string[], link: string): string | undefined {
  return readUnless(codes, () => readlinkSync(link))
}

/** Writes a file, over what it held before. */
export function writeFile(file: string, content: string | Uint8Array): void {
  writeFileSync(file, content)
}

/** Writes a file by way of another, so that nobody sees it half written. */
export function replaceFile(file: string, content: string): void {
  writeFileSync(`${file}.next`, content)
  renameSync(`${file}.next`, file)
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

/** Removes a file, if there is one. */
export function removeFile(file: string): void {
  rmSync(file, { force: true })
}

/** Removes whatever is at a path, with all that is in it. */
export function removeAll(path: FsPath): void {
  rmSync(path, { recursive: true, force: true })
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
  const handle = await open(file, 'r+')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0)
    const bytes = next(buffer.subarray(0, bytesRead))
    if (!bytes) return false
    await handle.write(bytes, 0, length, 0)
    return true
  } finally {
    await handle.close()
  }
}
