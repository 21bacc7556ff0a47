// The history that is kept with a commit: the packs of its own repository are kept as they come, and
// put into the repository once all of them are verified, before anything is published. What is there
// already is the base of deltas.
import { SyncError } from '../base/errors.js'
import type { LargeBlob, StoredObject } from '../git/object.js'
import { type Oid, objectFormatOf } from '../git/oid.js'
import { type CompletePack, KeptPack } from '../pack/kept-pack.js'
import type { PackReader } from '../pack/pack-reader.js'
import { endsOf, type HistoryCommits, type NewCommit, newCommits } from '../publish/history/walk.js'
import { keepHistory, type OpenHistory, openHistory } from '../publish/publication.js'
import type { PublishedHistory } from '../publish/snapshot/published-history.js'
import type { VolumeFile } from '../volume/open-file.js'
import type { UnpackOptions } from './unpacked.js'

export interface KeptHistoryOptions
  extends Pick<UnpackOptions, 'target' | 'want' | 'have' | 'checkpoint'> {
  history: NonNullable<UnpackOptions['history']>
  /** What was kept before; undefined where nothing was. */
  before: PublishedHistory | undefined
  createFile: () => VolumeFile
}

/** A pack that is kept, and what reads it. */
interface Keeping {
  pack: KeptPack
  reader: PackReader
}

export class KeptHistory {
  readonly #options: KeptHistoryOptions
  /** What is in the repository already, where the remote was told of it. */
  readonly #stored: OpenHistory | undefined
  readonly #packs: Keeping[] = []
  #kept: PublishedHistory | undefined
  #news: NewCommit[] = []

  /** Throws `base-missing` where the remote was told of a commit whose history is not there. */
  constructor(options: KeptHistoryOptions) {
    const { before, have, target, want } = options
    this.#options = options
    if (have === undefined) return
    this.#stored = openHistory(target, objectFormatOf(want))
    if (before && this.#stored.has(have)) return
    this.#stored.close()
    throw new SyncError('base-missing', `The history of ${have} is not there; it is fetched anew`)
  }

  /** Keeps another pack; told of its bytes before the reader that `open` makes. */
  open(open: (onBytes: (bytes: Buffer) => void) => PackReader): PackReader {
    const { checkpoint, createFile, want } = this.#options
    const pack = new KeptPack({ objectFormat: objectFormatOf(want), createFile, checkpoint })
    const reader = open((bytes) => pack.write(bytes))
    this.#packs.push({ pack, reader })
    return reader
  }

  /** An object that was kept before. */
  find(oid: Oid): StoredObject | undefined {
    return this.#stored?.readIfAny(oid)
  }

  has(oid: Oid): boolean {
    return this.#stored?.has(oid) ?? false
  }

  /** Puts what came into the repository; `readBase` reads what a pack builds on and has not. */
  async keep(head: Oid, readBase: (oid: Oid) => StoredObject | undefined): Promise<void> {
    const { before, have, history, target, want } = this.#options
    const complete: CompletePack[] = []
    for (const { pack, reader } of this.#packs) {
      const completed = await pack.complete(reader.entries, (oid) => asBase(readBase(oid)))
      if (completed) complete.push(completed)
    }
    const commits = this.#commits(before)
    const shallow = endsOf(head, history.depth, commits)
    if (have !== undefined && have !== head) this.#news = newCommits(head, have, commits)
    await keepHistory(target, { ...history, objectFormat: objectFormatOf(want) }, complete)
    this.#kept = { ...history, shallow }
  }

  /** What was kept, once it is. */
  get kept(): PublishedHistory | undefined {
    return this.#kept
  }

  /** What came after the commit that was published before. */
  get news(): readonly NewCommit[] {
    return this.#news
  }

  close(): void {
    this.#stored?.close()
    for (const { pack } of this.#packs) pack.close()
  }

  #commits(before: PublishedHistory | undefined): HistoryCommits {
    const packWith = (oid: Oid) => this.#packs.find(({ reader }) => reader.has(oid))?.reader
    return {
      isNew: (oid) => packWith(oid) !== undefined,
      read: (oid) => {
        const object = packWith(oid)?.read(oid) ?? this.find(oid)
        return object?.type === 'commit' && 'body' in object ? object.body : undefined
      },
      shallow: this.#stored ? (before?.shallow ?? []) : [],
      checkpoint: this.#options.checkpoint,
    }
  }
}

function asBase(object: StoredObject | LargeBlob | undefined): StoredObject {
  if (object) return object
  throw new SyncError(
    'base-missing',
    'A base of the received pack is not at hand any more; everything is fetched anew',
  )
}
