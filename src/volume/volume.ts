// What is asked of a volume of what is published: by byte paths, and never through a symlink.
// What it means when it refuses, volume-error.ts tells.
import {
  closeSync,
  type Dirent,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  type Stats,
  unlinkSync,
} from 'node:fs'
import path from 'node:path'
import { errnoOf } from '../base/errno.js'
import { joinBytePath, parentOf, toFsPath } from './byte-path.js'
import { NOT_REMOVABLE, tolerating } from './errnos.js'
import { CREATING, readRegular } from './open-file.js'
import { writeAll } from './write-all.js'

/** The status of what is at a byte path, not following a symlink; undefined where nothing is. */
export function statIfPresent(path: string): Stats | undefined {
  try {
    return lstatSync(toFsPath(path), { throwIfNoEntry: false })
  } catch (error) {
    // A file where a directory was expected: then nothing can be below it.
    if (errnoOf(error) === 'ENOTDIR') return undefined
    throw error
  }
}

/** The status of what is at a byte path, not following a symlink. */
export function statOf(path: string): Stats {
  return lstatSync(toFsPath(path))
}

/** Whether two byte paths lead to one file. */
export function isSameFile(one: string, other: string): boolean {
  const [a, b] = [statIfPresent(one), statIfPresent(other)]
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev
}

/** The content of the regular file at a byte path. Throws `EFBIG` beyond `maxBytes`. */
export function readBytes(path: string, maxBytes: number): Buffer {
  return readRegular(toFsPath(path), maxBytes)
}

/** The target of a symlink, as bytes. */
export function readLink(path: string): Buffer {
  return readlinkSync(toFsPath(path), { encoding: 'buffer' })
}

/** Writes a new file; it must not exist. The process's umask applies, as for git. */
export function writeNewFile(path: string, mode: number, bytes: Uint8Array): void {
  writeNewPieces(path, mode, [bytes])
}

/** Like {@link writeNewFile}, one piece after the other. */
export function writeNewPieces(path: string, mode: number, pieces: Iterable<Uint8Array>): void {
  const file = openSync(toFsPath(path), CREATING, mode)
  try {
    for (const piece of pieces) writeAll(file, piece)
  } finally {
    closeSync(file)
  }
}

/**
 * Makes a directory, and those above it, where there is none; each is tried once, as Node's own
 * recursion never ends where a volume says of a directory that is there that it is not. An
 * ordinary path.
 */
export function ensureDirectory(directory: string): void {
  const missing: string[] = []
  for (let at = directory; !isThere(at); at = path.dirname(at)) {
    missing.push(at)
    if (at === path.dirname(at)) break
  }
  // Another may be at it as well.
  for (const at of missing.reverse()) tolerating(['EEXIST'], () => mkdirSync(at))
  if (!isThere(directory)) throw notADirectory(directory)
}

/** Whether a path leads to a directory. */
function isThere(directory: string): boolean {
  return existsSync(`${directory}/.`)
}

function notADirectory(directory: string): Error {
  const message = `ENOTDIR: not a directory, mkdir '${directory}'`
  return Object.assign(new Error(message), { code: 'ENOTDIR', syscall: 'mkdir', path: directory })
}

/** Makes one directory; there must be none. A byte path. */
export function makeDirectory(path: string): void {
  mkdirSync(toFsPath(path))
}

/** Removes a file, or a directory that is empty; returns whether it did. A mount point stays. */
export function removeOne(path: string): boolean {
  const stat = statIfPresent(path)
  if (!stat) return false
  if (stat.isDirectory()) return removeIfEmpty(path)
  return tolerating(['ENOENT', 'EBUSY'], () => unlinkSync(toFsPath(path)))
}

/**
 * Removes a directory that is empty; returns whether it did. A mount point stays, and so does one
 * on a volume that cannot be written, where nothing tells whether it is empty.
 */
export function removeIfEmpty(path: string): boolean {
  return tolerating(NOT_REMOVABLE, () => rmdirSync(toFsPath(path)))
}

/** Answers whether a directory below a root is there, and no symlink on the way to it. */
export function realDirectories(root: string): (directory: string) => boolean {
  const known = new Set<string>()
  const isReal = (directory: string): boolean => {
    if (known.has(directory)) return true
    if (directory !== '' && !isReal(parentOf(directory))) return false
    const real = statIfPresent(joinBytePath(root, directory))?.isDirectory() ?? false
    if (real) known.add(directory)
    return real
  }
  return isReal
}

/** The names in a directory, as byte strings. */
export function namesAt(directory: string): string[] {
  return readdirSync(toFsPath(directory), 'latin1')
}

/** What lies in a directory; the names are byte strings. */
export function entriesIn(directory: string): Dirent[] {
  return readdirSync(toFsPath(directory), { withFileTypes: true, encoding: 'latin1' })
}

/** The relative byte paths of everything below a directory, each before what lies in it. */
export function listTree(root: string, directory = ''): { path: string; isDirectory: boolean }[] {
  const found: { path: string; isDirectory: boolean }[] = []
  for (const entry of entriesIn(joinBytePath(root, directory))) {
    const path = joinBytePath(directory, entry.name)
    found.push({ path, isDirectory: entry.isDirectory() })
    if (entry.isDirectory()) for (const below of listTree(root, path)) found.push(below)
  }
  return found
}
