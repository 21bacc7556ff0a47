// What a commit is made of while it is received: the packs that come, and what they leave out or build
// on, which is published already, or kept of its history.
import { SyncError } from '../base/errors.js'
import { CommitMemory } from '../git/commit-memory.js'
import type { StoredObject } from '../git/object.js'
import { type Oid, objectFormatOf } from '../git/oid.js'
import { PackReader } from '../pack/pack-reader.js'
import { PackRoom } from '../pack/pack-room.js'
import { LARGE_BYTES, type PublishedTree } from '../publish/drift/published-tree.js'
import { openIncoming, openPublished } from '../publish/publication.js'
import type { IncomingFiles } from '../publish/stage/incoming-files.js'
import type { VolumeFile } from '../volume/open-file.js'
import { CommitObjects } from './commit-objects.js'
import { KeptHistory } from './kept-history.js'
import type { Keeping } from './kept-repository.js'
import type { SubmodulePlace } from './repositories.js'
import type { UnpackOptions } from './unpacked.js'

/** Who is told of objects, and what is asked meanwhile. */
export interface ObjectsReceiver {
  /** Told of each object as it comes; returns whether `findKept` has it from then on. */
  onObject: (oid: Oid, object: StoredObject) => boolean
  /** An object that was kept; undefined where what holds it was changed since. */
  findKept: (oid: Oid) => StoredObject | undefined
  /** Whether a blob may be looked for in all published files, one by one. */
  mayReadFiles: () => boolean
}

export class ReceivedObjects {
  /** What is published, where the remote was told of it. */
  readonly base: PublishedTree | undefined
  readonly memory: CommitMemory
  readonly history: KeptHistory | undefined
  /** Reads the first pack. */
  readonly reader: PackReader
  /** The objects of all packs, and of what is published. */
  readonly all: CommitObjects
  readonly #options: UnpackOptions
  readonly #receiver: ObjectsReceiver
  readonly #incoming: IncomingFiles
  readonly #room: PackRoom

  /** Throws `base-missing` where what the remote was told of is not in place. */
  constructor(options: UnpackOptions, receiver: ObjectsReceiver) {
    const { checkpoint, have, limits, memory, memoryBytes, target } = options
    this.#options = options
    this.#receiver = receiver
    this.#incoming = openIncoming(target)
    this.base = have === undefined ? undefined : openPublished(target)
    if (this.base?.record.snapshot.commit !== have) {
      this.base?.close()
      throw new SyncError(
        'base-missing',
        `The files of ${have} were changed; everything is fetched anew`,
      )
    }
    this.memory = new CommitMemory(memory, checkpoint)
    // Of a history, most objects are no files of the commit; those are counted as it is planned.
    const ofPacks = options.history ? { ...limits, files: Number.POSITIVE_INFINITY } : limits
    this.#room = new PackRoom({ limits: ofPacks, memoryBytes, cacheBytes: memoryBytes })
    this.history = this.#openHistory()
    this.reader = this.open()
    this.all = new CommitObjects(this.reader, this.base, this.history)
  }

  /** Opens what reads another pack, which is kept where history is. */
  open(submodule?: SubmodulePlace): PackReader {
    if (!this.history) return this.#createReader()
    return this.history.open((keeping) => this.#createReader(keeping), submodule)
  }

  /** Forgets a pack that is of no use. */
  drop(reader: PackReader): void {
    this.history?.drop(reader)
    this.all.remove(reader)
  }

  /** A file for what is not held in memory. */
  createFile(): VolumeFile {
    return this.#incoming.create()
  }

  /** What a pack builds on and does not bring; `findInRepository` looks where the pack is kept. */
  findBase(oid: Oid, findInRepository?: Keeping['findInRepository']): StoredObject | undefined {
    const tree = this.base?.readTree(oid)
    if (tree) return { type: 'tree', body: tree }
    const kept = findInRepository?.(oid)
    if (kept) return kept
    return this.#receiver.mayReadFiles() ? this.base?.findBlob(oid) : undefined
  }

  close(): void {
    this.history?.close()
    this.#incoming.removeAfter(this.all)
    this.base?.close()
  }

  #openHistory(): KeptHistory | undefined {
    const { history, ...options } = this.#options
    if (!history) return undefined
    const published = this.base?.record.snapshot
    const createFile = () => this.createFile()
    try {
      return new KeptHistory({ ...options, history, published, createFile })
    } catch (error) {
      this.base?.close()
      throw error
    }
  }

  #createReader({ findInRepository, onBytes }: Partial<Keeping> = {}): PackReader {
    const { checkpoint, want } = this.#options
    const { findKept, onObject } = this.#receiver
    return new PackReader({
      onBytes,
      objectFormat: objectFormatOf(want),
      room: this.#room,
      largeBytes: LARGE_BYTES,
      memory: this.memory.forPack(),
      checkpoint,
      createFile: () => this.createFile(),
      findBase: (oid) => this.findBase(oid, findInRepository),
      onObject,
      findKept,
    })
  }
}
