// The repositories that the files of a commit are of: its own, and its submodules'.
import type { Oid } from '../git/oid.js'
import type { RemoteUrl } from '../git/remote-url.js'
import { publishedRemote } from '../git/submodule-remote.js'
import { decodeTree, MODE } from '../git/tree.js'
import type { PublishedSubmodule } from '../publish/snapshot/origin.js'
import { parentOf } from '../volume/byte-path.js'

/** A submodule as one to fetch from. */
export interface SubmodulePlace {
  remote: RemoteUrl
  /** The byte path from the root of the repository that is published. */
  path: string
}

/** One of the repositories. */
export interface Repository {
  /** The root of the commit's tree. */
  source: Oid
  /** Undefined for the commit's own. */
  submodule: SubmodulePlace | undefined
}

export class Repositories {
  readonly #own: Repository
  /** By the byte path of their root in the commit's own. */
  readonly #submodules: ReadonlyMap<string, Repository>

  /** Of the commit of `remote` with the tree `source`. */
  constructor(
    source: Oid,
    remote: RemoteUrl | undefined,
    modules: readonly PublishedSubmodule[] = [],
  ) {
    this.#own = { source, submodule: undefined }
    this.#submodules = new Map(
      modules.map(({ path, source, url }) => {
        const submodule = remote && { remote: publishedRemote(url, remote), path }
        return [path, { source, submodule }]
      }),
    )
  }

  /** The one that a file is of, by its byte path from the root of the commit's own. */
  of(path: string): Repository {
    for (let root = path; root !== ''; root = parentOf(root)) {
      const found = this.#submodules.get(root)
      if (found) return found
    }
    return this.#own
  }

  /** Which of `blobs` are in the tree of which; those that are in no submodule's are the own one's. */
  locate(blobs: Iterable<Oid>, readTree: (oid: Oid) => Buffer): Map<Repository, Oid[]> {
    const left = new Set(blobs)
    const located = new Map<Repository, Oid[]>()
    for (const repository of this.#submodules.values()) {
      if (left.size === 0) break
      const found = [...blobsIn(repository.source, readTree)].filter((oid) => left.delete(oid))
      if (found.length > 0) located.set(repository, found)
    }
    return left.size > 0 ? located.set(this.#own, [...left]) : located
  }
}

function* blobsIn(root: Oid, readTree: (oid: Oid) => Buffer): Generator<Oid> {
  const pending = new Set([root])
  for (const oid of pending) {
    for (const entry of decodeTree(readTree(oid), oid.length / 2)) {
      if (entry.mode === MODE.tree) pending.add(entry.oid)
      else if (entry.mode !== MODE.gitlink) yield entry.oid
    }
  }
}
