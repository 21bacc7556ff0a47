// What must be on the disk itself before the next step is taken, so that it survives a loss of
// power. In this order:
// 1. the staged files of a small update, and the directories they are staged in;
// 2. the next snapshot and the journal, then the journal's name;
// 3. only then the first rename of a published file; in symlink mode, the link is renamed after
//    all of this, and then its directory is synced.
// A large update is not synced file by file: that takes minutes on some disks, and git does not
// do it either. Instead every snapshot names the boot of the machine it was written in, and the
// first look in another boot compares the content of every file.
import { closeSync, fsyncSync, openSync, readdirSync } from 'node:fs'
import { joinBytePath, toFsPath } from './byte-path.js'
import { NO_SYNC, readUnless, tolerating } from './errnos.js'
import { READING } from './open-file.js'
import { listTree, statIfPresent } from './volume.js'

/** Of an update with more files than this, no file is synced for itself. */
const MAX_FILES = 256

/** Waits until a file's content, or the names in a directory, are on the disk. */
export function flush(bytePath: string): void {
  const file = readUnless(['ELOOP', 'ENXIO'], () => openSync(toFsPath(bytePath), READING))
  // A symlink, or a socket, that others put there.
  if (file === undefined) return
  try {
    tolerating(NO_SYNC, () => fsyncSync(file))
  } finally {
    closeSync(file)
  }
}

/** Waits until what was staged in a state directory is on the disk. */
export function flushStaged(directory: string): void {
  for (const name of readdirSync(toFsPath(directory))) {
    if (name.endsWith('.next')) flush(joinBytePath(directory, name))
  }
}

/** Waits until all that lies in a directory is on the disk, where that is not too much. */
export function flushSmallTree(root: string): void {
  if (!statIfPresent(root)?.isDirectory()) return
  const found = listTree(root)
  if (found.length > MAX_FILES) return
  for (const { path, isDirectory } of found.reverse()) {
    const full = joinBytePath(root, path)
    // A symlink's target is a part of its directory.
    if (isDirectory || statIfPresent(full)?.isFile()) flush(full)
  }
  flush(root)
}
