// What must change for one tree to become another: a pure function of the two. Subtrees
// that are equal are never looked into, so the cost is that of what changed.
import { type Limits, tooLarge, UNLIMITED } from '../../git/limits.js'
import type { Oid } from '../../git/oid.js'
import { decodeTree, MODE, type Mode, type TreeEntry } from '../../git/tree.js'
import { joinBytePath } from '../../volume/byte-path.js'
import { assertSafeTree, sortKey } from './safe-name.js'

/** One occurrence of a tree object; a published tree is the list of them in pre-order. */
export interface TreeRecord {
  oid: Oid
  body: Buffer
  /** How many occurrences lie in this one, itself included. */
  trees: number
  /** How many files (and symlinks and gitlinks) lie below it. */
  files: number
}

/** A file, symlink or gitlink that the new tree has and the old one has not, or has otherwise. */
export interface TreeFile {
  /** Byte path below the root. */
  path: string
  mode: Exclude<Mode, typeof MODE.tree>
  oid: Oid
  /** Its place among all files of the tree, in pre-order. */
  index: number
}

export interface TreeDiff {
  /** The whole new tree. */
  trees: TreeRecord[]
  /** In the order of the new tree. */
  writes: TreeFile[]
  /** In the order of the old tree; `index` is the place there. */
  deletes: TreeFile[]
  /** What stood where `writes` go, of the old tree; `index` is the place there. */
  replaced: TreeFile[]
  /** Runs of unchanged files: where they were among the old files, and where they are now. */
  kept: { from: number; to: number; count: number }[]
}

/**
 * Compares the tree `from` (its occurrences in pre-order; none for an empty tree) with the tree
 * `to`. Throws `unsafe-tree` where a name that is new must not be written to disk, and
 * `commit-too-large` where `to` has too many files and directories.
 */
export function diffTrees(
  from: readonly TreeRecord[],
  to: Oid,
  readTree: (oid: Oid) => Buffer,
  limits: Limits = UNLIMITED,
): TreeDiff {
  const growing = new GrowingDiff(from, to, limits)
  growing.grow(readTree)
  return growing.diff
}

/** The comparison of {@link diffTrees}, of which the new trees come one by one, in any order. */
export class GrowingDiff {
  /** What is known so far: `writes` are those of the whole, up to the tree that is awaited. */
  readonly diff: TreeDiff
  readonly #steps: Generator<Oid, void, Buffer>
  #awaited: Oid | undefined

  constructor(from: readonly TreeRecord[], to: Oid, limits: Limits = UNLIMITED) {
    const walk = new TreeWalk(from, to.length / 2, limits)
    this.diff = walk.diff
    this.#steps = walk.tree(to, from.length > 0, '')
    this.#awaited = this.#steps.next().value ?? undefined
  }

  /** The tree that it needs next; undefined once it is whole. */
  get awaited(): Oid | undefined {
    return this.#awaited
  }

  /** Goes on, up to a tree that is not there. Throws as {@link diffTrees}. */
  grow(findTree: (oid: Oid) => Buffer | undefined): void {
    while (this.#awaited !== undefined) {
      const body = findTree(this.#awaited)
      if (!body) return
      this.#awaited = this.#steps.next(body).value ?? undefined
    }
  }
}

/** Every file of a tree, given its occurrences in pre-order. */
export function filesOf({ trees }: { trees: readonly TreeRecord[] }): TreeFile[] {
  const [rootTree] = trees
  const bodies = new Map(trees.map(({ oid, body }) => [oid, body]))
  return rootTree ? diffTrees([], rootTree.oid, (oid) => bodies.get(oid) as Buffer).writes : []
}

/**
 * Walks the new tree, and beside it the old one wherever both have the same directory. It asks for
 * each tree that is new, and goes on when it is given.
 */
class TreeWalk {
  readonly diff: TreeDiff = { trees: [], writes: [], deletes: [], replaced: [], kept: [] }
  readonly #from: readonly TreeRecord[]
  readonly #oidLength: number
  readonly #limits: Limits
  /** The next tree occurrence and the next file of the old tree. */
  readonly #old = { tree: 0, file: 0 }
  /** How many files of the new tree came before. */
  #files = 0

  constructor(from: readonly TreeRecord[], oidLength: number, limits: Limits) {
    this.#from = from
    this.#oidLength = oidLength
    this.#limits = limits
  }

  /** Visits a new tree; `beside` says that the old cursor stands at the tree of the same path. */
  *tree(oid: Oid, beside: boolean, directory: string): Generator<Oid, void, Buffer> {
    const old = beside ? this.#from[this.#old.tree] : undefined
    if (old?.oid === oid) {
      this.#keepTree(old)
      return
    }
    const { diff } = this
    const body = yield oid
    const record = { oid, body, trees: diff.trees.length, files: this.#files }
    diff.trees.push(record)
    const entries = decodeTree(record.body, this.#oidLength, this.#limits.files)
    this.#assertFew(entries.length)
    assertSafeTree(entries, directory)
    if (old) this.#old.tree++
    yield* this.#merge(entries, old ? decodeTree(old.body, this.#oidLength) : [], directory)
    record.trees = diff.trees.length - record.trees
    record.files = this.#files - record.files
  }

  *#merge(
    entries: readonly TreeEntry[],
    oldEntries: readonly TreeEntry[],
    directory: string,
  ): Generator<Oid, void, Buffer> {
    let next = 0
    for (const entry of entries) {
      const key = sortKey(entry.name, entry.mode)
      let old = oldEntries[next]
      for (; old && sortKey(old.name, old.mode) < key; old = oldEntries[++next]) {
        this.#drop(old, directory)
      }
      const isSame = old !== undefined && sortKey(old.name, old.mode) === key
      if (isSame) next++
      const path = joinBytePath(directory, entry.name)
      if (entry.mode === MODE.tree) yield* this.tree(entry.oid, isSame, path)
      else this.#visitFile({ path, mode: entry.mode, oid: entry.oid }, isSame ? old : undefined)
    }
    for (const old of oldEntries.slice(next)) this.#drop(old, directory)
  }

  #visitFile({ path, mode, oid }: Omit<TreeFile, 'index'>, old: TreeEntry | undefined): void {
    const oldFile = old ? this.#old.file++ : 0
    if (old?.oid === oid && old.mode === mode) {
      this.#keep(oldFile, 1)
      return
    }
    this.diff.writes.push({ path, mode, oid, index: this.#files++ })
    if (old && old.mode !== MODE.tree) {
      this.diff.replaced.push({ path, mode: old.mode, oid: old.oid, index: oldFile })
    }
  }

  #keepTree(record: TreeRecord): void {
    const { tree, file } = this.#old
    this.#assertFew(record.trees + record.files)
    for (let index = tree; index < tree + record.trees; index++) {
      this.diff.trees.push(this.#from[index] as TreeRecord)
    }
    this.#keep(file, record.files)
    this.#old.tree += record.trees
    this.#old.file += record.files
  }

  /** A few small trees that hold each other many times are enough for billions of files. */
  #assertFew(more: number): void {
    if (this.diff.trees.length + this.#files + more > this.#limits.files) {
      throw tooLarge(this.#limits, 'files')
    }
  }

  #keep(from: number, count: number): void {
    const last = this.diff.kept.at(-1)
    if (last && last.from + last.count === from && last.to + last.count === this.#files) {
      last.count += count
    } else if (count > 0) {
      this.diff.kept.push({ from, to: this.#files, count })
    }
    this.#files += count
  }

  /** Moves the old cursor past an entry that the new tree has not. */
  #drop({ name, mode, oid }: TreeEntry, directory: string): void {
    const path = joinBytePath(directory, name)
    if (mode !== MODE.tree) {
      this.diff.deletes.push({ path, mode, oid, index: this.#old.file++ })
      return
    }
    const record = this.#from[this.#old.tree++] as TreeRecord
    for (const entry of decodeTree(record.body, this.#oidLength)) this.#drop(entry, path)
  }
}
