// What must be on the disk itself before the next step is taken, so that it survives a loss of
// power. In this order:
// 1. the staged files of a small update, and the directories they are staged in;
// 2. the next snapshot and the journal, then the journal's name;
// 3. only then the first rename of a published file; in symlink mode, the link is renamed after
//    all of this, and then its directory is synced.
// A large update is not synced file by file: that takes minutes on some disks, and git does not
// do it either. Instead every snapshot names the boot of the machine it was written in, and the
// first look in another boot compares the content of every file.
import { joinBytePath } from './byte-path.js'
import type { Volume } from './volume.js'

/** Of an update with more files than this, no file is synced for itself. */
const MAX_FILES = 256

/** Waits until what was staged in a state directory is on the disk. */
export function flushStaged(volume: Volume, directory: string): void {
  for (const name of volume.names(directory)) {
    if (name.endsWith('.next')) volume.flush(joinBytePath(directory, name))
  }
}

/** Waits until all that lies in a directory is on the disk, where that is not too much. */
export function flushSmallTree(volume: Volume, root: string): void {
  if (!volume.isDirectory(root)) return
  const found: { path: string; isDirectory: boolean }[] = []
  for (const one of volume.list(root)) if (found.push(one) > MAX_FILES) return
  for (const { path, isDirectory } of found.reverse()) {
    const full = joinBytePath(root, path)
    if (isDirectory) volume.flushDirectory(full)
    // A symlink's target is a part of its directory.
    else if (volume.stat(full)?.isFile()) volume.flush(full)
  }
  volume.flushDirectory(root)
}
