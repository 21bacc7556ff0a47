// What must change for one tree to become another: a pure function of the two. Subtrees
// that are equal are never looked into, so the cost is that of what changed.
import { type Limits, tooLarge, UNLIMITED } from '../../git/limits.js'
import type { Oid } from '../../git/oid.js'
import { MODE, TreeCursor } from '../../git/tree.js'
import { FileRuns, RunList } from './file-runs.js'
import { type PlanMemory, PlanSize } from './plan-memory.js'
import { assertSafeTree, assertShallow, sortKey } from './safe-name.js'
import {
  cursorOf,
  type PlacedFile,
  type TreeFile,
  TreePlaces,
  type TreeRecord,
} from './tree-places.js'

/** Files, whatever holds them. */
export type Files = Iterable<TreeFile> & { readonly length: number }

export interface TreeDiff {
  /** The whole new tree; what occurs more than once is one record. */
  trees: TreeRecord[]
  /** What the new tree has and the old one has not, or has otherwise. */
  writes: FileRuns
  /** Files of the old tree where the new one has none. */
  deletes: Files
  /** What stood where `writes` go, of the old tree. */
  replaced: FileRuns
  /** Runs of unchanged files: where they were among the old files, and where they are now. */
  kept: { from: number; to: number; count: number }[]
}

/** What a comparison of trees may take. */
export interface DiffBounds {
  /** @default no limits */
  limits?: Limits | undefined
  /** For the plan of the new tree. @default unbounded */
  memory?: PlanMemory | undefined
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
  bounds?: DiffBounds,
): TreeDiff & { deletes: FileRuns } {
  const growing = new GrowingDiff(from, to, { ...bounds })
  growing.grow(readTree)
  return growing.diff
}

/** What is asked for while a comparison grows. */
export interface GrowingOptions extends DiffBounds {
  /** Told of each file that is to be written, as soon as it is known. */
  onWrite?: (file: PlacedFile) => void
}

/** The comparison of {@link diffTrees}, of which the new trees come one by one, in any order. */
export class GrowingDiff {
  /** Its files can be gone through once it is whole. */
  readonly diff: TreeDiff & { deletes: FileRuns }
  readonly #steps: Generator<Oid, void, Buffer>
  #awaited: Oid | undefined

  constructor(from: readonly TreeRecord[], to: Oid, options: GrowingOptions) {
    const walk = new TreeWalk(from, options)
    this.diff = walk.diff
    this.#steps = walk.tree(to, from.length > 0, 0, 0)
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

/** A tree object that was read. */
interface ReadTree {
  record: TreeRecord
  /** How many entries it has. */
  count: number
}

/**
 * Walks the new tree, and beside it the old one wherever both have the same directory. It asks for
 * each tree that is new, once, and goes on when it is given.
 */
class TreeWalk {
  readonly diff: TreeDiff & { deletes: FileRuns }
  readonly #from: readonly TreeRecord[]
  readonly #limits: Limits
  readonly #size: PlanSize
  readonly #onWrite: GrowingOptions['onWrite']
  readonly #read = new Map<Oid, ReadTree>()
  readonly #trees: TreeRecord[] = []
  readonly #places = new TreePlaces(this.#trees)
  readonly #writes = new RunList()
  readonly #deletes = new RunList()
  readonly #replaced = new RunList()
  readonly #kept: TreeDiff['kept'] = []
  /** The names of the directories on the way to what is looked at. */
  readonly #way: string[] = []
  /** The next tree occurrence and the next file of the old tree. */
  readonly #old = { tree: 0, file: 0 }
  /** How many files of the new tree came before. */
  #files = 0

  constructor(
    from: readonly TreeRecord[],
    { limits = UNLIMITED, memory, onWrite }: GrowingOptions,
  ) {
    this.#from = from
    this.#limits = limits
    this.#size = new PlanSize(memory)
    this.#onWrite = onWrite
    const before = new TreePlaces(from)
    this.diff = {
      trees: this.#trees,
      writes: new FileRuns(this.#places, this.#writes.runs),
      deletes: new FileRuns(before, this.#deletes.runs),
      replaced: new FileRuns(before, this.#replaced.runs),
      kept: this.#kept,
    }
  }

  /**
   * Visits a new tree, which an entry of another names; `beside` says that the old cursor stands at
   * the tree of the same path.
   */
  *tree(oid: Oid, beside: boolean, parent: number, at: number): Generator<Oid, void, Buffer> {
    const old = beside ? this.#from[this.#old.tree] : undefined
    if (old?.oid === oid) {
      this.#keepTree(old)
      return
    }
    assertShallow(this.#way.length, this.#path)
    const known = this.#read.get(oid)
    if (known) this.#size.addCopy(known.record.body.length)
    const { record, count } = known ?? this.#open(oid, yield oid)
    const start = { trees: this.#trees.length, files: this.#files }
    this.#places.note(start.trees, parent, at)
    this.#trees.push(record)
    this.#expect(count)
    if (old) this.#old.tree++
    yield* this.#merge(start.trees, cursorOf(record), old && cursorOf(old))
    record.trees = this.#trees.length - start.trees
    record.files = this.#files - start.files
  }

  readonly #path = () => this.#way.join('/')

  /** Takes a tree that is read for the first time. */
  #open(oid: Oid, body: Buffer): ReadTree {
    const record = { oid, body, trees: 0, files: 0 }
    this.#size.addTree(body.length)
    const read = { record, count: assertSafeTree(cursorOf(record), this.#path) }
    this.#read.set(oid, read)
    return read
  }

  *#merge(
    tree: number,
    entries: TreeCursor,
    olds: TreeCursor = NOTHING(),
  ): Generator<Oid, void, Buffer> {
    let isOld = olds.next()
    while (entries.next()) {
      // Most files of a directory that changed, for which nothing more need be known.
      if (isOld && entries.isSameAs(olds) && entries.mode !== MODE.tree) {
        this.#keep(this.#old.file++, 1)
        isOld = olds.next()
        continue
      }
      const { mode, name } = entries
      const key = sortKey(name, mode)
      while (isOld && sortKey(olds.name, olds.mode) < key) {
        this.#drop(olds)
        isOld = olds.next()
      }
      const isSame = isOld && sortKey(olds.name, olds.mode) === key
      if (mode === MODE.tree) {
        this.#way.push(name)
        yield* this.tree(entries.oid, isSame, tree, entries.at)
        this.#way.pop()
      } else if (!this.#isKept(entries, isSame ? olds : undefined)) {
        const index = this.#files++
        this.#writes.add(index)
        this.#onWrite?.(this.#places.fileOf(entries, tree, index))
      }
      if (isSame) isOld = olds.next()
    }
    for (; isOld; isOld = olds.next()) this.#drop(olds)
  }

  /** Whether a file is the one of the old tree; else it takes the place of that, if there is one. */
  #isKept({ mode, oid }: TreeCursor, old: TreeCursor | undefined): boolean {
    if (!old) return false
    const oldFile = this.#old.file++
    const isSame = old.oid === oid && old.mode === mode
    if (isSame) this.#keep(oldFile, 1)
    else this.#replaced.add(oldFile)
    return isSame
  }

  #keepTree(record: TreeRecord): void {
    const { tree, file } = this.#old
    this.#expect(record.trees + record.files)
    for (let index = tree; index < tree + record.trees; index++) {
      this.#trees.push(this.#from[index] as TreeRecord)
    }
    this.#keep(file, record.files)
    this.#old.tree += record.trees
    this.#old.file += record.files
  }

  /** A few small trees that hold each other many times are enough for billions of files. */
  #expect(more: number): void {
    if (this.#trees.length + this.#files + more > this.#limits.files) {
      throw tooLarge(this.#limits, 'files')
    }
    this.#size.addEntries(more)
  }

  #keep(from: number, count: number): void {
    const last = this.#kept.at(-1)
    if (last && last.from + last.count === from && last.to + last.count === this.#files) {
      last.count += count
    } else if (count > 0) {
      this.#kept.push({ from, to: this.#files, count })
    }
    this.#files += count
  }

  /** Moves the old cursor past an entry that the new tree has not. */
  #drop({ mode }: TreeCursor): void {
    const below = mode === MODE.tree ? this.#from[this.#old.tree] : undefined
    this.#deletes.add(this.#old.file, below ? below.files : 1)
    this.#old.file += below ? below.files : 1
    this.#old.tree += below ? below.trees : 0
  }
}

/** The entries of an empty tree. */
const NOTHING = () => new TreeCursor(Buffer.alloc(0), 0)
