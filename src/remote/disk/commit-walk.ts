// Which commits a fetch brings, by its depth and by what the client has: git's own rules for a shallow
// clone. https://git-scm.com/docs/shallow
import { type GitObject, parentsOfCommit, targetOfTag } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import type { WholeMemory } from '../../git/whole-objects.js'
import type { FetchRequest } from '../remote-session.js'

/** What it takes to know a commit, in bytes: its oid as text, in a set, a map and a list. */
const COMMIT_BYTES = 256

/** Reads an object for what it names; undefined where it is not there. */
export type ReadIfAny = (oid: Oid) => GitObject | undefined

export interface CommitWalk {
  /** What the client lacks, from the wants on. */
  lacking: Oid[]
  /** What the client has, as far as that is next to what it lacks. */
  edge: Oid[]
}

/** The commits from the wants on, as deep as it is asked for, without those that the client has. */
export function walkCommits(
  { depth = 1, haves, shallow = haves, wants }: FetchRequest,
  read: ReadIfAny,
  memory: WholeMemory,
): CommitWalk {
  const graph = new CommitGraph(read, memory)
  const cut = new Set(shallow)
  const known = graph.reach(haves, Number.POSITIVE_INFINITY, cut)
  const wanted = graph.reach(wants, depth)
  const lacking = [...wanted].filter((oid) => !known.has(oid))
  const edge = new Set<Oid>()
  for (const oid of wanted) {
    for (const parent of graph.parentsOf(oid) ?? []) {
      // One of the two is new.
      if (known.has(oid) === known.has(parent)) continue
      if (known.has(parent)) edge.add(parent)
      else if (wanted.has(parent)) edge.add(oid)
    }
  }
  return { lacking, edge: [...edge] }
}

class CommitGraph {
  readonly #read: ReadIfAny
  readonly #memory: WholeMemory
  readonly #parents = new Map<Oid, Oid[] | undefined>()
  /** How many oids are in it. */
  #count = 0

  constructor(read: ReadIfAny, memory: WholeMemory) {
    this.#read = read
    this.#memory = memory
  }

  /** Undefined where there is no such commit. */
  parentsOf(oid: Oid): Oid[] | undefined {
    if (this.#parents.has(oid)) return this.#parents.get(oid)
    const object = this.#read(oid)
    const parents = object?.type === 'commit' ? parentsOfCommit(object.body) : undefined
    this.#parents.set(oid, parents)
    this.#count += 1 + (parents?.length ?? 0)
    this.#memory.hold('commits', this.#count * COMMIT_BYTES)
    return parents
  }

  /** The commits that are fewer than `depth` steps from any of `tips`; none is behind one that is `cut`. */
  reach(tips: readonly Oid[], depth: number, cut: ReadonlySet<Oid> = new Set()): Set<Oid> {
    const reached = new Set<Oid>()
    let level = tips.map((tip) => this.#peel(tip))
    for (let steps = 0; steps < depth && level.length > 0; steps++) {
      const next: Oid[] = []
      for (const oid of level) {
        const parents = reached.has(oid) ? undefined : this.parentsOf(oid)
        if (!parents) continue
        reached.add(oid)
        if (!cut.has(oid)) next.push(...parents)
      }
      level = next
    }
    return reached
  }

  /** What a tag leads to. */
  #peel(start: Oid): Oid {
    // Objects are not verified: what leads to itself must end, too.
    const seen = new Set<Oid>()
    let oid = start
    while (!seen.has(oid)) {
      seen.add(oid)
      const object = this.#read(oid)
      if (object?.type === 'tag') oid = targetOfTag(object.body)
    }
    return oid
  }
}
