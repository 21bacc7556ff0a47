// Files that are needed while a pack is received, such as large blobs: on the volume that they
// are published on, in a directory that exists while there are any.
import path from 'node:path'
import { toBytePath } from '../../volume/byte-path.js'
import { removeAll } from '../../volume/files.js'
import { ensureDirectory, removeIfEmpty } from '../../volume/volume.js'
import { assertLease, type Lease } from '../lease/lease.js'

/** The files of one pack. */
export class IncomingFiles {
  readonly #directory: string
  readonly #lease: Lease | undefined
  #count = 0

  /** In this directory, of whoever holds the lease. */
  constructor(directory: string, lease: Lease | undefined) {
    this.#directory = directory
    this.#lease = lease
  }

  /** The path of a file that is not there yet. */
  create(): string {
    if (this.#count === 0) {
      removeAll(this.#directory)
      ensureDirectory(this.#directory)
    }
    return path.join(this.#directory, String(this.#count++))
  }

  /** Closes what reads the pack, and removes all files. Never throws. */
  removeAfter(reader: { close(): void }): void {
    try {
      reader.close()
      if (this.#count === 0) return
      // It would be another instance's.
      assertLease(this.#lease)
      removeAll(this.#directory)
      removeIfEmpty(toBytePath(path.dirname(this.#directory)))
    } catch {
      // What became of the commit stands: the next run, or inspection, removes what is left.
    }
  }
}
