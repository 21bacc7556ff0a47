// A file of a repository is written under another name, and put in place whole. The other name is
// where git looks for nothing, and the same for all: what a kill leaves there is written over. Locks
// are not taken, so that none is left; those of others, who started from what was there before, go.
import path from 'node:path'
import { SyncError } from '../../base/errors.js'
import { displayPath } from '../../volume/byte-path.js'
import { ABSENT, readUnless, tolerating, UNREADABLE } from '../../volume/errnos.js'
import type { Volume } from '../../volume/volume.js'

/** What a volume answers where a directory is in the place of a file. */
const IS_DIRECTORY = ['EISDIR', 'ENOTEMPTY', 'EEXIST']

/** The content of a file that git may be writing, too. Throws `path-blocked` where a directory is. */
export function writeWhole(
  volume: Volume,
  repository: string,
  file: string,
  pieces: Iterable<Uint8Array>,
): void {
  const staged = path.join(repository, 'git-autosync.next')
  volume.removeFile(staged)
  volume.writeNew(staged, 0o666, pieces)
  volume.flush(staged)
  removeLock(volume, file)
  if (tolerating(IS_DIRECTORY, () => volume.rename(staged, file))) return
  // Git, too, leaves some behind where refs were.
  removeEmpty(volume, file)
  if (!tolerating(IS_DIRECTORY, () => volume.rename(staged, file))) throw inTheWay(file)
}

function removeLock(volume: Volume, file: string): void {
  tolerating([...ABSENT, 'EISDIR', 'EPERM'], () => volume.unlink(`${file}.lock`))
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

/** Writes a text where another is there. */
export function writeText(volume: Volume, repository: string, file: string, text: string): void {
  const known = readUnless(UNREADABLE, () => volume.readBytes(file, text.length))
  if (known?.toString('latin1') === text) {
    // What a kill of git left behind would block the next git.
    removeLock(volume, file)
    return
  }
  volume.ensureDirectory(path.dirname(file))
  writeWhole(volume, repository, file, [Buffer.from(text, 'latin1')])
}
