// Makes a directory equal to a tree: plan, stage, apply. Only files that differ are
// touched; all content is staged before the first rename; deletions come last, and the
// snapshot after them. An interrupted publication is completed by `recover`.
import path from 'node:path'
import { UNLIMITED } from '../../git/limits.js'
import type { StoredObject } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import { decodeTree, MODE } from '../../git/tree.js'
import { joinBytePath, toBytePath } from '../../volume/byte-path.js'
import { ensureDirectory } from '../../volume/volume.js'
import { type Checkout, openCheckout } from '../adopt/foreign-clone.js'
import { filesOf } from '../snapshot/comparison.js'
import type { FirstPaths } from '../snapshot/first-paths.js'
import { nextSnapshot } from '../snapshot/next.js'
import { Staging } from '../stage/staging.js'
import { type Ignored, planAttributes } from '../tree/attribute-plan.js'
import { assertSafeTree } from '../tree/safe-name.js'
import type { TreeDiff } from '../tree/tree-diff.js'
import { applyJournal, assertWritable } from './journal.js'
import { distrustOtherFormat, plan, type TargetTree } from './plan.js'
import {
  commitTo,
  complete,
  discard,
  doubt,
  forget,
  type Known,
  type Place,
  recover,
} from './record.js'

/** The commit to publish, and its objects. */
export interface Target extends TargetTree {
  commit: Oid
  readBlob(oid: Oid): StoredObject
  /** How many objects may come, where that is known. */
  objectCount?: number
}

/** So many files that writing them from a second thread is worth its start. */
const MANY_FILES = 2000

export interface Published {
  filesWritten: number
  filesDeleted: number
  /** What attributes ask for and was not done; absent where all was. */
  ignored?: readonly Ignored[]
  /** What was removed beside the commit; absent where nothing was. */
  foreign?: FirstPaths | undefined
}

/** A publication under way; until it is finished, nothing that is published is touched. */
export interface Publication {
  /** Hands over an object as soon as it is there, so that its files can be staged. */
  offer(oid: Oid, object: StoredObject): void
  /** Stages what is left, then puts everything in place. */
  finish(): Published
  /** Gives up: removes what was staged, unless putting it in place has begun. */
  abandon(): void
}

/** The publication to one directory. Where a method throws, it has cleared up behind itself. */
export class Draft implements Publication {
  readonly #place: Place
  readonly #target: Target
  readonly #checkpoint: () => void
  readonly #known: Known | undefined
  /** What another program left there, where nothing is known of a publication. */
  readonly #checkout: Checkout | undefined
  readonly #staging: Staging
  /** Where trees that are still to come belong, while all of the commit is new. */
  readonly #awaited = new Map<Oid, string>()
  #diff: TreeDiff | undefined
  #isCommitted = false

  constructor(
    place: Place,
    target: Target,
    checkpoint: () => void,
    known: Known | undefined = recover(place),
  ) {
    this.#place = place
    this.#target = target
    this.#checkpoint = checkpoint
    this.#known = known = known && distrustOtherFormat(known, target.commit)
    this.#checkout = known ? undefined : openCheckout(place.root)
    if (known) this.#diff = plan(known, target, checkpoint)
    else this.#awaited.set(target.tree, '')
    const count = this.#diff?.writes.length ?? target.objectCount ?? 0
    try {
      ensureDirectory(place.stateDirectory)
      ensureDirectory(path.dirname(place.stagingDirectory))
      this.#staging = new Staging({
        root: toBytePath(place.root),
        finalRoot: toBytePath(place.finalRoot ?? place.root),
        staging: toBytePath(place.stagingDirectory),
        adopt: known?.drifted === undefined,
        clean: place.clean ?? false,
        checkout: this.#checkout,
        hasManyFiles: count >= MANY_FILES,
        limits: target.limits ?? UNLIMITED,
        checkpoint,
      })
    } catch (error) {
      tryToDiscard(place)
      throw error
    }
    if (this.#diff) this.#expectAll(this.#diff)
  }

  offer(oid: Oid, object: StoredObject): void {
    this.#guarded(() => {
      if (object.type === 'blob') this.#staging.offer(oid, object)
      else if (object.type === 'tree') this.#expectTree(oid, object.body)
    })
  }

  finish(): Published {
    const { diff, ignored, journal } = this.#guarded(() => {
      const planned = this.#diff ?? this.#planAnew()
      // What was not expected yet, for instance a tree that stands in two places.
      if (!this.#diff) this.#staging.expectAll(planned)
      const readBlob = (oid: Oid) => this.#target.readBlob(oid)
      // Where the diff starts from it.
      const before = this.#known?.drifted && this.#known.snapshot
      const { attributes, conversions, ignored, rewrites } = planAttributes(
        before?.attributes ?? [],
        planned,
        readBlob,
        this.#checkpoint,
      )
      this.#staging.expectRewrites(rewrites)
      const diff = { ...planned, writes: [...planned.writes, ...rewrites] }
      const old = this.#known?.snapshot.trees
      const journal = this.#staging.finish(diff, conversions, readBlob, old)
      this.#checkpoint()
      assertWritable(journal, toBytePath(this.#place.root))
      const { commit } = this.#target
      const next = nextSnapshot(before, { commit, attributes }, diff, this.#staging.records)
      commitTo(this.#place, journal, next, this.#known)
      return { diff, journal, ignored }
    })
    this.#isCommitted = true
    this.#staging.close()
    complete(this.#place, journal)
    this.#checkout?.removeRepository(this.#place.stagingDirectory)
    const { filesWritten } = this.#staging
    const published = { filesWritten, filesDeleted: diff.deletes.length }
    return ignored.length > 0 ? { ...published, ignored } : published
  }

  abandon(): void {
    // What is half in place is completed by the next publication.
    if (this.#isCommitted) return
    this.#staging.close()
    tryToDiscard(this.#place)
  }

  /** Where nothing is known, an earlier checkout may tell what is to go. */
  #planAnew(): TreeDiff {
    const diff = plan(undefined, this.#target, this.#checkpoint)
    if (!this.#checkout) return diff
    const wanted = new Set(diff.writes.map((file) => file.path))
    return { ...diff, deletes: this.#checkout.staleFiles(wanted, this.#checkpoint) }
  }

  #expectAll(diff: TreeDiff): void {
    this.#guarded(() => this.#staging.expectAll(diff))
  }

  /** Expects the files of a tree that is new, as soon as it is there. */
  #expectTree(oid: Oid, body: Buffer): void {
    const directory = this.#awaited.get(oid)
    if (directory === undefined) return
    this.#awaited.delete(oid)
    const entries = decodeTree(body, oid.length / 2, this.#target.limits?.files)
    assertSafeTree(entries, directory)
    for (const { name, mode, oid: child } of entries) {
      const file = joinBytePath(directory, name)
      if (mode === MODE.tree) this.#awaited.set(child, file)
      else this.#staging.expect({ path: file, mode, oid: child })
    }
  }

  #guarded<T>(stage: () => T): T {
    try {
      return stage()
    } catch (error) {
      this.abandon()
      throw error
    }
  }
}

/** Removes the files that were published, and the directories that this empties. */
export function removePublished(place: Place, checkpoint: () => void): void {
  const known = recover(place)
  doubt(place)
  const deletes = known ? filesOf(known.snapshot).map((file) => file.path) : []
  applyJournal(
    { renames: [], deletes, keeps: [] },
    { root: toBytePath(place.root), staging: toBytePath(place.stagingDirectory), checkpoint },
  )
  forget(place)
}

function tryToDiscard(place: Place): void {
  try {
    discard(place)
  } catch {
    // What made it give up is what counts; the next publication clears up.
  }
}
