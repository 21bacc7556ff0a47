// Makes a directory equal to a tree: plan, stage, apply. Only files that differ are
// touched; all content is staged before the first rename; deletions come last, and the
// snapshot after them. An interrupted publication is completed by `recover`.
import path from 'node:path'
import { UNLIMITED } from '../../git/limits.js'
import type { LargeBlob, StoredObject } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import { displayPath, joinBytePath } from '../../volume/byte-path.js'
import { type ForeignClone, openForeignClone } from '../drift/foreign-clone.js'
import { findObject, type LfsFile, lfsFilesIn } from '../drift/lfs-files.js'
import type { CommitSource, Publication, Published, Ready } from '../publisher.js'
import { nextSnapshot } from '../snapshot/carry.js'
import { moduleGitfiles, placesIn } from '../snapshot/origin.js'
import { attributesIn, type Snapshot } from '../snapshot/snapshot.js'
import type { PublishedRecord } from '../snapshot/store.js'
import { assertWritable, type Journal } from '../stage/journal.js'
import { Staging } from '../stage/staging.js'
import type { DirectoryLayout, RepositoryPlace } from '../target.js'
import { type AttributePlan, isAttributesFile, planAttributes } from '../tree/attribute-plan.js'
import { GrowingDiff, type TreeDiff } from '../tree/tree-diff.js'
import type { PlacedFile, TreeFile } from '../tree/tree-places.js'
import {
  boundsOf,
  changedPathsIn,
  planUpdate,
  recheckOtherFormat,
  withStale,
  withWrites,
} from './plan.js'
import { commitTo, complete, discard, recover } from './record.js'

/** What is written, given what was published before, and in which form. */
interface CommitPlan extends Omit<AttributePlan, 'rewrites'> {
  before: Snapshot | undefined
  diff: TreeDiff
}

/** What is known of a directory before, and what follows. */
export interface UpdateOptions {
  /** What {@link recover} returned, if it was called. */
  record?: PublishedRecord | undefined
  /** Called once everything is in place. */
  afterwards?: () => void
}

/** A publication to one directory. Where a method throws, it has cleared up behind itself. */
export class DirectoryUpdate implements Publication {
  readonly #layout: DirectoryLayout
  readonly #source: CommitSource
  readonly #checkpoint: () => void
  readonly #afterwards: UpdateOptions['afterwards']
  readonly #record: PublishedRecord | undefined
  /** What another program left there, where there is no record of a publication. */
  readonly #clone: ForeignClone | undefined
  readonly #staging: Staging
  readonly #attributesFiles: TreeFile[] = []
  readonly #diff: TreeDiff
  /** What the diff grows from, where all of the commit is new: its trees need not be there. */
  readonly #growing: GrowingDiff | undefined
  #planned: CommitPlan | undefined
  #journal: Journal | undefined
  #isCommitted = false
  #snapshot: Snapshot | undefined

  constructor(
    layout: DirectoryLayout,
    source: CommitSource,
    checkpoint: () => void,
    { afterwards, record = recover(layout) }: UpdateOptions = {},
  ) {
    this.#layout = layout
    this.#source = source
    this.#checkpoint = checkpoint
    this.#afterwards = afterwards
    this.#record = record = record && recheckOtherFormat(record, source.commit)
    this.#clone = record ? undefined : openForeignClone(layout)
    if (record) this.#diff = planUpdate(record, source, this.#readTree)
    else {
      const onWrite = (file: PlacedFile) => this.#expect(file)
      this.#growing = new GrowingDiff([], source.tree, { ...boundsOf(source), onWrite })
      this.#diff = this.#growing.diff
    }
    let deletes: ReadonlySet<string> | undefined
    try {
      layout.volume.ensureDirectory(layout.stateDirectory)
      layout.volume.ensureDirectory(path.dirname(layout.stagingDirectory))
      this.#staging = new Staging({
        volume: layout.volume,
        root: layout.root,
        finalRoot: layout.finalRoot ?? layout.root,
        staging: layout.stagingDirectory,
        adopt: record?.drifted === undefined,
        clean: layout.clean ?? false,
        clone: this.#clone,
        limits: source.limits ?? UNLIMITED,
        onWritten: source.onWritten,
        lfsObject: source.lfsObject,
        checkpoint,
        deletes: () => {
          const files = Array.from(this.#diff.deletes, (file) => file.path)
          deletes ??= new Set([...files, ...this.#goneLinks()])
          return deletes
        },
        places: this.#diff.writes.places,
      })
      if (this.#growing) this.#grow()
      else for (const file of this.#diff.writes) this.#expect(file)
    } catch (error) {
      tryToDiscard(layout)
      throw error
    }
  }

  offer(oid: Oid, object: StoredObject): boolean {
    return this.#guarded(() => {
      if (object.type === 'blob') return this.#staging.offer(oid, object)
      if (oid === this.#growing?.awaited) this.#grow()
      return false
    })
  }

  find(oid: Oid): StoredObject | undefined {
    return this.#guarded(() => this.#staging.find(oid))
  }

  *pending(): Generator<Oid> {
    this.#guarded(() => this.#growing?.grow(this.#readTree))
    yield* this.#staging.pending()
    for (const { oid } of this.#source.outside ?? []) yield oid
  }

  *lfsFiles(): Generator<{ file: LfsFile; object: LargeBlob | undefined }> {
    const { conversionOf, diff } = this.#guarded(() => this.#plan())
    if (!conversionOf) return
    const { root, volume } = this.#layout
    const readBlob = (oid: Oid) => this.#source.readBlob(oid)
    for (const file of lfsFilesIn(diff.writes, conversionOf, readBlob)) {
      this.#checkpoint()
      const at = joinBytePath(root, file.path)
      const object = this.#isKnown ? undefined : findObject(volume, at, file.pointer, file.blob)
      yield { file, object }
    }
  }

  ready(): Ready {
    const { diff } = this.#guarded(() => this.#stage())
    return { changed: changedPathsIn(diff) }
  }

  finish(): Published {
    const { diff, ignored, journal, next } = this.#guarded(() => {
      const { attributes, before, diff, ignored, journal } = this.#stage()
      const { commit, history, origin, signature, summary } = this.#source
      this.#checkpoint()
      assertWritable(journal, this.#layout)
      const what = { commit, summary, signature, attributes, history, origin }
      const next = nextSnapshot(before, what, diff, this.#staging.records)
      commitTo(this.#layout, journal, next, this.#record)
      return { diff, journal, ignored, next }
    })
    this.#isCommitted = true
    this.#snapshot = next
    complete(this.#layout, journal, next)
    // Else it is the repository of the history by now.
    if (!next.history) this.#removeClone()
    this.#afterwards?.()
    const { filesWritten } = this.#staging
    const counts = { filesWritten, filesDeleted: diff.deletes.length }
    return ignored.length > 0 ? { ...counts, ignored } : counts
  }

  /** Everything new is on the volume then. */
  #stage(): CommitPlan & { journal: Journal } {
    const planned = this.#plan()
    const readBlob = (oid: Oid) => this.#source.readBlob(oid)
    const old = this.#record?.snapshot.trees
    const { conversionOf, diff } = planned
    if (!this.#journal) {
      const journal = this.#staging.finish(diff, conversionOf, readBlob, old)
      this.#journal = { ...journal, deletes: [...journal.deletes, ...this.#goneLinks()] }
    }
    return { ...planned, journal: this.#journal }
  }

  /** What led to the repositories of submodules that are no more. */
  #goneLinks(): string[] {
    const { history, origin } = this.#source
    const links = new Set(history ? moduleGitfiles(origin) : [])
    const { snapshot } = this.#record ?? {}
    return snapshot?.history
      ? moduleGitfiles(snapshot.origin).filter((link) => !links.has(link))
      : []
  }

  /** What is written, and in which form. */
  #plan(): CommitPlan {
    if (this.#planned) return this.#planned
    // Throws where a tree is missing, now that all must be there.
    this.#growing?.grow(this.#readTree)
    const planned = withStale(this.#diff, this.#clone, this.#checkpoint)
    // Where the diff starts from it.
    const before = this.#isKnown ? this.#record?.snapshot : undefined
    const { origin, outside = [] } = this.#source
    const { rewrites, ...plan } = planAttributes(
      attributesIn(before),
      { ...placesIn(origin), outside, written: this.#attributesFiles },
      planned,
      (oid) => this.#source.readBlob(oid),
      this.#checkpoint,
    )
    this.#staging.expectRewrites(planned.writes.only(rewrites))
    this.#planned = { ...plan, before, diff: withWrites(planned, rewrites) }
    return this.#planned
  }

  /** Whether it is known what is in place. */
  get #isKnown(): boolean {
    return this.#record?.drifted !== undefined
  }

  repository(): RepositoryPlace | undefined {
    return this.#layout.repository
  }

  /** What was published, once it is finished. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot
  }

  abandon(): void {
    // What is half in place is completed by the next publication.
    this.#staging.close()
    if (this.#isCommitted) return
    tryToDiscard(this.#layout)
  }

  readonly #readTree = (oid: Oid): Buffer => {
    this.#checkpoint()
    return this.#source.readTree(oid)
  }

  #expect(file: PlacedFile): void {
    if (isAttributesFile(file)) this.#attributesFiles.push(file)
    this.#staging.expect(file)
  }

  /** Expects what is known to be staged by now. */
  #grow(): void {
    this.#growing?.grow((oid) => (this.#source.hasTree(oid) ? this.#readTree(oid) : undefined))
  }

  #removeClone(): void {
    const { onSetAside, root, stagingDirectory } = this.#layout
    const whyKept = this.#clone?.removeRepository(stagingDirectory)
    if (whyKept === undefined) return
    const reason = `${whyKept}: it stays, and so do files of which it does not tell that git wrote them`
    onSetAside?.({ kind: 'repository', path: displayPath(joinBytePath(root, '.git')), reason })
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

function tryToDiscard(layout: DirectoryLayout): void {
  try {
    discard(layout)
  } catch {
    // What made it give up is what counts; the next publication clears up.
  }
}
