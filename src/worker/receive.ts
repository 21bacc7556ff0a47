// One pack on its way to disk: received, verified and staged at the same time, then published whole
// (early-publication.ts). What the pack leaves out, or builds on, is what is published already.
// Where only a part of the commit is published, its pack may bring trees alone, and another one the
// blobs of that part. A repair is the same: what something else changed of it is all that is lacking.
import { SyncError } from '../base/errors.js'
import type { StoredObject } from '../git/object.js'
import { type Oid, objectFormatOf } from '../git/oid.js'
import { PackReader } from '../pack/pack-reader.js'
import { PackRoom } from '../pack/pack-room.js'
import { LARGE_BYTES, type PublishedTree } from '../publish/drift/published-tree.js'
import { openIncoming, openPublished } from '../publish/publication.js'
import type { Publication } from '../publish/publisher.js'
import type { IncomingFiles } from '../publish/stage/incoming-files.js'
import { ALL, isPartial } from '../publish/tree/selection.js'
import { toVolumeError } from '../volume/volume-error.js'
import { CommitMemory } from './commit-memory.js'
import { CommitObjects } from './commit-objects.js'
import { ComposedCommit } from './composed-commit.js'
import { EarlyPublication } from './early-publication.js'
import { assertAllowed } from './gate.js'
import { KeptHistory } from './kept-history.js'
import { LackingObjects } from './lacking-objects.js'
import { LfsObjects } from './lfs-objects.js'
import { beginAnew, beginPhase, countFile, createProgress, type WorkProgress } from './progress.js'
import { Repositories, type SubmodulePlace } from './repositories.js'
import { SignatureGate } from './signature-gate.js'
import type { Unpacked, UnpackOptions } from './unpacked.js'

/**
 * Receives a pack and publishes the commit it was asked for: all of it, or nothing. Throws
 * `base-missing` where what it takes of `have` is not in place; a repair may take no pack at all.
 */
export async function unpack(
  chunks: AsyncIterable<Buffer>,
  options: UnpackOptions,
): Promise<Unpacked> {
  const unpacking = new Unpacking(options)
  try {
    for await (const chunk of chunks) await unpacking.write(chunk)
    return await unpacking.finish()
  } catch (error) {
    unpacking.abandon()
    throw toVolumeError(error, options.target.directory)
  } finally {
    unpacking.close()
  }
}

class Unpacking {
  readonly #options: UnpackOptions
  readonly #progress: WorkProgress
  readonly #base: PublishedTree | undefined
  readonly #memory: CommitMemory
  readonly #room: PackRoom
  readonly #history: KeptHistory | undefined
  readonly #reader: PackReader
  readonly #objects: CommitObjects
  readonly #composed: ComposedCommit
  readonly #incoming: IncomingFiles
  readonly #lacking: LackingObjects
  readonly #signatureGate: SignatureGate
  readonly #publication: EarlyPublication
  #lfs: LfsObjects | undefined
  /** Whether the first pack has come. */
  #hasCome = false

  constructor(options: UnpackOptions) {
    const { have, progress = createProgress(), target } = options
    this.#options = options
    this.#signatureGate = new SignatureGate(options.signatureCheck, options.want)
    this.#progress = progress
    beginAnew(progress)
    this.#incoming = openIncoming(target)
    this.#base = have === undefined ? undefined : openPublished(target)
    if (this.#base?.record.snapshot.commit !== have) {
      this.#base?.close()
      throw new SyncError(
        'base-missing',
        `The files of ${have} were changed; everything is fetched anew`,
      )
    }
    this.#memory = new CommitMemory(options.memory, options.checkpoint)
    const { limits, memoryBytes } = options
    // Of a history, most objects are no files of the commit; those are counted as it is planned.
    const ofPacks = options.history ? { ...limits, files: Number.POSITIVE_INFINITY } : limits
    this.#room = new PackRoom({ limits: ofPacks, memoryBytes, cacheBytes: memoryBytes })
    this.#history = this.#openHistory()
    this.#reader = this.#openReader(undefined)
    this.#objects = new CommitObjects(this.#reader, this.#base, this.#history)
    this.#lacking = new LackingObjects({
      ...options,
      progress,
      objects: this.#objects,
      openReader: (submodule) => this.#openReader(submodule),
      dropReader: (reader) => {
        this.#history?.drop(reader)
        this.#objects.remove(reader)
      },
      historyOf: (submodule, isThere) => this.#history?.historyOf(submodule, isThere),
    })
    this.#composed = new ComposedCommit({
      objects: this.#objects,
      selection: options.selection ?? ALL,
      snapshot: this.#base?.record.snapshot,
      limits: options.limits,
      memory: this.#memory,
      checkpoint: options.checkpoint,
      keptModules: this.#history?.modulesBefore,
    })
    this.#publication = new EarlyPublication({
      ...options,
      base: this.#base,
      objects: this.#objects,
      composed: this.#composed,
      kept: this.#history,
      memory: this.#memory,
      signatureGate: this.#signatureGate,
      lfsObject: (path) => this.#lfs?.at(path),
      onWritten: () => countFile(progress),
    })
  }

  async write(chunk: Buffer): Promise<void> {
    await this.#reader.write(chunk)
    if (!this.#signatureGate.isOpen) {
      await this.#signatureGate.pass(this.#objects, { isWhole: false })
    }
  }

  async finish(): Promise<Unpacked> {
    const { have, want } = this.#options
    const receivedAt = performance.now()
    this.#hasCome = true
    beginPhase(this.#progress, 'unpack')
    this.#publication.tryToBegin()
    if (want !== have || this.#reader.bytes > 0) await this.#reader.finish()
    await this.#signatureGate.pass(this.#objects, { isWhole: true })
    await this.#addSubmodules()
    const { commit, publication } = this.#publication.begin()
    await this.#fetchLacking(publication)
    await this.#fetchLfs(publication, commit.commit)
    const findBase = (oid: Oid) => this.#objects.find(oid) ?? this.#findBase(oid)
    const { modules } = this.#composed
    await this.#history?.keep(commit.commit, modules, publication, findBase)
    const verifiedAt = performance.now()
    beginPhase(this.#progress, 'publish')
    const news = this.#history?.news
    await assertAllowed(publication, { ...commit, ...(news && { news }) }, this.#options)
    const published = publication.finish()
    return {
      ...published,
      ...commit,
      ...(this.#history && { history: this.#history.kept, news: this.#history.news }),
      bytes: this.#objects.bytes,
      unpackMs: verifiedAt - receivedAt,
      publishMs: performance.now() - verifiedAt,
    }
  }

  abandon(): void {
    this.#publication.abandon()
  }

  close(): void {
    this.#history?.close()
    this.#incoming.removeAfter(this.#objects)
    this.#base?.close()
  }

  #openHistory(): KeptHistory | undefined {
    const { history, ...options } = this.#options
    if (!history) return undefined
    const published = this.#base?.record.snapshot
    const createFile = () => this.#incoming.create()
    try {
      return new KeptHistory({ ...options, history, published, createFile })
    } catch (error) {
      this.#base?.close()
      throw error
    }
  }

  /** What reads a pack, which is kept where history is. */
  #openReader(submodule: SubmodulePlace | undefined): PackReader {
    if (!this.#history) return this.#createReader()
    return this.#history.open((onBytes) => this.#createReader(onBytes), submodule)
  }

  #createReader(onBytes?: (bytes: Buffer) => void): PackReader {
    const { checkpoint, want } = this.#options
    return new PackReader({
      onBytes,
      objectFormat: objectFormatOf(want),
      room: this.#room,
      largeBytes: LARGE_BYTES,
      memory: this.#memory.forPack(),
      checkpoint,
      createFile: () => this.#incoming.create(),
      findBase: (oid) => this.#findBase(oid),
      onObject: (oid, object) => this.#publication.offer(oid, object),
      findKept: (oid) => this.#publication.find(oid),
    })
  }

  /** Where the files are from. */
  #repositories(): Repositories {
    const { remote, want } = this.#options
    return new Repositories(this.#objects.commitOf(want).tree, remote, this.#composed.modules)
  }

  /** Fetches the blobs that are lacking. */
  async #fetchLacking(publication: Publication): Promise<void> {
    const { have, history, selection = ALL, want } = this.#options
    const isSelective = isPartial(selection) || history?.filter !== undefined
    // Else the remote has sent all that `have` lacks.
    if (!isSelective && want !== have) return
    await this.#lacking.fetchBlobs(publication.pending(), this.#repositories())
  }

  /** Fetches the submodules that are to be published. */
  async #addSubmodules(): Promise<void> {
    const { insteadOf, remote, selection = ALL, want } = this.#options
    if (!remote || !selection.submodules) return
    const { tree: root } = this.#objects.commitOf(want)
    await this.#composed.addSubmodules(
      { root, remote },
      {
        readBlob: (oid, submodule) => this.#lacking.readBlob(oid, submodule),
        fetchCommit: (wanted) => this.#lacking.fetchCommit(wanted),
        insteadOf,
      },
    )
  }

  /** Fetches what pointers of Git LFS stand for, where it is not on disk already. */
  async #fetchLfs(publication: Publication, commit: Oid): Promise<void> {
    const { checkpoint, fetchLfs, limits, selection = ALL } = this.#options
    if (!selection.lfs || !fetchLfs) return
    const objects = new LfsObjects({
      commit,
      limits,
      createFile: () => this.#incoming.create(),
      repositories: this.#repositories(),
      subdir: selection.subdir,
      readTree: (oid) => this.#objects.readTree(oid),
      readBlob: (oid, submodule) => this.#lacking.readBlob(oid, submodule),
      fetchLfs,
      checkpoint,
    })
    this.#lfs = objects
    for (const { file, object } of publication.lfsFiles()) {
      objects.add(file, object ?? this.#base?.findLfsObject(file.blob, file.pointer))
    }
    if (objects.isComplete) return
    beginPhase(this.#progress, 'fetch')
    await objects.fetch()
  }

  #findBase(oid: Oid): StoredObject | undefined {
    const tree = this.#base?.readTree(oid)
    if (tree) return { type: 'tree', body: tree }
    const kept = this.#history?.find(oid)
    if (kept) return kept
    // Until it is known what changes, a look for the file could mean a look at every file.
    return this.#publication.hasBegun || this.#hasCome ? this.#base?.findBlob(oid) : undefined
  }
}
