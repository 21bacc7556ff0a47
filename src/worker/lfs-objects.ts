// The objects of Git LFS that a commit takes: those that are published or in place already, and
// others as they come, each written to a file of its own and verified by its size and its hash.
import { createHash } from 'node:crypto'
import { closeSync } from 'node:fs'
import { SyncError } from '../base/errors.js'
import { type Limits, tooLarge } from '../git/limits.js'
import { type LargeBlob, type StoredObject, startHash } from '../git/object.js'
import { type Oid, objectFormatOf } from '../git/oid.js'
import { fileIn } from '../git/tree.js'
import { CONFIG_FILE } from '../lfs/address.js'
import type { LfsObject } from '../lfs/batch.js'
import { BATCH_OBJECTS, type LfsRequest } from '../lfs/lfs-session.js'
import type { LfsFile } from '../publish/drift/lfs-files.js'
import { displayPath, joinBytePath } from '../volume/byte-path.js'
import type { VolumeFile } from '../volume/open-file.js'
import { writeAll } from '../volume/write-all.js'
import type { Repositories, Repository, SubmodulePlace } from './repositories.js'
import { inSubmodule } from './submodule-error.js'

/** So much of a `.lfsconfig` is read. */
const MAX_CONFIG_BYTES = 64 * 1024

/** Objects of one repository. */
export interface LfsWant extends LfsRequest {
  /** Undefined for the one that is published. */
  submodule: SubmodulePlace | undefined
}

export interface LfsObjectsOptions {
  /** The commit; objects are known by their oid as blobs in its format. */
  commit: Oid
  limits: Limits
  createFile: () => VolumeFile
  repositories: Pick<Repositories, 'of'>
  /** The byte path from the root of the repository to what is published of it. */
  subdir: string
  readTree: (oid: Oid) => Buffer
  /** Reads a blob of a repository, which is fetched where it is not at hand. */
  readBlob: (oid: Oid, submodule: SubmodulePlace | undefined) => Promise<StoredObject>
  /** Starts to fetch what a batch is for: one stream for each object, in their order. */
  fetchLfs: (request: LfsWant) => AsyncIterable<Buffer>[]
  checkpoint: () => void
}

/** An object that is to be fetched, and the files that are to hold it. */
type LackingObject = LfsObject & { paths: string[] }

export class LfsObjects {
  readonly #options: LfsObjectsOptions
  readonly #byPath = new Map<string, LargeBlob>()
  /** By their repositories, and by their oids. */
  readonly #lacking = new Map<Repository, Map<string, LackingObject>>()

  constructor(options: LfsObjectsOptions) {
    this.#options = options
  }

  /** What stands in the place of a file's pointer. */
  at(path: string): LargeBlob | undefined {
    return this.#byPath.get(path)
  }

  get isComplete(): boolean {
    return this.#lacking.size === 0
  }

  /** Adds a file that is to hold an object, which is fetched where it is undefined. */
  add({ path, pointer }: LfsFile, object: LargeBlob | undefined): void {
    if (object) {
      this.#byPath.set(path, object)
      return
    }
    const { repositories, subdir } = this.#options
    const repository = repositories.of(joinBytePath(subdir, path))
    const lacking = this.#lacking.get(repository) ?? new Map<string, LackingObject>()
    this.#lacking.set(repository, lacking)
    const known = lacking.get(pointer.oid)
    if (known) known.paths.push(path)
    else lacking.set(pointer.oid, { ...pointer, path: displayPath(path), paths: [path] })
  }

  /** Fetches what is lacking. Throws `commit-too-large` before, and `lfs-object-corrupt`. */
  async fetch(): Promise<void> {
    const { limits } = this.#options
    const all = [...this.#lacking.values()].flatMap((lacking) => [...lacking.values()])
    const bytes = all.reduce((sum, { paths, size }) => sum + size * paths.length, 0)
    if (bytes > limits.checkoutBytes) throw tooLarge(limits, 'checkoutBytes')
    for (const [repository, lacking] of this.#lacking) {
      const config = await this.#readConfig(repository)
      const { submodule } = repository
      const objects = [...lacking.values()]
      await inSubmodule(submodule?.path, () => this.#fetchOf(objects, { config, submodule }))
    }
    this.#lacking.clear()
  }

  async #fetchOf(
    lacking: readonly LackingObject[],
    place: Pick<LfsWant, 'config' | 'submodule'>,
  ): Promise<void> {
    const { fetchLfs } = this.#options
    const wanted = lacking.filter(({ size }) => size > 0)
    for (const empty of lacking.filter(({ size }) => size === 0)) await this.#keep(empty, none())
    for (let start = 0; start < wanted.length; start += BATCH_OBJECTS) {
      const batch = wanted.slice(start, start + BATCH_OBJECTS)
      const objects = batch.map(({ oid, path, size }) => ({ oid, path, size }))
      const streams = fetchLfs({ objects, ...place })
      await Promise.all(batch.map((object, at) => this.#keep(object, streams[at] ?? none())))
    }
  }

  /** What the commit of a repository says of where its objects are. */
  async #readConfig({ source, submodule }: Repository): Promise<string | undefined> {
    const { readBlob, readTree } = this.#options
    const oid = fileIn(readTree(source), CONFIG_FILE, source)
    const blob = oid === undefined ? undefined : await readBlob(oid, submodule)
    return blob && 'body' in blob ? blob.body.toString('utf8', 0, MAX_CONFIG_BYTES) : undefined
  }

  async #keep(object: LackingObject, chunks: AsyncIterable<Buffer>): Promise<void> {
    const kept = await this.#receive(object, chunks)
    for (const path of object.paths) this.#byPath.set(path, kept)
  }

  async #receive(object: LfsObject, chunks: AsyncIterable<Buffer>): Promise<LargeBlob> {
    const { checkpoint, commit, createFile } = this.#options
    const { oid, size } = object
    const content = createHash('sha256')
    const blob = startHash('blob', size, objectFormatOf(commit))
    const file = createFile()
    const fd = file.create()
    try {
      let bytes = 0
      for await (const chunk of chunks) {
        checkpoint()
        bytes += chunk.length
        if (bytes > size) throw corrupt(object, `more than its ${size} bytes`)
        content.update(chunk)
        blob.update(chunk)
        writeAll(fd, chunk)
      }
      if (bytes < size) throw corrupt(object, `${bytes} of its ${size} bytes`)
    } finally {
      closeSync(fd)
    }
    // An empty file has no object: whatever its pointer says, git-lfs makes it.
    if (size > 0 && content.digest('hex') !== oid) throw corrupt(object, 'other bytes')
    return { type: 'blob', oid: blob.digest('hex'), file, size, isTemporary: true }
  }
}

async function* none(): AsyncGenerator<Buffer> {}

function corrupt({ oid, path }: LfsObject, what: string): SyncError {
  return new SyncError(
    'lfs-object-corrupt',
    `The Git LFS server sent ${what} for ${path} (${oid}); nothing of this commit is published, it is tried again: look at the storage of that server, and at proxies before it`,
  )
}
