// Which paths some volume may take for one: those that differ in case, or in how their letters are
// composed. What a volume really does, only the volume tells.
import { decodeTree, MODE, type TreeEntry } from '../../git/tree.js'
import { displayPath, joinBytePath } from '../../volume/byte-path.js'
import type { TreeRecord } from './tree-diff.js'

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is all of ASCII
const ASCII = /^[\x00-\x7f]*$/

/** Two paths of one tree that some volume may take for one. */
type Lookalikes = [string, string]

/** Whether all of a byte path is ASCII, of which no letter is composed. */
export function isAscii(bytePath: string): boolean {
  return ASCII.test(bytePath)
}

/** What byte paths have in common that some volume may take for one. */
export function foldPath(bytePath: string): string {
  const bare = bytePath.replace(/[ .]+(?=\/|$)/g, '')
  if (isAscii(bare)) return bare.toLowerCase()
  return displayPath(bare).toUpperCase().toLowerCase().normalize('NFKD')
}

/** The lookalikes in a tree, given its occurrences in pre-order; not those within `old` ones. */
export function* lookalikesIn(
  trees: readonly TreeRecord[],
  old: ReadonlySet<TreeRecord>,
): Generator<Lookalikes> {
  let next = 0
  function* walk(directory: string): Generator<Lookalikes> {
    const record = trees[next++]
    if (!record) return
    if (old.has(record)) {
      next += record.trees - 1
      return
    }
    const entries = decodeTree(record.body, record.oid.length / 2)
    yield* pairsOf(entries, directory)
    for (const { name, mode } of entries) {
      if (mode === MODE.tree) yield* walk(joinBytePath(directory, name))
    }
  }
  yield* walk('')
}

function* pairsOf(entries: readonly TreeEntry[], directory: string): Generator<Lookalikes> {
  const names = new Map<string, string>()
  for (const { name } of entries) {
    const folded = foldPath(name)
    const other = names.get(folded)
    if (other === undefined) names.set(folded, name)
    else yield [joinBytePath(directory, other), joinBytePath(directory, name)]
  }
}
