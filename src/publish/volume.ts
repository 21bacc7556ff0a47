// The few things asked of a volume, and what it means when it refuses.
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
import { SyncError } from '../base/errors.js'
import { isWithin } from '../base/paths.js'
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

/** Runs `change` at a site; what the file system answers becomes what {@link toVolumeError} says. */
export function guarded<T>({ directory }: { directory: string }, change: () => T): T {
  try {
    return change()
  } catch (error) {
    throw toVolumeError(error, directory)
  }
}

/** Turns an error of the file system into one that says what to do; others pass through. */
export function toVolumeError(error: unknown, directory: string): unknown {
  const code = errnoOf(error)
  if (error instanceof SyncError || code === '' || !(error instanceof Error)) return error
  const place = placeOf(error, directory)
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new SyncError(
        'volume-full',
        `No room is left on the volume of ${place}; make room, then the sync goes on by itself`,
        { cause: error },
      )
    case 'EROFS':
      return new SyncError(
        'volume-failed',
        `The volume of ${place} is read-only (${error.message}); mount it writable`,
        { cause: error },
      )
    case 'ENOTDIR':
    case 'EEXIST':
      return new SyncError(
        'path-blocked',
        `A file stands where a directory must be on the way to ${place} (${error.message}); move it away`,
        { cause: error },
      )
    case 'EACCES':
    case 'EPERM':
      return new SyncError(
        'volume-failed',
        `${place} cannot be written (${error.message}); give this process's user the right to write there`,
        { cause: error },
      )
    case 'ENAMETOOLONG':
      return new SyncError(
        'unsafe-tree',
        `A path or a symlink of the commit is longer than the volume of ${place} takes: shorten it in the repository, or publish to another volume; nothing of this commit is published`,
        { cause: error },
      )
    default:
      return new SyncError(
        'volume-failed',
        `The volume of ${place} failed (${error.message}); it is tried again, look at its storage`,
        { cause: error },
      )
  }
}

/** The published directory; where something failed that is not in it, the directory of that. */
function placeOf(error: Error, directory: string): string {
  if (!('path' in error) || typeof error.path !== 'string') return directory
  if (isWithin(directory, error.path)) return directory
  let place = path.dirname(error.path)
  while (!existsSync(place) && place !== path.dirname(place)) place = path.dirname(place)
  return place
}
