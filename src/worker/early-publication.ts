// The publication of a commit that is still on its way. It begins as soon as enough has come to plan
// it, so that files are staged while the rest arrives; else, once the pack is whole.
import { SyncError } from '../base/errors.js'
import type { CommitMemory } from '../git/commit-memory.js'
import type { LargeBlob, StoredObject } from '../git/object.js'
import type { Oid } from '../git/oid.js'
import type { PublishedTree } from '../publish/drift/published-tree.js'
import { begin, openTarget } from '../publish/publication.js'
import type { CommitSource, Publication } from '../publish/publisher.js'
import type { CommitObjects } from './commit-objects.js'
import type { ComposedCommit } from './composed-commit.js'
import type { UnpackedCommit } from './gate.js'
import type { KeptHistory } from './kept-history.js'
import type { SignatureGate } from './signature-gate.js'
import type { UnpackOptions } from './unpacked.js'

/** What is published where, and what it takes. */
export interface EarlyPublicationOptions
  extends Pick<UnpackOptions, 'checkpoint' | 'limits' | 'selection' | 'target' | 'want'> {
  /** What is published now; undefined where nothing is that counts. */
  base: PublishedTree | undefined
  objects: CommitObjects
  composed: ComposedCommit
  /** The history that is kept with it; undefined where none is. */
  kept: KeptHistory | undefined
  memory: CommitMemory
  signatureGate: SignatureGate
  lfsObject: (path: string) => LargeBlob | undefined
  /** Told of each file that is written. */
  onWritten: () => void
}

/** A publication under way, and the commit that it is of. */
interface Begun {
  commit: UnpackedCommit
  publication: Publication
}

/** Begins a publication as early as it can. */
export class EarlyPublication {
  readonly #options: EarlyPublicationOptions
  #begun: Begun | undefined
  /** How many objects came, and how many there must be before it is tried to begin. */
  #objectCount = 0
  #triesAt = 0

  constructor(options: EarlyPublicationOptions) {
    this.#options = options
  }

  get hasBegun(): boolean {
    return this.#begun !== undefined
  }

  /** Takes an object as it comes; returns whether {@link find} has it from then on. */
  offer(oid: Oid, object: StoredObject): boolean {
    this.#objectCount++
    // What comes first is the commit, then its tree. Where all trees are needed to begin, and come
    // between the blobs, it is tried again seldom.
    const isTime = object.type === 'blob' && this.#objectCount >= this.#triesAt
    if (isTime && this.#mayBegin) {
      this.#triesAt = 2 * this.#objectCount
      this.tryToBegin()
    }
    return this.#begun?.publication.offer(oid, object) ?? false
  }

  /** A blob that was staged; undefined where its file was changed since. */
  find(oid: Oid): StoredObject | undefined {
    return this.#begun?.publication.find(oid)
  }

  /** Begins where enough has come. */
  tryToBegin(): void {
    if (!this.#mayBegin) return
    try {
      this.begin()
    } catch (error) {
      // Too early: then staging starts when the pack is whole.
      if (!(error instanceof SyncError && error.code === 'pack-incomplete')) throw error
    }
  }

  /** Begins, unless that was done. */
  begin(): Begun {
    this.#begun ??= this.#begin()
    return this.#begun
  }

  abandon(): void {
    this.#begun?.publication.abandon()
  }

  /** With submodules, all that is published is known when all of them have come; what must be signed waits. */
  get #mayBegin(): boolean {
    const { selection, signatureGate } = this.#options
    return !this.#begun && !selection?.submodules && signatureGate.isOpen
  }

  #begin(): Begun {
    const { base, checkpoint, composed, kept, limits, memory, objects, target, want } =
      this.#options
    const { tree: root, ...found } = objects.commitOf(want)
    const { signature } = this.#options.signatureGate
    const commit = signature ? { ...found, signature } : found
    const { origin, ...tree } = composed.treeOf(root)
    base?.expect(tree.tree, tree.readTree, { limits, memory })
    const { lfsObject, onWritten } = this.#options
    const readBlob = (oid: Oid) => objects.readBlob(oid)
    const source: CommitSource = {
      ...{ ...commit, ...tree, readBlob, lfsObject, limits, memory, onWritten },
      // Where it ends is not known before all has come.
      get history() {
        return kept?.kept
      },
      get origin() {
        return kept ? kept.withEnds(origin) : origin
      },
    }
    const open = openTarget(target, source, checkpoint, base)
    return { commit, publication: begin(open, source, checkpoint) }
  }
}
