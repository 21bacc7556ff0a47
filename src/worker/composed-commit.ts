// What of a commit is published: its own tree or the part of it that is selected, with the trees of
// its submodules in it.
import type { Limits } from '../git/limits.js'
import type { Oid } from '../git/oid.js'
import type { CommitSource } from '../publish/publisher.js'
import { type PublishedSubmodule, sourcesOf, type TreeOrigin } from '../publish/snapshot/origin.js'
import type { Snapshot } from '../publish/snapshot/snapshot.js'
import { type Composition, compose } from '../publish/tree/compose.js'
import type { PlanMemory } from '../publish/tree/plan-memory.js'
import { isPartial, type Selection, selectionKey } from '../publish/tree/selection.js'
import type { CommitObjects } from './commit-objects.js'
import {
  composeSubmodules,
  type SubmoduleSource,
  type Superproject,
  type WithSubmodules,
} from './submodules.js'

export interface ComposedCommitOptions {
  objects: CommitObjects
  selection: Selection
  /** What is published; undefined where it is not known, or does not count. */
  snapshot: Snapshot | undefined
  limits: Limits
  memory: PlanMemory
  /** Throws when the work is to be given up. */
  checkpoint: () => void
  /** The submodules that are published with all that is kept of them. @default none is kept */
  keptModules?: readonly PublishedSubmodule[] | undefined
}

/** The tree to publish. */
export type ComposedTree = Pick<
  CommitSource,
  'tree' | 'hasTree' | 'readTree' | 'outside' | 'origin'
>

export class ComposedCommit {
  readonly #options: ComposedCommitOptions
  /** What is selected of the commit's own tree, where submodules were looked for in it. */
  #selected: Omit<ComposedTree, 'origin'> | undefined
  #submodules: WithSubmodules | undefined

  constructor(options: ComposedCommitOptions) {
    this.#options = options
  }

  /** The submodules that are published with it. */
  get modules(): WithSubmodules['modules'] {
    return this.#submodules?.modules ?? []
  }

  /** Fetches the submodules that are lacking of the commit with the tree `root`, if any are wanted. */
  async addSubmodules(
    { root, remote }: { root: Oid } & Pick<Superproject, 'remote'>,
    source: Pick<SubmoduleSource, 'readBlob' | 'fetchCommit' | 'insteadOf'>,
  ): Promise<void> {
    const { submodules, subdir } = this.#options.selection
    if (!submodules) return
    this.#selected = this.#select(root)
    const { readTree, tree } = this.#selected
    const superproject = { remote, source: root, tree, subdir }
    const { keptModules } = this.#options
    const origin = this.#originBefore()
    const before = (origin && (keptModules ?? origin.modules)) ?? []
    this.#submodules = await composeSubmodules(superproject, submodules, {
      ...source,
      readTree,
      before,
      isKept: keptModules !== undefined,
    })
  }

  /** What is published of the commit with the tree `root`. Throws where a tree is needed that is not there. */
  treeOf(root: Oid): ComposedTree {
    const { hasTree, outside, readTree, tree } = this.#selected ?? this.#select(root)
    const { bodies, modules, tree: withSubmodules = tree } = this.#submodules ?? {}
    return {
      tree: withSubmodules,
      outside,
      origin: this.#originOf(root, modules),
      hasTree: (oid) => bodies?.has(oid) || hasTree(oid),
      readTree: (oid) => bodies?.get(oid) ?? readTree(oid),
    }
  }

  /** What is selected of the commit's own tree. */
  #select(root: Oid): Omit<ComposedTree, 'origin'> {
    const { checkpoint, limits, memory, objects, selection } = this.#options
    const hasTree = (oid: Oid) => objects.hasTree(oid)
    const readTree = (oid: Oid) => objects.readTree(oid)
    if (!isPartial(selection)) return { tree: root, hasTree, readTree }
    const { bodies, outside, tree } = compose(root, selection, {
      readTree,
      before: this.#composedBefore(),
      limits,
      memory,
      checkpoint,
    })
    return {
      tree,
      outside,
      hasTree: (oid) => bodies.has(oid) || hasTree(oid),
      readTree: (oid) => bodies.get(oid) ?? readTree(oid),
    }
  }

  #originOf(source: Oid, modules: WithSubmodules['modules'] = []): TreeOrigin | undefined {
    const { checkpoint, memory, objects, selection } = this.#options
    const key = selectionKey(selection)
    if (key === undefined) return undefined
    const { lfs, subdir } = selection
    const origin = { selection: key, subdir, source, ...(lfs && { lfs }) }
    const composed = modules.length > 0 ? { ...origin, modules } : origin
    // Else all trees of the commit are published.
    if (!isPartial(selection) && modules.length === 0) return { ...composed, trees: new Map() }
    return { ...composed, trees: objects.treesOf(sourcesOf(composed), memory, checkpoint) }
  }

  /** What the published trees were composed of, where the same is selected. */
  #originBefore(): TreeOrigin | undefined {
    const { selection, snapshot } = this.#options
    const isSame = snapshot?.origin?.selection === selectionKey(selection)
    return isSame ? snapshot?.origin : undefined
  }

  /** What was composed for the published commit; unknown where it has submodules in it. */
  #composedBefore(): Composition | undefined {
    const origin = this.#originBefore()
    const { attributes = [], trees = [] } = this.#options.snapshot ?? {}
    const [published] = trees
    if (!origin || origin.modules || !published) return undefined
    const outside = attributes.filter(({ isOutside }) => isOutside)
    return { source: origin.source, tree: published.oid, outside }
  }
}
