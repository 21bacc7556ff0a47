// Where the trees of a list lie in each other, as numbers: a path is put together when it is asked
// for, as a million of them, each of thousands of bytes, are more than memory holds.
import { Numbers } from '../../base/numbers.js'
import type { Oid } from '../../git/oid.js'
import { MODE, type Mode, TreeCursor } from '../../git/tree.js'
import { joinBytePath } from '../../volume/byte-path.js'

/** One occurrence of a tree object; a published tree is the list of them in pre-order. */
export interface TreeRecord {
  oid: Oid
  body: Buffer
  /** How many occurrences lie in this one, itself included. */
  trees: number
  /** How many files (and symlinks and gitlinks) lie below it. */
  files: number
}

/** A file, symlink or gitlink of a tree. */
export interface TreeFile {
  /** Byte path below the root. */
  path: string
  mode: Exclude<Mode, typeof MODE.tree>
  oid: Oid
  /** Its place among all files of the tree, in pre-order. */
  index: number
}

/** A file, and where its entry is: in which tree of the list, and where it starts there. */
export interface PlacedFile extends TreeFile {
  tree: number
  entry: number
}

/** The entries of a tree, one by one. */
export function cursorOf({ body, oid }: Pick<TreeRecord, 'body' | 'oid'>): TreeCursor {
  return new TreeCursor(body, oid.length / 2)
}

/** The place of a directory among all trees, given in pre-order, and that of its first file among all. */
export function treeAt(
  trees: readonly TreeRecord[],
  path: string,
): { tree: number; file: number } | undefined {
  let [tree, file] = [0, 0]
  for (const wanted of path.split('/')) {
    const record = trees[tree]
    if (!record) return undefined
    let isFound = false
    tree++
    for (const entries = cursorOf(record); !isFound && entries.next(); ) {
      const below = entries.mode === MODE.tree ? trees[tree] : undefined
      isFound = below !== undefined && entries.name === wanted
      if (isFound) break
      file += below ? below.files : 1
      tree += below ? below.trees : 0
    }
    if (!isFound) return undefined
  }
  return { tree, file }
}

/** Tells of trees that a walk came by; the number of a tree is its place in the list. */
export class TreePlaces {
  readonly trees: readonly TreeRecord[]
  /** Of each tree, the one that it lies in, and where its entry starts there. */
  readonly #parents = new Numbers()
  readonly #entries = new Numbers()
  /** The path that was asked for last: the next one is often the same. */
  #last = { tree: 0, path: '' }

  /** Of trees in pre-order, which may still become more. */
  constructor(trees: readonly TreeRecord[]) {
    this.trees = trees
  }

  /** Notes that `tree` is what the entry of `parent` names that starts at `entry`. */
  note(tree: number, parent: number, entry: number): void {
    this.#parents.set(tree, parent)
    this.#entries.set(tree, entry)
  }

  /** The tree that another lies in; the root, which is 0, lies in itself. */
  parentOf(tree: number): number {
    return this.#parents.get(tree)
  }

  /** The name of a tree that is not the root. */
  nameOf(tree: number): string {
    return this.entry(this.parentOf(tree), this.#entries.get(tree)).name
  }

  /** The byte path of a tree below the root. */
  pathOf(tree: number): string {
    if (tree === this.#last.tree) return this.#last.path
    const names: string[] = []
    for (let at = tree; at !== 0; at = this.parentOf(at)) names.push(this.nameOf(at))
    const path = names.reverse().join('/')
    this.#last = { tree, path }
    return path
  }

  /** The entry of a tree that starts there. */
  entry(tree: number, at: number): TreeCursor {
    const cursor = cursorOf(this.trees[tree] as TreeRecord)
    cursor.goTo(at)
    return cursor
  }

  /** The file of an entry of a tree; `index` is its place among all. */
  fileOf({ at, mode, name, oid }: TreeCursor, tree: number, index: number): PlacedFile {
    const path = joinBytePath(this.pathOf(tree), name)
    return { path, mode: mode as PlacedFile['mode'], oid, index, tree, entry: at }
  }
}
