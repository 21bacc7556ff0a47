// A file of a repository is written under another name, and put in place whole. The other name is
// where git looks for nothing, and the same for all: what a kill leaves there is written over. Locks
// are not taken, so that none is left; those of others, who started from what was there before, go.
import path from 'node:path'
import { readUnless, UNREADABLE } from '../../volume/errnos.js'
import type { Volume } from '../../volume/volume.js'

/** The content of a file that git may be writing, too. */
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
  volume.removeFile(`${file}.lock`)
  volume.replace(staged, file)
}

/** Writes a text where another is there. */
export function writeText(volume: Volume, repository: string, file: string, text: string): void {
  const known = readUnless(UNREADABLE, () => volume.readBytes(file, text.length))
  if (known?.toString('latin1') === text) {
    // What a kill of git left behind would block the next git.
    volume.removeFile(`${file}.lock`)
    return
  }
  volume.ensureDirectory(path.dirname(file))
  writeWhole(volume, repository, file, [Buffer.from(text, 'latin1')])
}
