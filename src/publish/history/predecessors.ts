// What stood at its path before each tree and blob that is new with a commit, by the commit's first parent:
// of that, it is most likely a small delta. Below a tree that is a delta itself, somebody looked for deltas.
import { parentsOfCommit, targetOfTag, treeOfCommit } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import { decodeNames } from '../../git/tree.js'
import { NAMING_TYPES } from '../../remote/disk/whole-object.js'
import type { RepositoryObjects } from './objects.js'
import { MAX_CHAIN } from './pack-plan.js'

/** Where commits are looked for. */
export interface NewCommits {
  /** Where the walk starts. */
  heads: Iterable<Oid>
  /** Whether a commit is new: the walk ends at others. */
  isNew(oid: Oid): boolean
  /** The whole object that one builds on in the end: itself, where it is whole. */
  rootOf(oid: Oid): Oid
  /** Throws when the work is to be given up. */
  checkpoint(): void
}

/** Of each tree and blob of new commits that is in the place of another one, the other one. */
export function predecessorsIn(
  objects: RepositoryObjects,
  { checkpoint, heads, isNew, rootOf }: NewCommits,
): Map<Oid, Oid> {
  const predecessors = new Map<Oid, Oid>()
  const readTree = (oid: Oid) => {
    checkpoint()
    const body = objects.has(oid) ? objects.read(oid, NAMING_TYPES).body : Buffer.alloc(0)
    return decodeNames(body, oid.length / 2)
  }
  const compare = (root: Oid, before: Oid) => {
    const pending = [[root, before]] as [Oid, Oid][]
    for (let pair = pending.pop(); pair; pair = pending.pop()) {
      const [oid, other] = pair
      // What is there twice is compared but once.
      if (oid === other || predecessors.has(oid)) continue
      predecessors.set(oid, other)
      const entries = new Map(readTree(other).map((entry) => [entry.name, entry]))
      for (const entry of readTree(oid)) {
        const same = entries.get(entry.name)
        if (!same || same.oid === entry.oid || same.kind !== entry.kind) continue
        if (entry.kind === 'tree' && rootOf(entry.oid) === entry.oid)
          pending.push([entry.oid, same.oid])
        if (entry.kind === 'blob' && !predecessors.has(entry.oid)) {
          predecessors.set(entry.oid, same.oid)
        }
      }
    }
  }
  const commitOf = (oid: Oid | undefined) => {
    if (oid === undefined || !objects.has(oid)) return undefined
    checkpoint()
    const { body } = objects.read(oid, NAMING_TYPES)
    return { tree: treeOfCommit(body), parent: parentsOfCommit(body)[0] }
  }
  const seen = new Set<Oid>()
  const pending = [...heads]
  for (let oid = pending.pop(); oid !== undefined; oid = pending.pop()) {
    if (seen.has(oid) || !isNew(oid)) continue
    seen.add(oid)
    checkpoint()
    const { body, type } = objects.read(oid, NAMING_TYPES)
    if (type === 'tag') pending.push(targetOfTag(body))
    if (type !== 'commit') continue
    const parents = parentsOfCommit(body)
    pending.push(...parents)
    const tree = treeOfCommit(body)
    if (rootOf(tree) !== tree) continue
    // One that is whole may be what those before it are deltas of.
    let before = commitOf(parents[0])
    for (let steps = 0; before && rootOf(before.tree) === tree && steps < MAX_CHAIN; steps++) {
      before = commitOf(before.parent)
    }
    if (before) compare(tree, before.tree)
  }
  return predecessors
}
