// Files and volumes by ordinary paths, as tests name them.
import { openSync, rmSync } from 'node:fs'
import path from 'node:path'
import { toBytePath, toFsPath } from '../../src/volume/byte-path.js'
import { CREATING, openRegular, type VolumeFile } from '../../src/volume/open-file.js'
import { Volume } from '../../src/volume/volume.js'

/** The file at a byte path, to be made or opened. */
export function fileAt(file: string): VolumeFile {
  return {
    path: file,
    create: () => openSync(toFsPath(file), CREATING),
    open: () => openRegular(toFsPath(file)),
    remove: () => rmSync(toFsPath(file), { force: true }),
  }
}

/** A volume below a directory; nothing is held that somebody would have to let go of. */
export function volumeAt(directory: string): Volume {
  return new Volume(toBytePath(directory), null)
}

/** Where a snapshot is kept in a directory. */
export function snapshotAt(stateDirectory: string): { volume: Volume; stateDirectory: string } {
  return { volume: volumeAt(path.dirname(stateDirectory)), stateDirectory }
}
