// One pack on its way to disk: received, verified and staged at the same time, then published whole
// (early-publication.ts). What the pack leaves out, or builds on, is what is published already.
// Where only a part of the commit is published, its pack may bring trees alone, and another one the
// blobs of that part. A repair is the same: what something else changed of it is all that is lacking.
import type { Oid } from '../git/oid.js'
import type { Publication } from '../publish/publisher.js'
import { ALL, isPartial } from '../publish/tree/selection.js'
import { toVolumeError } from '../volume/volume-error.js'
import { ComposedCommit } from './composed-commit.js'
import { EarlyPublication } from './early-publication.js'
import { assertAllowed } from './gate.js'
import { LackingObjects } from './lacking-objects.js'
import { LfsObjects } from './lfs-objects.js'
import { beginAnew, beginPhase, countFile, createProgress, type WorkProgress } from './progress.js'
import { ReceivedObjects } from './received-objects.js'
import { Repositories } from './repositories.js'
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
  readonly #received: ReceivedObjects
  readonly #composed: ComposedCommit
  readonly #lacking: LackingObjects
  readonly #signatureGate: SignatureGate
  readonly #publication: EarlyPublication
  #lfs: LfsObjects | undefined
  /** Whether the first pack has come. */
  #hasCome = false

  constructor(options: UnpackOptions) {
    const { checkpoint, limits, progress = createProgress() } = options
    this.#options = options
    this.#signatureGate = new SignatureGate(options.signatureCheck, options.want)
    this.#progress = progress
    beginAnew(progress)
    const received = new ReceivedObjects(options, {
      onObject: (oid, object) => this.#publication.offer(oid, object),
      findKept: (oid) => this.#publication.find(oid),
      // Until it is known what changes, a look for a file could mean a look at every file.
      mayReadFiles: () => this.#publication.hasBegun || this.#hasCome,
    })
    this.#received = received
    const { all: objects, base, history, memory } = received
    this.#lacking = new LackingObjects({
      ...options,
      progress,
      objects,
      openReader: (submodule) => received.open(submodule),
      dropReader: (reader) => received.drop(reader),
      historyOf: (submodule, isThere) => history?.historyOf(submodule, isThere),
    })
    this.#composed = new ComposedCommit({
      objects,
      selection: options.selection ?? ALL,
      snapshot: base?.record.snapshot,
      limits,
      memory,
      checkpoint,
      keptModules: history?.modulesBefore,
    })
    this.#publication = new EarlyPublication({
      ...options,
      base,
      objects,
      composed: this.#composed,
      kept: history,
      memory,
      signatureGate: this.#signatureGate,
      lfsObject: (path) => this.#lfs?.at(path),
      onWritten: () => countFile(progress),
    })
  }

  async write(chunk: Buffer): Promise<void> {
    const { all, reader } = this.#received
    await reader.write(chunk)
    if (!this.#signatureGate.isOpen) await this.#signatureGate.pass(all, { isWhole: false })
  }

  async finish(): Promise<Unpacked> {
    const { have, want } = this.#options
    const { all: objects, history, reader } = this.#received
    const receivedAt = performance.now()
    this.#hasCome = true
    beginPhase(this.#progress, 'unpack')
    this.#publication.tryToBegin()
    if (want !== have || reader.bytes > 0) await reader.finish()
    await this.#signatureGate.pass(objects, { isWhole: true })
    await this.#addSubmodules()
    const { commit, publication } = this.#publication.begin()
    await this.#fetchLacking(publication)
    await this.#fetchLfs(publication, commit.commit)
    const findBase = (oid: Oid) => objects.find(oid) ?? this.#received.findBase(oid)
    const { modules } = this.#composed
    await history?.keep(commit.commit, modules, publication, findBase)
    const verifiedAt = performance.now()
    beginPhase(this.#progress, 'publish')
    const news = history?.news
    await assertAllowed(publication, { ...commit, ...(news && { news }) }, this.#options)
    const published = publication.finish()
    return {
      ...published,
      ...commit,
      ...(history && { history: history.kept, news: history.news }),
      bytes: objects.bytes,
      unpackMs: verifiedAt - receivedAt,
      publishMs: performance.now() - verifiedAt,
    }
  }

  abandon(): void {
    this.#publication.abandon()
  }

  close(): void {
    this.#received.close()
  }

  /** Where the files are from. */
  #repositories(): Repositories {
    const { remote, want } = this.#options
    return new Repositories(this.#received.all.commitOf(want).tree, remote, this.#composed.modules)
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
    const { tree: root } = this.#received.all.commitOf(want)
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
      createFile: () => this.#received.createFile(),
      repositories: this.#repositories(),
      subdir: selection.subdir,
      readTree: (oid) => this.#received.all.readTree(oid),
      readBlob: (oid, submodule) => this.#lacking.readBlob(oid, submodule),
      fetchLfs,
      checkpoint,
    })
    this.#lfs = objects
    for (const { file, object } of publication.lfsFiles()) {
      objects.add(file, object ?? this.#received.base?.findLfsObject(file.blob, file.pointer))
    }
    if (objects.isComplete) return
    beginPhase(this.#progress, 'fetch')
    await objects.fetch()
  }
}
