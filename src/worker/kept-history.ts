// The history that is kept with a commit, and with each of its submodules: the packs of each repository
// are kept as they come, and put into it once all of them are verified, before anything is published.
import { SyncError } from '../base/errors.js'
import type { StoredObject } from '../git/object.js'
import { type Oid, objectFormatOf } from '../git/oid.js'
import type { PackReader } from '../pack/pack-reader.js'
import type { HistoryToKeep } from '../publish/history/keep.js'
import { endsOf, type NewCommit, newCommits } from '../publish/history/walk.js'
import type { Publication } from '../publish/publisher.js'
import {
  keepHistory,
  type OpenHistory,
  openHistory,
  openModuleHistory,
} from '../publish/repository.js'
import type { PublishedSubmodule, TreeOrigin } from '../publish/snapshot/origin.js'
import type { HistoryDepth, PublishedHistory } from '../publish/snapshot/published-history.js'
import type { Snapshot } from '../publish/snapshot/snapshot.js'
import { type FetchRequest, WHOLE_DEPTH } from '../remote/remote-session.js'
import type { VolumeFile } from '../volume/open-file.js'
import { type Keeping, KeptRepository } from './kept-repository.js'
import { OpenHistories } from './open-histories.js'
import type { SubmodulePlace } from './repositories.js'
import type { UnpackOptions } from './unpacked.js'

export interface KeptHistoryOptions
  extends Pick<UnpackOptions, 'target' | 'want' | 'have' | 'checkpoint'> {
  history: NonNullable<UnpackOptions['history']>
  /** What is published; undefined where nothing is that counts. */
  published: Pick<Snapshot, 'history' | 'origin'> | undefined
  createFile: () => VolumeFile
}

/** A submodule; its commit is not known while it comes. */
type Wanted = Pick<PublishedSubmodule, 'path' | 'url'> & { commit?: Oid }

export class KeptHistory {
  readonly #options: KeptHistoryOptions
  readonly #own: KeptRepository
  readonly #open = new OpenHistories()
  /** By the paths of submodules. */
  readonly #modules = new Map<string, KeptRepository>()
  /** Where the history of each submodule ends that came. */
  readonly #ends = new Map<string, readonly Oid[]>()
  #kept: PublishedHistory | undefined
  #news: NewCommit[] = []

  /** Throws `base-missing` where the remote was told of a commit whose history is not there. */
  constructor(options: KeptHistoryOptions) {
    const { have, published, target, want } = options
    this.#options = options
    const stored = have === undefined ? undefined : openHistory(target, objectFormatOf(want))
    this.#own = this.#repository(stored, have, published?.history?.shallow)
    if (have === undefined || (published?.history && this.#own.has(have))) return
    this.#own.close()
    throw new SyncError('base-missing', `The history of ${have} is not there; it is fetched anew`)
  }

  /** Keeps another pack, of a submodule where one is given. */
  open(open: (keeping: Keeping) => PackReader, submodule?: SubmodulePlace): PackReader {
    const module = submodule && this.#module({ path: submodule.path, url: submodule.remote.url })
    return (module ?? this.#own).open(open)
  }

  /** Keeps a pack no more. */
  drop(reader: PackReader): void {
    for (const repository of this.#repositories) repository.drop(reader)
  }

  /** The submodules that are published with as much history as is wanted: none, or all of them. */
  get modulesBefore(): readonly PublishedSubmodule[] {
    const { history, published } = this.#options
    const { depth } = published?.history ?? {}
    const modules = published?.origin?.modules ?? []
    const isDeep = depth !== undefined && depthOf(depth) >= depthOf(history.depth)
    const isEnough = ({ name, shallow }: PublishedSubmodule) =>
      name !== undefined && shallow !== undefined && (isDeep || shallow.length === 0)
    return modules.every(isEnough) ? modules : []
  }

  /** What is asked for of a submodule. */
  historyOf({ path, remote }: SubmodulePlace, isThere: boolean): Partial<FetchRequest> {
    const depth = depthOf(this.#options.history.depth)
    const before = isThere ? this.#before({ path, url: remote.url }) : undefined
    return { ...(depth > 1 && { depth }), ...(before && { shallow: before.shallow }) }
  }

  /** An object that was kept before. */
  find(oid: Oid): StoredObject | undefined {
    for (const repository of this.#repositories) {
      const found = repository.find(oid)
      if (found) return found
    }
    return undefined
  }

  has(oid: Oid): boolean {
    return this.#repositories.some((repository) => repository.has(oid))
  }

  /**
   * Puts what came of a commit and of `modules` into the repositories behind a publication; `readBase`
   * reads what a pack builds on and has not.
   */
  async keep(
    head: Oid,
    modules: readonly PublishedSubmodule[],
    publication: Pick<Publication, 'repository'>,
    readBase: (oid: Oid) => StoredObject | undefined,
  ): Promise<void> {
    const { have, history, target, want } = this.#options
    const packs = await this.#own.complete(readBase)
    const { commits } = this.#own
    const shallow = endsOf(head, history.depth, commits)
    if (have !== undefined && have !== head) this.#news = newCommits(head, have, commits)
    const keptModules: HistoryToKeep['modules'][number][] = []
    for (const module of modules) {
      const packs = await this.#complete(module, readBase)
      keptModules.push({ module, before: this.#before(module), packs })
    }
    const options = { ...history, objectFormat: objectFormatOf(want) }
    const { modulesBefore } = this
    const place = publication.repository()
    await keepHistory(target, options, { packs, modules: keptModules, modulesBefore, place })
    this.#kept = { ...history, shallow }
  }

  /** What was kept, once it is. */
  get kept(): PublishedHistory | undefined {
    return this.#kept
  }

  /** What a commit was composed of, with where the history of each submodule ends. */
  withEnds(origin: TreeOrigin | undefined): TreeOrigin | undefined {
    if (!origin?.modules) return origin
    const modules = origin.modules.map((module) => {
      return { ...module, shallow: this.#ends.get(module.path) ?? module.shallow ?? [] }
    })
    return { ...origin, modules }
  }

  /** What came after the commit that was published before. */
  get news(): readonly NewCommit[] {
    return this.#news
  }

  close(): void {
    for (const repository of this.#repositories) repository.close()
  }

  get #repositories(): KeptRepository[] {
    return [this.#own, ...this.#modules.values()]
  }

  /** What came of a submodule, of which it is found out where its history ends, unless it is as before. */
  async #complete(module: PublishedSubmodule, readBase: (oid: Oid) => StoredObject | undefined) {
    const { history, published } = this.#options
    const isSameDepth = published?.history?.depth === history.depth
    const known = this.#modules.get(module.path)
    if (!known && isSameDepth && module.shallow) return []
    const repository = known ?? this.#module(module)
    const packs = await repository.complete(readBase)
    this.#ends.set(module.path, endsOf(module.commit, history.depth, repository.commits))
    return packs
  }

  #module(module: Wanted): KeptRepository {
    const known = this.#modules.get(module.path)
    if (known) return known
    const { published, target, want } = this.#options
    const before = this.#before(module)
    const modules = published?.origin?.modules ?? []
    const stored = before && openModuleHistory(target, objectFormatOf(want), modules, before)
    const repository = this.#repository(
      stored && this.#open.inTurn(stored),
      before?.commit,
      before?.shallow,
    )
    this.#modules.set(module.path, repository)
    return repository
  }

  /** The published submodule of which a repository has most. */
  #before({ commit, path, url }: Wanted): PublishedSubmodule | undefined {
    const same = this.modulesBefore.filter((other) => other.url === url)
    return (
      same.find((other) => other.commit === commit) ??
      same.find((other) => other.path === path) ??
      same[0]
    )
  }

  #repository(
    stored: OpenHistory | undefined,
    before: Oid | undefined,
    shallow: readonly Oid[] = [],
  ): KeptRepository {
    const { checkpoint, createFile, want } = this.#options
    const objectFormat = objectFormatOf(want)
    return new KeptRepository({ objectFormat, stored, before, shallow, createFile, checkpoint })
  }
}

function depthOf(depth: HistoryDepth): number {
  return depth === 'full' ? WHOLE_DEPTH : depth
}
