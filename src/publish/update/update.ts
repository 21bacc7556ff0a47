// Makes a directory equal to a tree: plan, stage, apply. Only files that differ are
// touched; all content is staged before the first rename; deletions come last, and the
// snapshot after them. An interrupted publication is completed by `recover`.
import path from 'node:path'
import { UNLIMITED } from '../../git/limits.js'
import type { LargeBlob, StoredObject } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import { displayPath, joinBytePath } from '../../volume/byte-path.js'
import type { ForeignClone } from '../drift/foreign-clone.js'
import { findObject, type LfsFile, lfsFilesIn } from '../drift/lfs-files.js'
import type { CommitSource, Publication, Published, Ready } from '../publisher.js'
import { nextSnapshot } from '../snapshot/carry.js'
import { moduleGitfiles } from '../snapshot/origin.js'
import type { Snapshot } from '../snapshot/snapshot.js'
import type { PublishedRecord } from '../snapshot/store.js'
import { assertWritable, type Journal } from '../stage/journal.js'
import { Staging } from '../stage/staging.js'
import type { DirectoryLayout, RepositoryPlace } from '../target.js'
import type { PlacedFile } from '../tree/tree-places.js'
import { type CommitPlan, GrowingPlan } from './commit-plan.js'
import type { DirectoryContent } from './directory-content.js'
import { changedPathsIn, recheckOtherFormat } from './plan.js'
import { commitTo, complete, discard } from './record.js'

/** A publication to one directory. Where a method throws, it has cleared up behind itself. */
export class DirectoryUpdate implements Publication {
  readonly #layout: DirectoryLayout
  readonly #source: CommitSource
  readonly #checkpoint: () => void
  readonly #afterwards: () => void
  readonly #record: PublishedRecord | undefined
  /** What another program left there, where there is no record of a publication. */
  readonly #clone: ForeignClone | undefined
  readonly #staging: Staging
  readonly #plans: GrowingPlan
  #planned: CommitPlan | undefined
  #journal: Journal | undefined
  #isCommitted = false
  #snapshot: Snapshot | undefined

  /** `afterwards` is called once everything is in place. */
  constructor(
    { clone, layout, record: before }: DirectoryContent,
    source: CommitSource,
    checkpoint: () => void,
    afterwards: () => void = () => undefined,
  ) {
    this.#layout = layout
    this.#source = source
    this.#checkpoint = checkpoint
    this.#afterwards = afterwards
    const record = before && recheckOtherFormat(before, source.commit)
    this.#record = record
    this.#clone = clone
    const onWrite = (file: PlacedFile) => this.#staging.expect(file)
    this.#plans = new GrowingPlan({ record, clone, source, checkpoint, onWrite })
    const { diff } = this.#plans
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
        clone,
        limits: source.limits ?? UNLIMITED,
        onWritten: source.onWritten,
        lfsObject: source.lfsObject,
        checkpoint,
        deletes: () => {
          const files = Array.from(diff.deletes, (file) => file.path)
          deletes ??= new Set([...files, ...this.#goneLinks()])
          return deletes
        },
        places: diff.writes.places,
      })
      this.#plans.start()
    } catch (error) {
      tryToDiscard(layout)
      throw error
    }
  }

  offer(oid: Oid, object: StoredObject): boolean {
    return this.#guarded(() => {
      if (object.type === 'blob') return this.#staging.offer(oid, object)
      this.#plans.offer(oid)
      return false
    })
  }

  find(oid: Oid): StoredObject | undefined {
    return this.#guarded(() => this.#staging.find(oid))
  }

  *pending(): Generator<Oid> {
    this.#guarded(() => this.#plans.complete())
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
    this.#afterwards()
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
    const planned = this.#plans.make()
    this.#staging.expectRewrites(planned.diff.writes.only(planned.rewrites))
    this.#planned = planned
    return planned
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
