// What was found out of the files of a commit, as they were staged or found right in place: the
// snapshot remembers it once they are published.
import type { Stats } from 'node:fs'
import type { Oid } from '../../git/oid.js'
import { joinBytePath } from '../../volume/byte-path.js'
import { statIfPresent } from '../../volume/volume.js'
import { isRightFile } from '../snapshot/file-content.js'
import { statFields } from '../snapshot/snapshot.js'
import type { TreeFile } from '../tree/tree-diff.js'

/** A file as the commit's tree has it. */
export type CommitFile = Pick<TreeFile, 'path' | 'mode' | 'oid'>

/** What was found out of the files of one commit. */
export class FileRecords {
  /** The directory that is published, as a byte path. */
  readonly #root: string
  /** What {@link statFields} gives of each file, by its path. */
  readonly #stats = new Map<string, ArrayLike<number>>()
  /** Of each converted file, by its path, the oid of its bytes. */
  readonly #contents = new Map<string, Oid>()

  constructor(root: string) {
    this.#root = root
  }

  /** The status of a file; undefined where it was neither staged nor found right. */
  statOf(path: string): ArrayLike<number> | undefined {
    return this.#stats.get(path)
  }

  /** The oid of the bytes of a file that was converted; undefined where it was not. */
  contentOf(path: string): Oid | undefined {
    return this.#contents.get(path)
  }

  /** Remembers a file whose bytes have this oid. */
  keep({ path, oid: stored }: CommitFile, oid: Oid, stat: Stats): void {
    this.#stats.set(path, statFields(stat))
    if (oid !== stored) this.#contents.set(path, oid)
  }

  /** Whether a file is in place whose content has this oid; then it stays, and is remembered. */
  findInPlace(file: CommitFile, oid: Oid): boolean {
    const full = joinBytePath(this.#root, file.path)
    const existing = statIfPresent(full)
    if (!existing || !isRightFile(full, existing, { mode: file.mode, oid })) return false
    this.keep(file, oid, existing)
    return true
  }
}
