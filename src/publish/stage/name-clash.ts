// Volumes that take two names for one: those that ignore case, or compose letters in their own
// way. What a volume does is asked of the volume; what it may do is only where to ask. A commit
// with two names that are one on its volume is refused; one that only writes a name in another
// case is published.
import path from 'node:path'
import { errnoOf } from '../../base/errno.js'
import { SyncError } from '../../base/errors.js'
import { decodeTree, MODE, type TreeEntry } from '../../git/tree.js'
import { displayPath, joinBytePath, nameOf, parentOf, toBytePath } from '../../volume/byte-path.js'
import type { Volume } from '../../volume/volume.js'
import type { TreeDiff } from '../tree/tree-diff.js'
import type { TreeRecord } from '../tree/tree-places.js'
import type { Rename } from './journal.js'

/** One letter, composed in both ways, as byte strings. */
const [COMPOSED, DECOMPOSED] = ['\u00e9', 'e\u0301'].map(toBytePath) as [string, string]

/** Where names may be folded. */
export interface Folding {
  volume: Volume
  /** The directory that is published, as a byte path. */
  root: string
  /** On the volume of the root, as a byte path. */
  staging: string
  /** What is to be put in place. */
  renames: readonly Rename[]
  /** Whether all paths that are written are ASCII. */
  isAscii: boolean
  checkpoint: () => void
}

/**
 * The files that are not to be deleted, though the new tree has not their names: those that a new
 * one replaces whose name is the same to the volume. Throws `volume-unsupported` where the volume
 * takes two names of the new tree for one; those in `old` trees were there before.
 */
export function replacedByCase(
  diff: Pick<TreeDiff, 'trees' | 'writes' | 'deletes'>,
  old: readonly TreeRecord[],
  folding: Folding,
): ReadonlySet<string> {
  const replaced = new Set<string>()
  if (!foldsNames(folding)) return replaced
  const { volume, root, staging, renames, checkpoint } = folding
  assertKeptApart(
    diff.trees,
    new Set(old),
    (one, other) => isOneName(volume, one, other, staging),
    checkpoint,
  )
  const written = new Map(Array.from(diff.writes, ({ path }) => [foldPath(path), path] as const))
  const units = new Map(renames.map((rename) => [rename.path, rename]))
  for (const { path } of diff.deletes) {
    const by = written.get(foldPath(path))
    if (by === undefined) continue
    if (!volume.isSameFile(joinBytePath(root, path), joinBytePath(root, by))) continue
    replaced.add(path)
    // Else the new one would be called as the old one is.
    units.get(by)?.removeFirst.push(path)
  }
  return replaced
}

/**
 * What it means that something staged could not be created, as its name was taken: that of
 * another. `pathOf` tells where each unit of the staging directory goes, `staged` what failed.
 */
export function clashOf(
  error: unknown,
  volume: Volume,
  staging: string,
  pathOf: (unit: number) => string | undefined,
  staged: string,
): unknown {
  if (errnoOf(error) !== 'EEXIST') return error
  const [unit = '', ...below] = path.posix.relative(staging, staged).split('/')
  const root = pathOf(Number(unit))
  if (root === undefined || below.length === 0) return error
  const isOther = (name: string) =>
    name !== nameOf(staged) && volume.isSameFile(joinBytePath(parentOf(staged), name), staged)
  const other = volume.names(parentOf(staged)).find(isOther)
  if (other === undefined) return error
  const clashing = joinBytePath(root, below.join('/'))
  return oneName(joinBytePath(parentOf(clashing), other), clashing)
}

/**
 * Whether a volume takes names for one that are not. How it composes letters is asked only where
 * a path has any that are not ASCII.
 */
function foldsNames({ volume, staging, isAscii }: Folding): boolean {
  const folded = joinBytePath(parentOf(staging), nameOf(staging).toUpperCase())
  if (volume.stat(folded)) return true
  return !isAscii && isOneName(volume, COMPOSED, DECOMPOSED, staging)
}

function assertKeptApart(
  trees: readonly TreeRecord[],
  old: ReadonlySet<TreeRecord>,
  areOne: (one: string, other: string) => boolean,
  checkpoint: () => void,
): void {
  for (const [one, other] of lookalikesIn(trees, old)) {
    checkpoint()
    if (areOne(nameOf(one), nameOf(other))) throw oneName(one, other)
  }
}

/** Asks the volume, by a file of one name. */
function isOneName(volume: Volume, one: string, other: string, staging: string): boolean {
  const probe = joinBytePath(staging, 'names')
  volume.makeDirectory(probe)
  try {
    volume.writeNew(joinBytePath(probe, one), 0o666, [])
    return volume.stat(joinBytePath(probe, other)) !== undefined
  } finally {
    volume.removeAll(probe)
  }
}

function oneName(one: string, other: string): SyncError {
  const [first, second] = [one, other].map((file) => JSON.stringify(displayPath(file)))
  return new SyncError(
    'volume-unsupported',
    `The volume takes ${first} and ${second} for one name; nothing of this commit is published: rename one of them, or publish to a volume that tells them apart`,
  )
}

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
function* lookalikesIn(
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
