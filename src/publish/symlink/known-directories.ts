// What is remembered of the directories of a worktree that nobody is to change, and the look that is
// so spared: whatever is put into a directory, taken from it or exchanged there changes its time,
// so that only those are gone through whose time is another than at the last look.
import path from 'node:path'
import { MODE } from '../../git/tree.js'
import { joinBytePath } from '../../volume/byte-path.js'
import { NO_FILE, readUnless } from '../../volume/errnos.js'
import { moduleGitfiles } from '../snapshot/origin.js'
import {
  CHECKSUM_BYTES,
  encodeHeader,
  seal,
  unlessDamaged,
  unseal,
} from '../snapshot/sealed-bytes.js'
import { isAsRemembered, type Snapshot } from '../snapshot/snapshot.js'
import type { SnapshotPlace } from '../snapshot/store.js'
import type { DirectoryLayout } from '../target.js'
import { cursorOf, type TreeRecord, treeAt } from '../tree/tree-places.js'

/** The inode of each directory, and when it was changed last, in milliseconds since the epoch. */
export type KnownDirectories = Map<string, readonly [ino: number, ctimeMs: number]>

const MAGIC = 'git-autosync directories 1\n'
/** What is larger was not written by this service, in bytes. */
const MAX_BYTES = 256 * 1024 * 1024
/** No time that a directory has. */
const UNSURE = -1

/** What is remembered; nothing, where that cannot be read. */
export function readDirectories({ stateDirectory, volume }: SnapshotPlace): KnownDirectories {
  const bytes = volume.readFile(fileIn(stateDirectory), MAX_BYTES)
  const content = bytes && unseal(bytes, MAGIC)
  const known = unlessDamaged(() => {
    const rows: [string, number, number][] = JSON.parse(
      content?.toString('latin1', MAGIC.length) ?? '[]',
    )
    return new Map(rows.map(([directory, ino, ctimeMs]) => [directory, [ino, ctimeMs] as const]))
  })
  return known ?? new Map()
}

/**
 * Remembers what a look found; not of what was changed so late that another change could have the
 * same time: at `nowMs` by the clock of the volume, in milliseconds since the epoch.
 */
export function writeDirectories(
  { stateDirectory, volume }: SnapshotPlace,
  found: KnownDirectories,
  nowMs: number,
): void {
  const rows = Array.from(found, ([directory, [ino, ctimeMs]]) => {
    return [directory, ino, ctimeMs < nowMs ? ctimeMs : UNSURE]
  })
  const bytes = seal(Buffer.concat([encodeHeader(MAGIC, rows), Buffer.alloc(CHECKSUM_BYTES)]))
  volume.writeFile(fileIn(stateDirectory), bytes)
}

const fileIn = (stateDirectory: string) => path.join(stateDirectory, 'directories')

/**
 * Looks into each directory that is not as it is known, and returns what is to be known of them all;
 * undefined where one holds anything else than the snapshot stands for.
 */
export function lookInto(
  layout: Pick<DirectoryLayout, 'root' | 'volume'>,
  snapshot: Snapshot,
  known: KnownDirectories,
  checkpoint: () => void = () => undefined,
): KnownDirectories | undefined {
  const look = new Look(layout, snapshot, checkpoint)
  return look.isRight(known) ? look.found : undefined
}

class Look {
  readonly found: KnownDirectories = new Map()
  readonly #layout: Pick<DirectoryLayout, 'root' | 'volume'>
  readonly #snapshot: Snapshot
  readonly #checkpoint: () => void
  /** What leads to repositories. */
  readonly #gitfiles: ReadonlySet<string>

  constructor(
    layout: Pick<DirectoryLayout, 'root' | 'volume'>,
    snapshot: Snapshot,
    checkpoint: () => void,
  ) {
    this.#layout = layout
    this.#snapshot = snapshot
    this.#checkpoint = checkpoint
    const { history, origin } = snapshot
    this.#gitfiles = new Set(history ? ['.git', ...moduleGitfiles(origin)] : [])
  }

  isRight(known: KnownDirectories): boolean {
    const changed: string[] = []
    for (const [directory, [ino, ctimeMs]] of known) {
      this.#checkpoint()
      const now = this.#find(directory)
      if (now && (now[0] !== ino || now[1] !== ctimeMs)) changed.push(directory)
    }
    if (!known.has('')) {
      this.#find('')
      changed.push('')
    }
    return changed.every((directory) => this.#isRight(directory))
  }

  /** Whether a directory that is there holds what it should. */
  #isRight(directory: string): boolean {
    const { trees } = this.#snapshot
    const at = directory === '' ? { tree: 0, file: 0 } : treeAt(trees, directory)
    // Of a submodule that is not published, or one that is to be gone: then its parent tells.
    if (!at) return this.#entriesOf(directory)?.size === 0
    return this.#holds(directory, at)
  }

  #holds(directory: string, at: { tree: number; file: number }): boolean {
    const { stats, trees } = this.#snapshot
    const left = this.#entriesOf(directory)
    if (!left) return false
    let [tree, file] = [at.tree + 1, at.file]
    for (const entries = cursorOf(trees[at.tree] as TreeRecord); entries.next(); ) {
      this.#checkpoint()
      const path = joinBytePath(directory, entries.name)
      const isDirectory = left.get(entries.name)
      left.delete(entries.name)
      if (entries.mode === MODE.tree) {
        const below = trees[tree] as TreeRecord
        if (!isDirectory || !this.#isKnownOr(path, () => this.#holds(path, { tree, file }))) {
          return false
        }
        tree += below.trees
        file += below.files
        continue
      }
      if (entries.mode === MODE.gitlink) {
        if (!isDirectory || !this.#isKnownOr(path, () => this.#isRight(path))) return false
      } else {
        const stat = this.#layout.volume.stat(joinBytePath(this.#layout.root, path))
        if (!stat || !isAsRemembered(stat, stats.at(file))) return false
      }
      file++
    }
    return [...left].every(([name, isDirectory]) => {
      return !isDirectory && this.#gitfiles.has(joinBytePath(directory, name))
    })
  }

  /** Whether a directory was met before, or `holds` what it should. */
  #isKnownOr(directory: string, holds: () => boolean): boolean {
    return this.found.has(directory) || (this.#find(directory) !== undefined && holds())
  }

  /** Takes down how a directory is found. */
  #find(directory: string): readonly [number, number] | undefined {
    const { root, volume } = this.#layout
    const stat = volume.stat(joinBytePath(root, directory))
    if (!stat?.isDirectory()) return undefined
    const found = [stat.ino, stat.ctimeMs] as const
    this.found.set(directory, found)
    return found
  }

  /** What is in a directory, by its name, and whether that is one, too. */
  #entriesOf(directory: string): Map<string, boolean> | undefined {
    const { root, volume } = this.#layout
    const entries = readUnless(NO_FILE, () => volume.entries(joinBytePath(root, directory)))
    return entries && new Map(entries.map((entry) => [entry.name, entry.isDirectory()]))
  }
}
