// One repository whose packs are kept as they come: its own, or that of a submodule. What is there
// already is the base of deltas.
import type { StoredObject } from '../git/object.js'
import type { ObjectFormat, Oid } from '../git/oid.js'
import { type CompletePack, KeptPack } from '../pack/kept-pack.js'
import type { PackReader } from '../pack/pack-reader.js'
import type { HistoryCommits } from '../publish/history/walk.js'
import type { OpenHistory } from '../publish/repository.js'
import type { VolumeFile } from '../volume/open-file.js'

/** What is there of a repository, and where packs are written. */
export interface KeptRepositoryOptions {
  objectFormat: ObjectFormat
  /** What is in the repository already; undefined where nothing is, or nothing counts. */
  stored: OpenHistory | undefined
  /** The commit that is there with its history. */
  before: Oid | undefined
  /** Where that history ends. */
  shallow: readonly Oid[]
  createFile: () => VolumeFile
  /** Throws when the work is to be given up. */
  checkpoint: () => void
}

/** What the reader of a pack that is kept works with. */
export interface Keeping {
  /** Takes its bytes, before they are taken apart. */
  onBytes: (bytes: Buffer) => void
  /** What the pack may build on: an object that its repository has. */
  findInRepository: (oid: Oid) => StoredObject | undefined
}

interface OpenPack {
  pack: KeptPack
  reader: PackReader
}

/** Keeps the packs that come for one repository. */
export class KeptRepository {
  readonly #options: KeptRepositoryOptions
  readonly #packs = new Set<OpenPack>()

  constructor(options: KeptRepositoryOptions) {
    this.#options = options
  }

  /** Keeps another pack, which the reader reads that `open` makes. */
  open(open: (keeping: Keeping) => PackReader): PackReader {
    const pack = new KeptPack(this.#options)
    const reader = open({
      onBytes: (bytes) => pack.write(bytes),
      findInRepository: (oid) => this.find(oid),
    })
    this.#packs.add({ pack, reader })
    return reader
  }

  /** Keeps a pack no more, where it is one of this repository. */
  drop(reader: PackReader): void {
    for (const open of this.#packs) {
      if (open.reader !== reader) continue
      open.pack.close()
      this.#packs.delete(open)
    }
  }

  /** An object that was kept before. */
  find(oid: Oid): StoredObject | undefined {
    return this.#options.stored?.readIfAny(oid)
  }

  has(oid: Oid): boolean {
    return this.#options.stored?.has(oid) ?? false
  }

  /** All that came, each as a pack that needs no other. */
  async complete(readBase: (oid: Oid) => StoredObject | undefined): Promise<CompletePack[]> {
    const complete: CompletePack[] = []
    // Nearly all of what they build on is in the same repository.
    const read = (oid: Oid) => this.find(oid) ?? readBase(oid)
    for (const { pack, reader } of this.#packs) {
      const completed = await pack.complete(reader.entries, read)
      if (completed) complete.push(completed)
    }
    return complete
  }

  /** What came, and what was kept before. */
  get commits(): HistoryCommits {
    const packWith = (oid: Oid) => [...this.#packs].find(({ reader }) => reader.has(oid))?.reader
    const { before, checkpoint, shallow, stored } = this.#options
    return {
      isNew: (oid) => packWith(oid) !== undefined,
      read: (oid) => {
        const object = packWith(oid)?.read(oid) ?? this.find(oid)
        return object?.type === 'commit' && 'body' in object ? object.body : undefined
      },
      before: stored && before,
      shallow: stored ? shallow : [],
      checkpoint,
    }
  }

  close(): void {
    this.#options.stored?.close()
    for (const { pack } of this.#packs) pack.close()
  }
}
