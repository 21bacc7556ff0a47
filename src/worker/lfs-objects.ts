// The objects of Git LFS that a commit takes: those that are published or in place already, and
// others as they come, each written to a file of its own and verified by its size and its hash.
import { createHash } from 'node:crypto'
import { closeSync } from 'node:fs'
import { SyncError } from '../base/errors.js'
import { type Limits, tooLarge } from '../git/limits.js'
import { type LargeBlob, startHash } from '../git/object.js'
import { type Oid, objectFormatOf } from '../git/oid.js'
import type { LfsObject } from '../lfs/batch.js'
import { BATCH_OBJECTS, type LfsRequest } from '../lfs/lfs-session.js'
import type { LfsFile } from '../publish/drift/lfs-files.js'
import { displayPath } from '../volume/byte-path.js'
import type { VolumeFile } from '../volume/open-file.js'
import { writeAll } from '../volume/write-all.js'

export interface LfsObjectsOptions {
  /** The commit; objects are known by their oid as blobs in its format. */
  commit: Oid
  limits: Limits
  createFile: () => VolumeFile
  /** Starts to fetch what a batch is for: one stream for each object, in their order. */
  fetchLfs: (request: LfsRequest) => AsyncIterable<Buffer>[]
  checkpoint: () => void
}

export class LfsObjects {
  readonly #options: LfsObjectsOptions
  readonly #byPath = new Map<string, LargeBlob>()
  readonly #lacking = new Map<string, LfsObject & { paths: string[] }>()

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
    const known = this.#lacking.get(pointer.oid)
    if (known) known.paths.push(path)
    else this.#lacking.set(pointer.oid, { ...pointer, path: displayPath(path), paths: [path] })
  }

  /** Fetches what is lacking. Throws `commit-too-large` before, and `lfs-object-corrupt`. */
  async fetch(config: string | undefined): Promise<void> {
    const { fetchLfs, limits } = this.#options
    const lacking = [...this.#lacking.values()]
    const bytes = lacking.reduce((sum, { paths, size }) => sum + size * paths.length, 0)
    if (bytes > limits.checkoutBytes) throw tooLarge(limits, 'checkoutBytes')
    const wanted = lacking.filter(({ size }) => size > 0)
    for (const empty of lacking.filter(({ size }) => size === 0)) await this.#keep(empty, none())
    for (let start = 0; start < wanted.length; start += BATCH_OBJECTS) {
      const batch = wanted.slice(start, start + BATCH_OBJECTS)
      const objects = batch.map(({ oid, path, size }) => ({ oid, path, size }))
      const streams = fetchLfs({ objects, config })
      await Promise.all(batch.map((object, at) => this.#keep(object, streams[at] ?? none())))
    }
    this.#lacking.clear()
  }

  async #keep(
    object: LfsObject & { paths: string[] },
    chunks: AsyncIterable<Buffer>,
  ): Promise<void> {
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
