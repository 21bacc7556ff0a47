// What a commit changes in a directory. Where all of it is new, the plan grows as its trees come; it is
// made once all of them are there, and says then in which form each file is written.
import type { Oid } from '../../git/oid.js'
import type { ForeignClone } from '../drift/foreign-clone.js'
import type { CommitSource } from '../publisher.js'
import { placesIn } from '../snapshot/origin.js'
import { attributesIn, type Snapshot } from '../snapshot/snapshot.js'
import type { PublishedRecord } from '../snapshot/store.js'
import { type AttributePlan, isAttributesFile, planAttributes } from '../tree/attribute-plan.js'
import { GrowingDiff, type TreeDiff } from '../tree/tree-diff.js'
import type { PlacedFile, TreeFile } from '../tree/tree-places.js'
import { boundsOf, planUpdate, withStale, withWrites } from './plan.js'

/** What is written, given what was published before, and in which form. */
export interface CommitPlan extends AttributePlan {
  before: Snapshot | undefined
  diff: TreeDiff
}

/** What a plan is made of. */
export interface CommitPlanOptions {
  record: PublishedRecord | undefined
  clone: ForeignClone | undefined
  source: CommitSource
  /** Throws when the work is to be given up. */
  checkpoint: () => void
  /** Told of each file that is to be written, once it is known; not before {@link GrowingPlan.start}. */
  onWrite: (file: PlacedFile) => void
}

export class GrowingPlan {
  /** What must change, as far as it is known. */
  readonly diff: TreeDiff
  readonly #options: CommitPlanOptions
  readonly #attributesFiles: TreeFile[] = []
  /** What the diff grows from, where all of the commit is new: its trees need not be there. */
  readonly #growing: GrowingDiff | undefined

  constructor(options: CommitPlanOptions) {
    const { record, source } = options
    this.#options = options
    if (record) {
      this.diff = planUpdate(record, source, this.#readTree)
      return
    }
    const onWrite = (file: PlacedFile) => this.#note(file)
    this.#growing = new GrowingDiff([], source.tree, { ...boundsOf(source), onWrite })
    this.diff = this.#growing.diff
  }

  /** Tells of what is known by now. */
  start(): void {
    if (this.#growing) this.#grow()
    else for (const file of this.diff.writes) this.#note(file)
  }

  /** Takes a tree that came. */
  offer(oid: Oid): void {
    if (oid === this.#growing?.awaited) this.#grow()
  }

  /** Takes all trees. Throws where one is missing. */
  complete(): void {
    this.#growing?.grow(this.#readTree)
  }

  /** Makes the whole of it, once all trees are there. */
  make(): CommitPlan {
    const { checkpoint, clone, record, source } = this.#options
    this.complete()
    const planned = withStale(this.diff, clone, checkpoint)
    // Where the diff starts from it.
    const before = record?.drifted && record.snapshot
    const { origin, outside = [] } = source
    const attributes = planAttributes(
      attributesIn(before),
      { ...placesIn(origin), outside, written: this.#attributesFiles },
      planned,
      (oid) => source.readBlob(oid),
      checkpoint,
    )
    return { ...attributes, before, diff: withWrites(planned, attributes.rewrites) }
  }

  readonly #readTree = (oid: Oid): Buffer => {
    this.#options.checkpoint()
    return this.#options.source.readTree(oid)
  }

  #grow(): void {
    const { source } = this.#options
    this.#growing?.grow((oid) => (source.hasTree(oid) ? this.#readTree(oid) : undefined))
  }

  #note(file: PlacedFile): void {
    if (isAttributesFile(file)) this.#attributesFiles.push(file)
    this.#options.onWrite(file)
  }
}
