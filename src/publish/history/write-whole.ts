// A file of a repository is written under another name, and put in place whole. The other name is
// where git looks for nothing, and the same for all: what a kill leaves there is written over.
import path from 'node:path'
import { SyncError } from '../../base/errors.js'
import { displayPath } from '../../volume/byte-path.js'
import { ABSENT, readUnless, tolerating, UNREADABLE } from '../../volume/errnos.js'
import type { Volume } from '../../volume/volume.js'
import { type RepositoryFiles, withLock } from './git-lock.js'

/** How often a directory is made for one file. */
const MOST_TRIES = 3
/** What a volume answers where a directory is in the place of a file. */
const IS_DIRECTORY = ['EISDIR', 'ENOTEMPTY', 'EEXIST']

/**
 * Writes a file that git writes, too, under its lock; `check` is run once nobody else writes it. Throws
 * `path-blocked` where a directory is in its place.
 */
export function writeShared(
  place: RepositoryFiles,
  file: string,
  pieces: Iterable<Uint8Array>,
  check: () => void = () => undefined,
): void {
  const { repository, volume } = place
  const staged = stage(volume, repository, pieces)
  withLock(place, file, () => {
    check()
    putInPlace(volume, staged, file)
  })
}

/** Like {@link writeShared}, of a text, where another is there. */
export function writeSharedText(
  place: RepositoryFiles,
  file: string,
  text: string,
  check?: () => void,
): void {
  const { volume } = place
  if (isThere(volume, file, text)) return
  inDirectory(volume, place.repository, path.dirname(file), () => {
    writeShared(place, file, [Buffer.from(text, 'latin1')], check)
  })
}

/** Writes a text to a file that git does not write, or under a lock of it, where another is there. */
export function writeText(volume: Volume, repository: string, file: string, text: string): void {
  if (isThere(volume, file, text)) return
  inDirectory(volume, repository, path.dirname(file), () => {
    putInPlace(volume, stage(volume, repository, [Buffer.from(text, 'latin1')]), file)
  })
}

/** Works in a directory that git removes, too, where it finds it empty: then it is made once more. */
function inDirectory(
  volume: Volume,
  repository: string,
  directory: string,
  work: () => void,
): void {
  const attempt = () => {
    volume.ensureDirectory(directory)
    work()
  }
  for (let tries = 1; tries < MOST_TRIES; tries++) {
    if (tolerating(['ENOENT'], attempt)) return
    // What was removed may be held open still.
    volume.forget(repository)
  }
  attempt()
}

function isThere(volume: Volume, file: string, text: string): boolean {
  const known = readUnless(UNREADABLE, () => volume.readBytes(file, text.length))
  return known?.toString('latin1') === text
}

function stage(volume: Volume, repository: string, pieces: Iterable<Uint8Array>): string {
  const staged = path.join(repository, 'git-autosync.next')
  volume.removeFile(staged)
  volume.writeNew(staged, 0o666, pieces)
  volume.flush(staged)
  return staged
}

function putInPlace(volume: Volume, staged: string, file: string): void {
  if (tolerating(IS_DIRECTORY, () => volume.rename(staged, file))) return
  // Git, too, leaves some behind where refs were.
  removeEmpty(volume, file)
  if (!tolerating(IS_DIRECTORY, () => volume.rename(staged, file))) throw inTheWay(file)
}

/** Removes directories in which there is no file. */
function removeEmpty(volume: Volume, directory: string): void {
  for (const entry of readUnless(ABSENT, () => volume.entries(directory)) ?? []) {
    if (entry.isDirectory()) removeEmpty(volume, path.join(directory, entry.name))
  }
  volume.removeIfEmpty(directory)
}

function inTheWay(file: string): SyncError {
  return new SyncError(
    'path-blocked',
    `${displayPath(file)} is no file, where one of the repository of the entry's history is to be; move it away, then the sync goes on by itself`,
  )
}
