// Some files of a tree, as runs of their places among all: what they are called, and which blobs
// they have, is read from the bodies of the trees whenever they are gone through.
import { MODE, type TreeCursor } from '../../git/tree.js'
import { joinBytePath } from '../../volume/byte-path.js'
import { cursorOf, type PlacedFile, TreePlaces, type TreeRecord } from './tree-places.js'

/** Neighbours in the order of a tree. */
export interface FileRun {
  from: number
  count: number
}

/** Files in the order of their tree. */
export class FileRuns implements Iterable<PlacedFile> {
  /** Where the directories of the files are, once they were gone through. */
  readonly places: TreePlaces
  readonly runs: readonly FileRun[]

  constructor(places: TreePlaces, runs: readonly FileRun[]) {
    this.places = places
    this.runs = runs
  }

  get length(): number {
    return this.runs.reduce((sum, { count }) => sum + count, 0)
  }

  /** These, and those at further places, which are ascending. */
  with(more: readonly number[]): FileRuns {
    if (more.length === 0) return this
    const runs = new RunList()
    let next = 0
    for (const { from, count } of this.runs) {
      while (next < more.length && (more[next] as number) < from) runs.add(more[next++] as number)
      runs.add(from, count)
      while (next < more.length && (more[next] as number) < from + count) next++
    }
    for (const index of more.slice(next)) runs.add(index)
    return new FileRuns(this.places, runs.runs)
  }

  /** Those at some places, which are ascending. */
  only(indexes: readonly number[]): FileRuns {
    return new FileRuns(this.places, []).with(indexes)
  }

  /** All others of the tree. */
  others(): FileRuns {
    const runs = new RunList()
    let index = 0
    for (const { from, count } of this.runs) {
      runs.add(index, from - index)
      index = from + count
    }
    runs.add(index, (this.places.trees[0]?.files ?? 0) - index)
    return new FileRuns(this.places, runs.runs)
  }

  *[Symbol.iterator](): Generator<PlacedFile> {
    const { trees } = this.places
    const [root] = trees
    const way: OpenTree[] = root ? [{ entries: cursorOf(root), tree: 0, path: '' }] : []
    let [nextTree, index, next] = [1, 0, 0]
    for (let directory = way.at(-1); directory; directory = way.at(-1)) {
      const { entries, path, tree } = directory
      if (!entries.next()) {
        way.pop()
        continue
      }
      let run = this.runs[next]
      while (run && run.from + run.count <= index) run = this.runs[++next]
      if (!run) return
      const { mode } = entries
      if (mode !== MODE.tree) {
        if (index >= run.from) {
          const file = joinBytePath(path, entries.name)
          yield { path: file, mode, oid: entries.oid, index, tree, entry: entries.at }
        }
        index++
        continue
      }
      const below = trees[nextTree] as TreeRecord
      if (run.from >= index + below.files) {
        index += below.files
        nextTree += below.trees
        continue
      }
      this.places.note(nextTree, tree, entries.at)
      const inside = { entries: cursorOf(below), tree: nextTree++ }
      way.push({ ...inside, path: joinBytePath(path, entries.name) })
    }
  }
}

/** A tree that is gone through. */
interface OpenTree {
  entries: TreeCursor
  tree: number
  path: string
}

/** Runs while they are made; neighbours become one. */
export class RunList {
  readonly runs: FileRun[] = []

  /** Adds places that come after all others. */
  add(from: number, count = 1): void {
    const last = this.runs.at(-1)
    if (last && last.from + last.count === from) last.count += count
    else if (count > 0) this.runs.push({ from, count })
  }
}

/** Every file of a tree, given its occurrences in pre-order. */
export function filesOf({ trees }: { trees: readonly TreeRecord[] }): FileRuns {
  return new FileRuns(new TreePlaces(trees), [{ from: 0, count: trees[0]?.files ?? 0 }])
}
