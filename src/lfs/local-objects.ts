// Objects of Git LFS that lie in a repository on this machine's disk, where git-lfs keeps them.
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import path from 'node:path'
import { errnoOf } from '../base/errno.js'
import { SyncError } from '../base/errors.js'
import { type LfsObject, missingObjects } from './batch.js'

const { O_NOCTTY, O_NONBLOCK, O_RDONLY } = constants
const STEP_BYTES = 256 * 1024

/** Reads an object of the git directory `gitDir`. Throws `lfs-object-missing`, or why it cannot. */
export async function* readLocalObject(
  gitDir: string,
  object: LfsObject,
): AsyncGenerator<Uint8Array> {
  const { oid } = object
  const file = path.join(gitDir, 'lfs/objects', oid.slice(0, 2), oid.slice(2, 4), oid)
  const handle = await openFile(file, object)
  try {
    if (!(await handle.stat()).isFile()) throw missingObjects([object])
    for (;;) {
      const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(STEP_BYTES))
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

async function openFile(file: string, object: LfsObject): Promise<FileHandle> {
  try {
    // A FIFO would wait for whoever writes to it.
    return await open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY)
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') throw missingObjects([object])
    throw new SyncError(
      'access-denied',
      `The Git LFS object ${file} cannot be read by this user (${code}); change its permissions`,
      { cause: error },
    )
  }
}
