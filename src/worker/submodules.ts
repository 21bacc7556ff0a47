// The submodules of a commit: each is fetched where it is not published already, and its tree takes
// the place of the commit that its superproject has there, so that all are one tree to publish.
import { attributeTo, type ErrorCode, SyncError, toSyncError } from '../base/errors.js'
import type { StoredObject } from '../git/object.js'
import type { Oid } from '../git/oid.js'
import type { RemoteUrl } from '../git/remote-url.js'
import { submoduleRemote } from '../git/submodule-remote.js'
import { parseGitmodules, type Submodule } from '../git/submodules.js'
import { decodeTree, MODE } from '../git/tree.js'
import type { PublishedSubmodule } from '../publish/snapshot/origin.js'
import { gitlinksAt, graft } from '../publish/tree/graft.js'
import type { Submodules } from '../publish/tree/selection.js'
import { displayPath, joinBytePath } from '../volume/byte-path.js'
import { needsWholeFetch } from './whole-fetch.js'

/** How deep submodules may lie in each other, and how many a commit may have. */
const MAX_DEPTH = 10
const MAX_SUBMODULES = 1000

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
export interface SubmoduleWant {
  remote: RemoteUrl
  /** The byte path from the root of the repository that is published. */
  path: string
  commit: Oid
  /** What is published of the same remote. */
  have: Oid | undefined
}

/** Where submodules come from. */
export interface SubmoduleSource {
  readTree(oid: Oid): Buffer
  /** Reads a blob of the repository that is published, or of one that was fetched. */
  readBlob(oid: Oid): Promise<StoredObject>
  /** Returns the root of the commit's tree. */
  fetchCommit(want: SubmoduleWant): Promise<Oid>
  /** What is published with the same selection. */
  before: readonly PublishedSubmodule[]
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
  return new SubmoduleComposer(source, depth).compose(superproject, '', 0)
}

class SubmoduleComposer {
  readonly #source: SubmoduleSource
  readonly #isRecursive: boolean
  readonly #bodies = new Map<Oid, Buffer>()
  #count = 0

  constructor(source: SubmoduleSource, depth: Exclude<Submodules, 'off'>) {
    this.#source = source
    this.#isRecursive = depth === 'recursive'
  }

  async compose(superproject: Superproject, at: string, depth: number): Promise<WithSubmodules> {
    const { source, subdir, tree } = superproject
    const readTree = (oid: Oid) => this.#bodies.get(oid) ?? this.#source.readTree(oid)
    const submodules = new Map(
      [...(await this.#read(source))].flatMap(([path, submodule]) => {
        const below = pathBelow(subdir, path)
        return below === undefined || submodule.isSkipped ? [] : [[below, submodule] as const]
      }),
    )
    const links = gitlinksAt(tree, submodules.keys(), readTree)
    this.#count += links.size
    if (this.#count > MAX_SUBMODULES) throw tooMany()
    const composed = await all(
      [...links].map(async ([below, commit]) => {
        const submodule = submodules.get(below) as Submodule
        const path = joinBytePath(at, submodule.path)
        const modules = await inSubmodule(path, () => {
          if (depth === MAX_DEPTH) throw tooDeep()
          const remote = submoduleRemote(submodule, superproject.remote)
          return this.#module({ remote, path, commit }, depth + 1)
        })
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
    depth: number,
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
      return [{ ...known, path }, ...inside]
    }
    const others = before.filter((other) => other.url === url)
    const have = (others.find((other) => other.path === path) ?? others[0])?.commit
    try {
      return await this.#fetchModule({ ...want, have }, depth)
    } catch (error) {
      if (have === undefined || !needsWholeFetch(error)) throw error
      return this.#fetchModule({ ...want, have: undefined }, depth)
    }
  }

  async #fetchModule(
    want: SubmoduleWant,
    depth: number,
  ): Promise<[PublishedSubmodule, ...PublishedSubmodule[]]> {
    const { commit, path, remote } = want
    const { url } = remote
    const source = await this.#source.fetchCommit(want)
    if (!this.#isRecursive) return [{ path, url, commit, source, tree: source }]
    const inside = await this.compose({ remote, source, tree: source, subdir: '' }, path, depth)
    return [{ path, url, commit, source, tree: inside.tree }, ...inside.modules]
  }

  /** What a commit says of its submodules, by their paths. */
  async #read(root: Oid): Promise<Map<string, Submodule>> {
    const entries = decodeTree(this.#source.readTree(root), root.length / 2)
    const file = entries.find(({ name }) => name === '.gitmodules')
    // git does not follow a symlink there, and takes nothing from a directory.
    if (file?.mode !== MODE.file && file?.mode !== MODE.executable) return new Map()
    const blob = await this.#source.readBlob(file.oid)
    if (!('body' in blob)) throw invalid('.gitmodules is larger than any that git wrote')
    return parseGitmodules(blob.body)
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

/** Runs what concerns a submodule. Throws its error as one of the innermost submodule. */
async function inSubmodule<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code, dependency, message } = toSyncError(error)
    if (dependency?.submodule !== undefined) throw error
    const submodule = displayPath(path)
    const advice = isOfAddress(code) ? '; its address is its url in .gitmodules' : ''
    const told = `The submodule ${JSON.stringify(submodule)}: ${message}${advice}`
    throw attributeTo({ submodule }, error, told)
  }
}

/** Where the address may be wrong, or leads where nobody here meant to go. */
function isOfAddress(code: ErrorCode): boolean {
  const codes: ErrorCode[] = [
    'access-denied',
    'authentication-required',
    'host-key-unknown',
    'host-not-found',
    'not-a-git-server',
    'redirect-refused',
    'repository-not-found',
  ]
  return codes.includes(code)
}

function tooDeep(): SyncError {
  return invalid(`submodules lie in each other more than ${MAX_DEPTH} deep, maybe in a circle`)
}

function tooMany(): SyncError {
  return invalid(`the commit has more than ${MAX_SUBMODULES} submodules`)
}

function invalid(fault: string): SyncError {
  const code: ErrorCode = 'submodule-invalid'
  return new SyncError(
    code,
    `${fault}; nothing of this commit is published: correct it in the repository, or take submodules out of the entry`,
  )
}
