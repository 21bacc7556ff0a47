// The few things asked of a volume. What it means when it refuses, volume-error.ts tells.
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  type Stats,
  unlinkSync,
} from 'node:fs'
import path from 'node:path'
import { errnoOf } from '../base/errno.js'
import { writeAll } from '../base/write-all.js'
import { joinBytePath, parentOf, toFsPath } from './byte-path.js'

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

/** What a volume answers that nothing can be written on, now or ever. */
export const UNWRITABLE = ['EROFS', 'EACCES', 'EPERM', 'ENOSPC', 'EDQUOT']

/** What `read` gives; undefined where the volume answers with one of these codes. */
export function readUnless<T>(codes: readonly string[], read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (codes.includes(errnoOf(error))) return undefined
    throw error
  }
}

/** Runs `change`, for which it is fine that what it would change is in one of these states already. */
export function tolerating(codes: readonly string[], change: () => void): boolean {
  try {
    change()
    return true
  } catch (error) {
    if (codes.includes(errnoOf(error))) return false
    throw error
  }
}

/** Writes a new file; it must not exist. The process's umask applies, as for git. */
export function writeNewFile(path: string, mode: number, bytes: Uint8Array): void {
  const file = openSync(toFsPath(path), 'wx', mode)
  try {
    writeAll(file, bytes)
  } finally {
    closeSync(file)
  }
}

/** Makes a directory, and those above it, where there is none. An ordinary path. */
export function ensureDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true })
  } catch (error) {
    // Node says so of a volume that is read-only as well: the one call that fails tells why.
    if (errnoOf(error) === 'ENOENT') mkdirSync(firstMissing(directory))
    throw error
  }
}

function firstMissing(directory: string): string {
  const parent = path.dirname(directory)
  return existsSync(parent) ? directory : firstMissing(parent)
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
  const fine = ['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST', 'EBUSY', 'EROFS', 'EACCES', 'EPERM']
  return tolerating(fine, () => rmdirSync(toFsPath(path)))
}

/**
 * Removes a file, or a directory with all that is in it but `except`, a byte path as all others,
 * unless `checkpoint` throws on the way.
 */
export function removeTree(path: string, checkpoint: () => void, except?: string): void {
  if (path === except) return
  checkpoint()
  if (!statIfPresent(path)?.isDirectory()) {
    removeOne(path)
    return
  }
  for (const name of readdirSync(toFsPath(path), 'latin1')) {
    removeTree(joinBytePath(path, name), checkpoint, except)
  }
  const isKept = except?.startsWith(`${path}/`) ?? false
  if (!isKept) tolerating(['ENOENT'], () => rmdirSync(toFsPath(path)))
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

/** The relative byte paths of everything below a directory, each before what lies in it. */
export function listTree(root: string, directory = ''): { path: string; isDirectory: boolean }[] {
  const found: { path: string; isDirectory: boolean }[] = []
  const names = readdirSync(toFsPath(joinBytePath(root, directory)), {
    withFileTypes: true,
    encoding: 'latin1',
  })
  for (const entry of names) {
    const path = joinBytePath(directory, entry.name)
    found.push({ path, isDirectory: entry.isDirectory() })
    if (entry.isDirectory()) for (const below of listTree(root, path)) found.push(below)
  }
  return found
}
