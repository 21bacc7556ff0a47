// Files that are needed while a pack is received, such as large blobs: on the volume that they
// are published on, in a directory that exists while there are any.
import path from 'node:path'
import { toBytePath } from '../../volume/byte-path.js'
import { removeAll, statusOf } from '../../volume/files.js'
import { ensureDirectory, removeIfEmpty } from '../../volume/volume.js'
import { guarded } from '../../volume/volume-error.js'
import { assertLease } from '../lease/lease.js'
import { assertOwnDirectories } from '../own-directories.js'
import { ownDirectory, type Site, worktreePlace } from '../target.js'

/** The files of one pack. */
export class IncomingFiles {
  readonly #site: Site
  readonly #directory: string
  #count = 0

  /** Throws a SyncError where the directory would be behind a symlink. */
  constructor(site: Site) {
    this.#site = site
    this.#directory = incomingDirectory(site)
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
      assertLease(this.#site.lease)
      removeAll(this.#directory)
      removeIfEmpty(toBytePath(path.dirname(this.#directory)))
    } catch {
      // What became of the commit stands: the next run, or inspection, removes what is left.
    }
  }
}

/** Where the {@link IncomingFiles} of a site are. Throws as they do. */
export function incomingDirectory(site: Site): string {
  guarded(site, () => assertOwnDirectories(site))
  const existing = statusOf(site.directory)
  // What a symlink leads to is not to be written.
  const isBeside = site.mode === 'symlink' || existing?.isSymbolicLink()
  const parent = isBeside ? worktreePlace(site).worktrees : ownDirectory(site.directory)
  return path.join(parent, 'incoming')
}
