// The objects of the commit that is to be published: its packs bring them, but for those that
// are published already.
import { SyncError } from '../base/errors.js'
import { type CommitSummary, summaryOf } from '../git/commit-summary.js'
import { type ObjectType, type StoredObject, targetOfTag, treeOfCommit } from '../git/object.js'
import type { Oid } from '../git/oid.js'
import { decodeTree, MODE } from '../git/tree.js'
import type { PackReader } from '../pack/pack-reader.js'
import type { PublishedTree } from '../publish/drift/published-tree.js'
import { bodiesIn } from '../publish/snapshot/origin.js'
import { type PlanMemory, PlanSize } from '../publish/tree/plan-memory.js'
import type { VerifiedSignature } from '../signature/policy.js'
import type { RevisionObject } from '../signature/verify-revision.js'

/** A commit, and its tree. */
interface FoundCommit {
  commit: Oid
  /** Undefined where the published commit was remembered without it. */
  summary: CommitSummary | undefined
  /** Of the published commit, where it was verified. */
  signature?: VerifiedSignature
  tree: Oid
}

/** Objects of the history that was kept before. */
interface KeptObjects {
  has(oid: Oid): boolean
  find(oid: Oid): StoredObject | undefined
}

export class CommitObjects {
  readonly #pack: PackReader
  /** What was fetched after the first one. */
  readonly #more = new Set<PackReader>()
  readonly #published: PublishedTree | undefined
  readonly #kept: KeptObjects | undefined

  constructor(
    pack: PackReader,
    published: PublishedTree | undefined,
    kept: KeptObjects | undefined = undefined,
  ) {
    this.#pack = pack
    this.#published = published
    this.#kept = kept
  }

  /** How large all packs are that came, in bytes. */
  get bytes(): number {
    return this.#packs.reduce((sum, pack) => sum + pack.bytes, 0)
  }

  /** Reads objects from another pack as well. */
  add(pack: PackReader): void {
    this.#more.add(pack)
  }

  /** Forgets a pack that is not whole. */
  remove(pack: PackReader): void {
    this.#more.delete(pack)
    pack.close()
  }

  /** Frees what packs hold. */
  close(): void {
    for (const pack of this.#packs) pack.close()
  }

  /** The commit that `want` is, or leads to, and its tree. Throws `not-a-commit`. */
  commitOf(want: Oid): FoundCommit {
    const snapshot = this.#published?.record.snapshot
    const root = snapshot?.origin?.source ?? snapshot?.trees[0]?.oid
    if (root !== undefined && snapshot?.commit === want) {
      const { signature, summary } = snapshot
      return { commit: want, summary, ...(signature && { signature }), tree: root }
    }
    const commit = this.#peel(want)
    const body = this.#readWhole(commit, 'commit')
    return { commit, summary: summaryOf(body), tree: treeOfCommit(body) }
  }

  /** Whether a pack has brought an object. */
  hasCome(oid: Oid): boolean {
    return this.#packWith(oid) !== undefined
  }

  /** The commit that `want` is, or leads to, and before it the tags on the way. Throws `not-a-commit`. */
  chainOf(want: Oid): RevisionObject[] {
    const tags: RevisionObject[] = []
    const commit = this.#peel(want, (oid, body) => tags.push({ type: 'tag', oid, body }))
    return [...tags, { type: 'commit', oid: commit, body: this.#readWhole(commit, 'commit') }]
  }

  /** The root of a commit's tree. Throws `pack-corrupt` where it is no commit. */
  rootOf(commit: Oid): Oid {
    return treeOfCommit(this.#readWhole(commit, 'commit'))
  }

  hasTree(oid: Oid): boolean {
    const isPublished = this.#published?.readTree(oid) !== undefined
    return isPublished || this.#packWith(oid) !== undefined || (this.#kept?.has(oid) ?? false)
  }

  readTree(oid: Oid): Buffer {
    return this.#published?.readTree(oid) ?? this.#readWhole(oid, 'tree')
  }

  /**
   * All trees from `roots` on, with those that are published, or were not needed for that. Throws
   * `commit-too-large` where they are more than may be held.
   */
  treesOf(roots: readonly Oid[], memory: PlanMemory, checkpoint: () => void): Map<Oid, Buffer> {
    const size = new PlanSize(memory, 'source')
    const snapshot = this.#published?.record.snapshot
    const trees = snapshot ? bodiesIn(snapshot) : new Map<Oid, Buffer>()
    const pending = [...roots]
    for (let oid = pending.pop(); oid !== undefined; oid = pending.pop()) {
      // With one that was there before, all that lies in it was there, too.
      if (trees.has(oid)) continue
      checkpoint()
      const body = this.#readWhole(oid, 'tree')
      size.addTree(body.length)
      trees.set(oid, body)
      for (const entry of decodeTree(body, oid.length / 2)) {
        if (entry.mode === MODE.tree) pending.push(entry.oid)
      }
    }
    return trees
  }

  /** Whether a blob is at hand, as far as this is known without a look at published files. */
  hasBlob(oid: Oid): boolean {
    const hasCome = this.#packWith(oid) !== undefined || this.#published?.hasBlob(oid)
    return hasCome || (this.#kept?.has(oid) ?? false)
  }

  /** Throws `base-missing` where it is neither in a pack nor in a published file any more. */
  readBlob(oid: Oid): StoredObject {
    const object = this.find(oid) ?? this.#published?.findBlob(oid)
    if (object?.type === 'blob') return object
    if (object) throw wrongType(oid, object.type, 'blob')
    // Where nothing is published, the reader's own error says what the pack lacks.
    if (!this.#published) return this.#pack.read(oid)
    throw new SyncError(
      'base-missing',
      `The published file with the object ${oid} was changed; everything is fetched anew`,
    )
  }

  /** An object that came, or was kept before. */
  find(oid: Oid): StoredObject | undefined {
    return this.#packWith(oid)?.read(oid) ?? this.#kept?.find(oid)
  }

  get #packs(): PackReader[] {
    return [this.#pack, ...this.#more]
  }

  #packWith(oid: Oid): PackReader | undefined {
    return this.#packs.find((pack) => pack.has(oid))
  }

  /** Follows annotated tags to the commit. */
  #peel(want: Oid, onTag?: (oid: Oid, body: Buffer) => void): Oid {
    let oid = want
    for (;;) {
      const object = this.find(oid) ?? this.#pack.read(oid)
      if (object.type === 'commit') return oid
      if (object.type !== 'tag' || !('body' in object)) {
        throw new SyncError(
          'not-a-commit',
          `The ref names the ${object.type} ${oid}, which is no commit; follow another ref`,
        )
      }
      onTag?.(oid, object.body)
      oid = targetOfTag(object.body)
    }
  }

  #readWhole(oid: Oid, type: ObjectType): Buffer {
    // Where none has it, the reader's own error says what the pack lacks.
    const object = this.find(oid) ?? this.#pack.read(oid)
    if (object.type === type && 'body' in object) return object.body
    throw wrongType(oid, object.type, type)
  }
}

function wrongType(oid: Oid, is: ObjectType, wanted: ObjectType): SyncError {
  return new SyncError(
    'pack-corrupt',
    `The object ${oid} is a ${is}, where a ${wanted} belongs; the repository is damaged (git fsck tells more)`,
  )
}
