// The records of a checkout of all files of a commit, in the order of its trees. What lies below trees
// that an earlier index has is taken from that as bytes, and only its status is set.
import type { BaseTree, IndexBase } from '../../git/index-base.js'
import type { IndexRecord, IndexTree } from '../../git/index-writer.js'
import { MODE, type TreeCursor } from '../../git/tree.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import { cursorOf, type TreeRecord } from '../tree/tree-places.js'

/** What of a file's status git is to compare; a size that is undefined has it look at the content. */
export type StatusOf = (
  index: number,
  mode: number,
  path: () => string,
) => Pick<IndexRecord, 'mtimeMs' | 'size'>

interface EnteredTree {
  /** The byte path of what is in it is this, and a name. */
  directory: string
  entries: TreeCursor
  tree: IndexTree
  /** The tree of the same path in the earlier index. */
  before: BaseTree | undefined
}

/** The records and trees of the index of such a checkout. */
export class WholeCheckout {
  /** Of the index, in pre-order, once the records were gone through. */
  readonly trees: (IndexTree | Buffer)[] = []
  readonly #records: readonly TreeRecord[]
  readonly #statusOf: StatusOf
  readonly #base: IndexBase | undefined
  readonly #way: EnteredTree[] = []
  /** The next tree, the next file, and the next entry of the earlier index. */
  #tree = 0
  #file = 0
  #entry = 0

  constructor({ trees }: Pick<Snapshot, 'trees'>, statusOf: StatusOf, base: IndexBase | undefined) {
    this.#records = trees
    this.#statusOf = statusOf
    this.#base = base
  }

  *records(): Generator<IndexRecord | Buffer> {
    const whole = this.#enter('', '', this.#base?.root)
    if (whole) yield whole
    for (let last = this.#way.at(-1); last; last = this.#way.at(-1)) {
      const { before, directory, entries, tree } = last
      if (!entries.next()) {
        this.#way.pop()
        continue
      }
      const { mode, name, rawOid } = entries
      if (mode !== MODE.tree) {
        const path = directory + name
        yield { path, mode, rawOid, ...this.#statusOf(this.#file++, mode, () => path) }
        continue
      }
      tree.subtrees++
      const taken = this.#enter(name, `${directory}${name}/`, before?.trees.get(name))
      if (taken) yield taken
    }
  }

  /** Goes into the next tree, or takes all that lies below it from the earlier index. */
  #enter(name: string, directory: string, before: BaseTree | undefined): Buffer | undefined {
    const record = this.#records[this.#tree]
    if (!record) return undefined
    const { files, oid, trees } = record
    if (before?.oid === oid && before.files === files) {
      const taken = this.#take(directory, before)
      if (taken) {
        this.#tree += trees
        return taken
      }
    }
    this.#tree++
    const tree = { name, oid, files, subtrees: 0 }
    this.trees.push(tree)
    this.#way.push({ directory, entries: cursorOf(record), tree, before })
    return undefined
  }

  #take(directory: string, before: BaseTree): Buffer | undefined {
    const base = this.#base as IndexBase
    const first = base.seek(this.#entry, directory)
    if (first + before.files > base.count) return undefined
    this.#entry = first + before.files
    for (let entry = first; entry < this.#entry; entry++) {
      const { mtimeMs, size } = this.#statusOf(this.#file++, base.modeOf(entry), () =>
        base.pathOf(entry),
      )
      base.setStatus(entry, size, mtimeMs)
    }
    this.trees.push(base.recordsOf(before))
    return base.entries(first, before.files)
  }
}
