// The submodules of a commit: each is fetched where it is not published already, and its tree takes
// the place of the commit that its superproject has there, so that all are one tree to publish.
import { type ErrorCode, SyncError } from '../base/errors.js'
import { parseGitmodules, type Submodule } from '../git/gitmodules.js'
import type { InsteadOf } from '../git/instead-of.js'
import type { StoredObject } from '../git/object.js'
import type { Oid } from '../git/oid.js'
import type { RemoteUrl } from '../git/remote-url.js'
import { submoduleRemote } from '../git/submodule-remote.js'
import { fileIn } from '../git/tree.js'
import type { PublishedSubmodule } from '../publish/snapshot/origin.js'
import { gitlinksAt, graft } from '../publish/tree/graft.js'
import type { Submodules } from '../publish/tree/selection.js'
import { displayPath, joinBytePath } from '../volume/byte-path.js'
import type { SubmodulePlace } from './repositories.js'
import { inSubmodule } from './submodule-error.js'
import { needsWholeFetch } from './whole-fetch.js'

/** How deep submodules may lie in each other, and how many a commit may have. */
const MAX_DEPTH = 10
const MAX_SUBMODULES = 1000
/** How often a repository may lie in itself: some have their own pages as a submodule. */
const MAX_ROUNDS = 1

/** A repository whose submodules are wanted. */
export interface Superproject {
  remote: RemoteUrl
  /** The root of the commit's tree. */
  source: Oid
  /** What is published of it, which is its directory `subdir`, a byte path. */
  tree: Oid
  subdir: string
}

/** A commit of a submodule that is to be fetched. */
export interface SubmoduleWant extends SubmodulePlace {
  commit: Oid
  /** What is published of the same remote. */
  have: Oid | undefined
}

/** Where submodules come from. */
export interface SubmoduleSource {
  readTree(oid: Oid): Buffer
  /** Reads a blob of a submodule; undefined: of the repository that is published. */
  readBlob(oid: Oid, submodule: SubmodulePlace | undefined): Promise<StoredObject>
  /** Returns the root of the commit's tree. */
  fetchCommit(want: SubmoduleWant): Promise<Oid>
  /** What is published with the same selection. */
  before: readonly PublishedSubmodule[]
  /** Whether each is to have its own repository. */
  isKept: boolean
  /** What addresses stand for. @default themselves */
  insteadOf?: InsteadOf | undefined
}

/** The tree that is published with submodules in it. */
export interface WithSubmodules {
  tree: Oid
  /** Trees that stand in for others. */
  bodies: ReadonlyMap<Oid, Buffer>
  modules: PublishedSubmodule[]
}

/**
 * Fetches the submodules that are lacking, and composes the tree with all of them. Throws what
 * went wrong with one of them, with its path in the message.
 */
export function composeSubmodules(
  superproject: Superproject,
  depth: Exclude<Submodules, 'off'>,
  source: SubmoduleSource,
): Promise<WithSubmodules> {
  return new SubmoduleComposer(source, depth).compose(superproject, [
    { remote: superproject.remote, path: '' },
  ])
}

class SubmoduleComposer {
  readonly #source: SubmoduleSource
  readonly #isRecursive: boolean
  readonly #bodies = new Map<Oid, Buffer>()
  /** Of all submodules that were found. */
  readonly #paths = new Set<string>()

  constructor(source: SubmoduleSource, depth: Exclude<Submodules, 'off'>) {
    this.#source = source
    this.#isRecursive = depth === 'recursive'
  }

  /** Composes the last repository of `above`, each of which lies in the one before it. */
  async compose(
    superproject: Superproject,
    above: readonly SubmodulePlace[],
  ): Promise<WithSubmodules> {
    const { remote: own, subdir, tree } = superproject
    const place = above.at(-1) as SubmodulePlace
    const readTree = (oid: Oid) => this.#bodies.get(oid) ?? this.#source.readTree(oid)
    const submodules = new Map(
      [...(await this.#read(superproject.source, place))].flatMap(([path, submodule]) => {
        const below = pathBelow(subdir, path)
        return below === undefined || submodule.isSkipped ? [] : [[below, submodule] as const]
      }),
    )
    const links = gitlinksAt(tree, submodules.keys(), readTree)
    const pathOf = (below: string) =>
      joinBytePath(place.path, (submodules.get(below) as Submodule).path)
    this.#count([...links.keys()].map(pathOf))
    const composed = await all(
      [...links].map(async ([below, commit]) => {
        const path = pathOf(below)
        const modules = await inSubmodule(path, () => {
          const remote = submoduleRemote(
            submodules.get(below) as Submodule,
            own,
            this.#source.insteadOf,
          )
          assertNoCircle({ remote, path }, above)
          return this.#module({ remote, path, commit }, above)
        })
        const { name } = submodules.get(below) as Submodule
        if (this.#source.isKept) modules[0] = { ...modules[0], name }
        return { below, modules }
      }),
    )
    const trees = composed.map(({ below, modules: [own] }) => [below, own.tree] as const)
    const grafted = graft(tree, new Map(trees), readTree)
    for (const [oid, body] of grafted.bodies) this.#bodies.set(oid, body)
    const modules = composed.flatMap((each) => each.modules)
    return { tree: grafted.tree, bodies: this.#bodies, modules }
  }

  /** The submodule, and after it those that lie in it. */
  async #module(
    want: Omit<SubmoduleWant, 'have'>,
    above: readonly SubmodulePlace[],
  ): Promise<[PublishedSubmodule, ...PublishedSubmodule[]]> {
    const { commit, path, remote } = want
    const { url } = remote
    const { before } = this.#source
    const known = before.find((other) => other.url === url && other.commit === commit)
    if (known) {
      const inside = before.flatMap((other) => {
        const below = pathBelow(known.path, other.path)
        return below === undefined ? [] : [{ ...other, path: joinBytePath(path, below) }]
      })
      this.#count(inside.map((module) => module.path))
      return [{ ...known, path }, ...inside]
    }
    const others = before.filter((other) => other.url === url)
    const have = (others.find((other) => other.path === path) ?? others[0])?.commit
    try {
      return await this.#fetchModule({ ...want, have }, above)
    } catch (error) {
      if (have === undefined || !needsWholeFetch(error)) throw error
      return this.#fetchModule({ ...want, have: undefined }, above)
    }
  }

  async #fetchModule(
    want: SubmoduleWant,
    above: readonly SubmodulePlace[],
  ): Promise<[PublishedSubmodule, ...PublishedSubmodule[]]> {
    const { commit, path, remote } = want
    const { url } = remote
    const source = await this.#source.fetchCommit(want)
    if (!this.#isRecursive) return [{ path, url, commit, source, tree: source }]
    const repository = { remote, source, tree: source, subdir: '' }
    const inside = await this.compose(repository, [...above, { remote, path }])
    return [{ path, url, commit, source, tree: inside.tree }, ...inside.modules]
  }

  /** What a commit says of its submodules, by their paths. */
  async #read(source: Oid, place: SubmodulePlace): Promise<Map<string, Submodule>> {
    const oid = fileIn(this.#source.readTree(source), '.gitmodules', source)
    if (oid === undefined) return new Map()
    const blob = await this.#source.readBlob(oid, place.path === '' ? undefined : place)
    if (!('body' in blob)) throw invalid('.gitmodules is larger than any that git wrote')
    return parseGitmodules(blob.body)
  }

  #count(paths: readonly string[]): void {
    for (const path of paths) this.#paths.add(path)
    if (this.#paths.size > MAX_SUBMODULES) {
      throw invalid(`the commit has more than ${MAX_SUBMODULES} submodules`)
    }
  }
}

/** What is left of a path below a directory, which may be the root; undefined where it is not. */
function pathBelow(directory: string, path: string): string | undefined {
  if (directory === '') return path
  return path.startsWith(`${directory}/`) ? path.slice(directory.length + 1) : undefined
}

/** Where one fails, the others are waited for: nothing goes on behind the back of the job. */
async function all<T>(work: Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work)
  return Promise.all(work)
}

function assertNoCircle({ path, remote }: SubmodulePlace, above: readonly SubmodulePlace[]): void {
  const same = above.filter((other) => other.remote.url === remote.url)
  if (same.length > MAX_ROUNDS) {
    const paths = [...same.map((other) => other.path), path].map((each) => displayPath(each) || '.')
    throw invalid(`its repository lies in itself over and over: at ${paths.join(', at ')}`)
  }
  if (above.length > MAX_DEPTH) {
    throw invalid(`submodules lie in each other more than ${MAX_DEPTH} deep`)
  }
}

function invalid(fault: string): SyncError {
  const code: ErrorCode = 'submodule-invalid'
  return new SyncError(
    code,
    `${fault}; nothing of this commit is published: correct it in the repository, or take submodules out of the entry`,
  )
}
