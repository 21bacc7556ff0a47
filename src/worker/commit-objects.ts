// The objects of the commit that is to be published: its pack brings them, but for those that
// are published already.
import { SyncError } from '../base/errors.js'
import { type ObjectType, type StoredObject, targetOfTag, treeOfCommit } from '../git/object.js'
import type { Oid } from '../git/oid.js'
import type { PackReader } from '../pack/pack-reader.js'
import type { PublishedTree } from '../publish/drift/published-tree.js'

export class CommitObjects {
  readonly #pack: PackReader
  readonly #published: PublishedTree | undefined

  constructor(pack: PackReader, published: PublishedTree | undefined) {
    this.#pack = pack
    this.#published = published
  }

  /** The commit that `want` is, or leads to, and its tree. Throws `not-a-commit`. */
  commitOf(want: Oid): { commit: Oid; tree: Oid } {
    const snapshot = this.#published?.record.snapshot
    const [root] = snapshot?.trees ?? []
    if (root && snapshot?.commit === want) return { commit: want, tree: root.oid }
    const commit = this.#peel(want)
    return { commit, tree: treeOfCommit(this.#readWhole(commit, 'commit')) }
  }

  readTree(oid: Oid): Buffer {
    return this.#published?.readTree(oid) ?? this.#readWhole(oid, 'tree')
  }

  /** Throws `base-missing` where it is neither in the pack nor in a published file any more. */
  readBlob(oid: Oid): StoredObject {
    const object = this.#pack.has(oid) ? this.#pack.read(oid) : this.#published?.findBlob(oid)
    if (object?.type === 'blob') return object
    if (object) throw wrongType(oid, object.type, 'blob')
    // Where nothing is published, the reader's own error says what the pack lacks.
    if (!this.#published) return this.#pack.read(oid)
    throw new SyncError(
      'base-missing',
      `The published file with the object ${oid} was changed; everything is fetched anew`,
    )
  }

  /** Follows annotated tags to the commit. */
  #peel(want: Oid): Oid {
    let oid = want
    for (;;) {
      const object = this.#pack.read(oid)
      if (object.type === 'commit') return oid
      if (object.type !== 'tag') {
        throw new SyncError(
          'not-a-commit',
          `The ref names the ${object.type} ${oid}, which is no commit; follow another ref`,
        )
      }
      oid = targetOfTag(object.body)
    }
  }

  #readWhole(oid: Oid, type: ObjectType): Buffer {
    const object = this.#pack.read(oid)
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
