// What neither the first pack has brought nor is published: blobs, the commits of submodules. Each is
// fetched by another pack, of the repository that has it.
import { SyncError } from '../base/errors.js'
import type { StoredObject } from '../git/object.js'
import type { Oid } from '../git/oid.js'
import type { PackReader } from '../pack/pack-reader.js'
import { fetchByIdOrRefs } from './commit-by-refs.js'
import type { CommitObjects } from './commit-objects.js'
import { beginPhase, type WorkProgress } from './progress.js'
import type { Repositories, SubmodulePlace } from './repositories.js'
import { inSubmodule } from './submodule-error.js'
import type { SubmoduleWant } from './submodules.js'
import type { PackRequest, UnpackOptions } from './unpacked.js'

export interface LackingObjectsOptions extends Pick<UnpackOptions, 'fetch' | 'checkpoint'> {
  objects: CommitObjects
  progress: WorkProgress
  /** Opens what reads another pack. */
  openReader: (submodule: SubmodulePlace | undefined) => PackReader
  /** Told of what another pack was read by that is not of use. */
  dropReader: (reader: PackReader) => void
  /** What history is asked for of a submodule, where what is published of it is at hand or not. */
  historyOf: (submodule: SubmodulePlace, isThere: boolean) => PackRequest['history']
}

export class LackingObjects {
  readonly #options: LackingObjectsOptions

  constructor(options: LackingObjectsOptions) {
    this.#options = options
  }

  /** Fetches those of `blobs` that are not at hand. */
  async fetchBlobs(blobs: Iterable<Oid>, repositories: Repositories): Promise<void> {
    const { checkpoint, objects } = this.#options
    const lacking: Oid[] = []
    // Many files may have one blob, which is looked for once.
    for (const oid of new Set(blobs)) {
      checkpoint()
      if (!objects.hasBlob(oid)) lacking.push(oid)
    }
    const readTree = (oid: Oid) => objects.readTree(oid)
    for (const [{ submodule }, wants] of repositories.locate(lacking, readTree)) {
      await this.#fetchAll(wants, submodule)
    }
  }

  /** Reads a blob, which is fetched where it is not at hand. */
  async readBlob(oid: Oid, submodule: SubmodulePlace | undefined): Promise<StoredObject> {
    const { objects } = this.#options
    if (!objects.hasBlob(oid)) await this.#fetchAll([oid], submodule)
    return objects.readBlob(oid)
  }

  /** Fetches the commit of a submodule; returns the root of its tree. */
  async fetchCommit({ commit, have, ...submodule }: SubmoduleWant): Promise<Oid> {
    const { dropReader, historyOf, objects } = this.#options
    await fetchByIdOrRefs(commit, async (depth) => {
      const haves = have === undefined || depth !== undefined ? [] : [have]
      const history = historyOf(submodule, haves.length > 0)
      const refsDepth = depth === undefined ? undefined : Math.max(depth, history?.depth ?? 0)
      const pack = await this.#fetch({ wants: [commit], haves, history, submodule, refsDepth })
      const hasCome = pack?.has(commit) ?? false
      if (pack && !hasCome) dropReader(pack)
      return hasCome
    })
    return objects.rootOf(commit)
  }

  async #fetchAll(wants: readonly Oid[], submodule: SubmodulePlace | undefined): Promise<void> {
    try {
      await inSubmodule(submodule?.path, () => this.#fetch({ wants, haves: [], submodule }))
    } catch (error) {
      const isRefused = error instanceof SyncError && error.code === 'commit-not-found'
      if (!isRefused || !submodule) throw error
      throw new SyncError('base-missing', `${error.message}; everything is fetched anew`, {
        cause: error,
      })
    }
  }

  /** Receives another pack, if any is to be had. */
  async #fetch(request: PackRequest): Promise<PackReader | undefined> {
    const { dropReader, fetch, objects, openReader, progress } = this.#options
    if (!fetch) return undefined
    const reader = openReader(request.submodule)
    objects.add(reader)
    try {
      beginPhase(progress, 'fetch')
      for await (const chunk of fetch(request)) await reader.write(chunk)
      beginPhase(progress, 'unpack')
      await reader.finish()
      return reader
    } catch (error) {
      dropReader(reader)
      throw error
    }
  }
}
