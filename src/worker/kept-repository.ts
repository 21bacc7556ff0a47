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
  /** Where the history ends of what is there. */
  shallow: readonly Oid[]
  createFile: () => VolumeFile
  /** Throws when the work is to be given up. */
  checkpoint: () => void
}

/** A pack that is kept, and what reads it. */
interface Keeping {
  pack: KeptPack
  reader: PackReader
}

/** Keeps the packs that come for one repository. */
export class KeptRepository {
  readonly #options: KeptRepositoryOptions
  readonly #packs = new Set<Keeping>()

  constructor(options: KeptRepositoryOptions) {
    this.#options = options
  }

  /** Keeps another pack; told of its bytes before the reader that `open` makes. */
  open(open: (onBytes: (bytes: Buffer) => void) => PackReader): PackReader {
    const pack = new KeptPack(this.#options)
    const reader = open((bytes) => pack.write(bytes))
    this.#packs.add({ pack, reader })
    return reader
  }

  /** Keeps a pack no more, where it is one of this repository. */
  drop(reader: PackReader): void {
    for (const keeping of this.#packs) {
      if (keeping.reader !== reader) continue
      keeping.pack.close()
      this.#packs.delete(keeping)
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
  async complete(readBase: (oid: Oid) => StoredObject): Promise<CompletePack[]> {
    const complete: CompletePack[] = []
    for (const { pack, reader } of this.#packs) {
      const completed = await pack.complete(reader.entries, readBase)
      if (completed) complete.push(completed)
    }
    return complete
  }

  /** What came, and what was kept before. */
  get commits(): HistoryCommits {
    const packWith = (oid: Oid) => [...this.#packs].find(({ reader }) => reader.has(oid))?.reader
    const { checkpoint, shallow, stored } = this.#options
    return {
      isNew: (oid) => packWith(oid) !== undefined,
      read: (oid) => {
        const object = packWith(oid)?.read(oid) ?? this.find(oid)
        return object?.type === 'commit' && 'body' in object ? object.body : undefined
      },
      shallow: stored ? shallow : [],
      checkpoint,
    }
  }

  close(): void {
    this.#options.stored?.close()
    for (const { pack } of this.#packs) pack.close()
  }
}
