// Files that are needed while a pack is received, such as large blobs: on the volume that they
// are published on, in a directory that exists while there are any.
import path from 'node:path'
import type { VolumeFile } from '../../volume/open-file.js'
import type { Volume } from '../../volume/volume.js'
import { assertLease, type Lease } from '../lease/lease.js'

/** The files of one pack. */
export class IncomingFiles {
  readonly #volume: Volume
  readonly #directory: string
  readonly #lease: Lease | undefined
  #count = 0

  /** In this directory, of whoever holds the lease. */
  constructor(volume: Volume, directory: string, lease: Lease | undefined) {
    this.#volume = volume
    this.#directory = directory
    this.#lease = lease
  }

  /** A file that is not there yet. */
  create(): VolumeFile {
    if (this.#count === 0) {
      this.#volume.removeAll(this.#directory)
      this.#volume.ensureDirectory(this.#directory)
    }
    return this.#volume.file(path.join(this.#directory, String(this.#count++)))
  }

  /** Closes what reads the pack, and removes all files. Never throws. */
  removeAfter(reader: { close(): void }): void {
    try {
      reader.close()
      if (this.#count === 0) return
      // It would be another instance's.
      assertLease(this.#lease)
      this.#volume.removeAll(this.#directory)
      this.#volume.removeIfEmpty(path.dirname(this.#directory))
    } catch {
      // What became of the commit stands: the next run, or inspection, removes what is left.
    } finally {
      this.#volume.close()
    }
  }
}
