// Brings the files of a directory level with those of the worktree in use: what is the same stays,
// all else is given the very file that is published, so that both are one from then on. It costs what
// the two differ by. What others did there meanwhile is left to a look at the result.
import path from 'node:path'
import type { Oid } from '../../git/oid.js'
import { MODE } from '../../git/tree.js'
import { joinBytePath, parentOf } from '../../volume/byte-path.js'
import { NO_FILE, NO_LINK, readUnless, tolerating } from '../../volume/errnos.js'
import type { Volume } from '../../volume/volume.js'
import { carryContent, contentBeyond } from '../snapshot/carry.js'
import { FileStats } from '../snapshot/file-stats.js'
import { bodiesIn } from '../snapshot/origin.js'
import {
  ALL_AS_STORED,
  isAsRemembered,
  modeIn,
  type Snapshot,
  statFields,
} from '../snapshot/snapshot.js'
import { copyFile, permissionsOf } from '../stage/create-file.js'
import type { LinkLayout } from '../target.js'
import { diffTrees, type TreeDiff } from '../tree/tree-diff.js'
import type { TreeFile } from '../tree/tree-places.js'

/** Where so many files could be given no second name, and none was, the volume has no hard links. */
const MOST_REFUSED = 16

/** The worktree in use. */
export interface InUse {
  root: string
  snapshot: Snapshot
  /** Throws when the work is to be given up. */
  checkpoint: () => void
}

/**
 * Makes the directory `root`, which has the files of `before`, hold those of the worktree in use.
 * Returns the status of each; undefined where one in use is not what is remembered of it, or
 * something came in the way.
 */
export function levelFiles(
  links: LinkLayout,
  root: string,
  before: Snapshot | undefined,
  inUse: InUse,
): FileStats | undefined {
  try {
    return readUnless(NO_FILE, () => level(links, root, before, inUse))
  } catch (error) {
    if (error instanceof ChangedInUse) return undefined
    throw error
  }
}

function level(
  links: LinkLayout,
  root: string,
  before: Snapshot | undefined,
  inUse: InUse,
): FileStats {
  const { checkpoint, snapshot } = inUse
  const bodies = bodiesIn(snapshot)
  const readTree = (oid: Oid) => bodies.get(oid) as Buffer
  const { deletes, kept, writes } = diffTrees(
    before?.trees ?? [],
    snapshot.trees[0]?.oid as Oid,
    readTree,
  )
  const { count } = snapshot.stats
  const stats = before ? before.stats.carry(kept, count) : new FileStats(count)
  const converted = convertedBeyond(before, kept, snapshot)
  removeFiles(links.volume, root, deletes, checkpoint)
  const filler = new Filler(links, root, inUse, before !== undefined)
  for (const file of writes.with(snapshot.stats.placesBeyond(stats))) {
    checkpoint()
    const { index } = file
    const isThere = modeIn(stats.at(index)) !== 0 && !converted.has(index)
    const status = filler.place(file, isThere)
    if (status) stats.set(index, status)
  }
  return stats
}

/** The files that stay, but of which a conversion makes another content now. */
function convertedBeyond(
  before: Snapshot | undefined,
  kept: TreeDiff['kept'],
  { commit, content, stats }: Snapshot,
): { has(index: number): boolean } {
  const options = { like: commit, changed: new Map() }
  const carried = carryContent(before?.content ?? ALL_AS_STORED, kept, stats.count, options)
  return contentBeyond(carried, content, commit)
}

/** Gives files their places in a directory. */
class Filler {
  readonly #links: LinkLayout
  readonly #root: string
  readonly #inUse: InUse
  /** Where there may be files already, each comes by way of this path. */
  readonly #aside: string | undefined
  readonly #made = new Set<string>()
  /** False once nothing speaks for it that the volume has hard links. */
  #shares: boolean
  #given = 0
  #refused = 0

  constructor(links: LinkLayout, root: string, inUse: InUse, hasFiles: boolean) {
    this.#links = links
    this.#root = root
    this.#inUse = inUse
    this.#shares = !links.ownFiles
    if (!hasFiles) return
    this.#aside = path.join(links.workshop, 'standby.file')
    links.volume.removeFile(this.#aside)
  }

  /**
   * The status of a file that was put in place; undefined where its own content is there already,
   * and stays. Throws {@link ChangedInUse}.
   */
  place(file: TreeFile, isThere: boolean): ArrayLike<number> | undefined {
    const target = joinBytePath(this.#root, file.path)
    if (file.mode === MODE.gitlink) {
      if (!this.#links.volume.isDirectory(target)) this.#links.volume.removeFile(target)
      this.#ensure(file.path)
      return this.#remembered(file)
    }
    this.#ensure(parentOf(file.path))
    const source = joinBytePath(this.#inUse.root, file.path)
    const at = this.#aside ?? target
    let status: ArrayLike<number> | undefined = this.#remembered(file)
    if (!this.#share(source, at)) {
      if (isThere) return undefined
      status = this.#copy(file, source, at)
    }
    if (at === target) return status
    this.#links.volume.replace(at, target)
    // Where both are one file, nothing was renamed.
    this.#links.volume.removeFile(at)
    return status
  }

  /** Whether the volume gave the file a second name; one that has all it may have gets none. */
  #share(source: string, target: string): boolean {
    if (!this.#shares) return false
    const { volume } = this.#links
    const isGiven = tolerating(NO_LINK, () => volume.link(source, target))
    if (isGiven) this.#given++
    else this.#shares = this.#given > 0 || ++this.#refused < MOST_REFUSED
    return isGiven
  }

  #copy(file: TreeFile, source: string, target: string): ArrayLike<number> {
    const { volume } = this.#links
    const assertUnchanged = () => {
      const stat = volume.stat(source)
      if (!stat || !isAsRemembered(stat, this.#remembered(file))) throw new ChangedInUse()
    }
    assertUnchanged()
    if (file.mode === MODE.symlink) volume.symlink(volume.readLink(source), target)
    else copyFile(volume, volume.open(source), target, permissionsOf(file.mode))
    const copied = volume.stat(target)
    // What changed while it was copied is no copy.
    assertUnchanged()
    if (!copied) throw new ChangedInUse()
    return statFields(copied)
  }

  #remembered({ index }: TreeFile): Float64Array {
    return this.#inUse.snapshot.stats.at(index)
  }

  #ensure(directory: string): void {
    if (this.#made.has(directory)) return
    this.#links.volume.ensureDirectory(joinBytePath(this.#root, directory))
    this.#made.add(directory)
  }
}

/** A file in use is not what is remembered of it. */
class ChangedInUse extends Error {}

/** Removes files, and the directories that this empties. */
function removeFiles(
  volume: Volume,
  root: string,
  files: Iterable<TreeFile>,
  checkpoint: () => void,
): void {
  const emptied = new Set<string>()
  for (const { path } of files) {
    checkpoint()
    volume.removeOne(joinBytePath(root, path))
    emptied.add(parentOf(path))
  }
  for (const directory of emptied) {
    let at = directory
    while (at !== '' && volume.removeIfEmpty(joinBytePath(root, at))) at = parentOf(at)
  }
}
