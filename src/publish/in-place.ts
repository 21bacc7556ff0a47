// Makes a directory equal to a tree: plan, stage, apply. Only files that differ are
// touched; all content is staged before the first rename; deletions come last, and the
// snapshot after them. An interrupted publication is completed by `recover`.
import { mkdirSync, type Stats } from 'node:fs'
import path from 'node:path'
import type { StoredObject } from '../git/object.js'
import type { Oid } from '../git/oid.js'
import { toBytePath } from './byte-path.js'
import { applyJournal } from './journal.js'
import {
  commitTo,
  complete,
  discard,
  doubt,
  forget,
  type Known,
  type Place,
  recover,
} from './place.js'
import { filesOf, statFields } from './published-files.js'
import { STAT_FIELDS } from './snapshot.js'
import { Staging } from './staging.js'
import { diffTrees, type TreeDiff } from './tree-diff.js'

/** The commit to publish, and its objects. */
export interface Target {
  commit: Oid
  tree: Oid
  readTree(oid: Oid): Buffer
  readBlob(oid: Oid): StoredObject
}

export interface Published {
  filesWritten: number
  filesDeleted: number
}

/** A publication under way; until it is finished, nothing that is published is touched. */
export interface Publication {
  /** Stages the files that have this blob, before the rest is known. */
  offer(oid: Oid, blob: StoredObject): void
  /** Stages what is left, then puts everything in place. */
  finish(): Published
  /** Gives up: removes what was staged. */
  abandon(): void
}

/** Publishes a commit. Throws a SyncError, or the file system's own error, with nothing torn. */
export function publishInPlace(place: Place, target: Target, checkpoint: () => void): Published {
  return new Draft(place, target, checkpoint).finish()
}

/** The publication to one directory. Where a method throws, it has cleared up behind itself. */
export class Draft implements Publication {
  readonly #place: Place
  readonly #target: Target
  readonly #checkpoint: () => void
  readonly #known: Known | undefined
  readonly #diff: TreeDiff
  readonly #staging: Staging

  constructor(
    place: Place,
    target: Target,
    checkpoint: () => void,
    known: Known | undefined = recover(place),
  ) {
    this.#place = place
    this.#target = target
    this.#checkpoint = checkpoint
    this.#known = known
    this.#diff = plan(known, target, checkpoint)
    this.#staging = this.#guarded(() => {
      mkdirSync(place.stateDirectory, { recursive: true })
      mkdirSync(path.dirname(place.stagingDirectory), { recursive: true })
      return new Staging(this.#diff, {
        root: toBytePath(place.root),
        staging: toBytePath(place.stagingDirectory),
        adopt: !known?.isTrusted,
        checkpoint,
      })
    })
  }

  offer(oid: Oid, blob: StoredObject): void {
    this.#guarded(() => this.#staging.offer(oid, blob))
  }

  finish(): Published {
    const journal = this.#guarded(() => {
      const staged = this.#staging.finish((oid) => this.#target.readBlob(oid))
      this.#checkpoint()
      const stats = mergeStats(this.#diff, this.#known?.snapshot.stats, this.#staging.stats)
      commitTo(this.#place, staged, { commit: this.#target.commit, trees: this.#diff.trees, stats })
      return staged
    })
    complete(this.#place, journal)
    return {
      filesWritten: this.#staging.filesWritten,
      filesDeleted: this.#diff.deletes.length,
    }
  }

  abandon(): void {
    try {
      discard(this.#place)
    } catch {
      // What made it give up is what counts; the next publication clears up.
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
export function removePublished(place: Place): void {
  const known = recover(place)
  doubt(place)
  const deletes = known ? filesOf(known.snapshot).map((file) => file.path) : []
  applyJournal(
    { renames: [], deletes, keeps: [] },
    { root: toBytePath(place.root), staging: toBytePath(place.stagingDirectory) },
  )
  forget(place)
}

/** What must change; where what is on disk is in doubt, all is to be written, or found right. */
function plan(known: Known | undefined, target: Target, checkpoint: () => void): TreeDiff {
  const readTree = (oid: Oid) => {
    checkpoint()
    return target.readTree(oid)
  }
  if (known?.isTrusted) return diffTrees(known.snapshot.trees, target.tree, readTree)
  const diff = diffTrees([], target.tree, readTree)
  if (!known) return diff
  const wanted = new Set(diff.writes.map((file) => file.path))
  return { ...diff, deletes: filesOf(known.snapshot).filter((file) => !wanted.has(file.path)) }
}

function mergeStats(
  diff: TreeDiff,
  old: Float64Array | undefined,
  written: Map<number, Stats>,
): Float64Array {
  const stats = new Float64Array((diff.trees[0]?.files ?? 0) * STAT_FIELDS)
  for (const { from, to, count } of diff.kept) {
    if (old)
      stats.set(old.subarray(from * STAT_FIELDS, (from + count) * STAT_FIELDS), to * STAT_FIELDS)
  }
  for (const [index, stat] of written) stats.set(statFields(stat), index * STAT_FIELDS)
  return stats
}
