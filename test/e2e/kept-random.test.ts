// Histories of every shape that branches and tags of a remote may take, while the listing asks for more of
// them or for less: at each step, the repositories behind published files are what real git makes of them.
import path from 'node:path'
import { test } from 'node:test'
import { commitOn } from '../helpers/commit-on.js'
import type { TestRepo } from '../helpers/git.js'
import { assertRepository, untilHolds } from '../helpers/kept-repository.js'
import { type Random, randomFrom, randomHistory } from '../helpers/random-history.js'
import { IS_WHOLE, SEED } from '../helpers/seed.js'
import { startService, writeListing } from '../helpers/service.js'
import { filesOf, serve } from '../helpers/submodule-repos.js'

const STEPS = IS_WHOLE ? 40 : 4
const MODES = ['in-place', 'symlink'] as const
/** What is published of the remote, each in both modes. */
const KINDS = {
  plain: {},
  // Git fetches `.gitmodules` where it is not among them, of a server that waits for git here.
  sparse: { sparse: ['/always/', '/.gitmodules', 's*'] },
  submodules: { submodules: 'recursive' },
}
const MODULE = 'always/leaf'

/** The commits of a repository, its branches and its tag, as they come to be. */
class RandomGraph {
  readonly #repo: TestRepo
  readonly #random: Random
  readonly #parents = new Map<string, readonly string[]>()
  readonly #trees
  /** What refs name by now. */
  readonly refs = new Map<string, string>()

  constructor(repo: TestRepo, random: Random) {
    this.#repo = repo
    this.#random = random
    this.#trees = randomHistory(random, { hasLarge: false })
  }

  /** Lets a branch, and now and then the tag, name something else; every commit also has the files `more`. */
  advance(more: Parameters<typeof commitOn>[1]): void {
    const commit = (parents: readonly string[]) => {
      const files = { ...this.#trees.next().value, ...more, 'always/file': `${this.#random()}` }
      const oid = commitOn(this.#repo, files, parents)
      this.#parents.set(oid, parents)
      return oid
    }
    for (const branch of ['main', 'side']) {
      const head = this.refs.get(branch)
      this.#name(branch, head === undefined ? commit([]) : this.#next(head, commit))
    }
    if (!this.refs.has('v') || this.#random() < 0.4) this.#tag(this.any())
  }

  /** Any commit that was made. */
  any(): string {
    return pick([...this.#parents.keys()], this.#random)
  }

  /** The commits that are so many deep, from one on. */
  within(head: string, depth: number | 'full'): string[] {
    const found = new Set<string>()
    let level = [head]
    for (let left = depth === 'full' ? Number.POSITIVE_INFINITY : depth; left > 0; left--) {
      for (const oid of level) found.add(oid)
      level = level.flatMap((oid) => this.#parents.get(oid) ?? []).filter((oid) => !found.has(oid))
      if (level.length === 0) break
    }
    return [...found]
  }

  #next(head: string, commit: (parents: readonly string[]) => string): string {
    const kind = this.#random()
    if (kind < 0.1) return head
    if (kind < 0.4) return commit([head])
    if (kind < 0.5) return commit([commit([commit([head])])])
    if (kind < 0.7) {
      const others = Array.from({ length: 1 + Math.floor(this.#random() * 3) }, () => this.any())
      return commit([...new Set([head, commit([head]), ...others])])
    }
    // Forced: to a commit beside it, to what was there before, to something without a common ancestor.
    if (kind < 0.8) return commit(this.#parents.get(head) ?? [])
    return kind < 0.95 ? this.any() : commit([])
  }

  #name(branch: string, oid: string): void {
    this.refs.set(branch, oid)
    this.#repo.git('update-ref', `refs/heads/${branch}`, oid)
  }

  #tag(oid: string): void {
    this.refs.set('v', oid)
    const annotated = this.#random() < 0.7 ? ['-a', '-m', `${this.#random()}`] : []
    this.#repo.git('tag', '-f', ...annotated, 'v', oid)
  }
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[Math.floor(random() * items.length)] as T
}

test('random histories, depths and refs', async (t) => {
  const random = randomFrom(SEED)
  const { dir, repoOf, server } = await serve(t, ['top', 'leaf'])
  const graph = new RandomGraph(repoOf('top'), random)
  const leaves: string[] = []
  const advance = () => {
    if (leaves.length === 0 || random() < 0.6) {
      leaves.push(commitOn(repoOf('leaf'), { leaf: `${random()}` }, leaves.slice(-1)))
      repoOf('leaf').git('update-ref', 'refs/heads/main', leaves.at(-1) as string)
    }
    const module = { repo: 'leaf', oid: pick(leaves, random), url: '../leaf' }
    graph.advance(filesOf(new Map([[MODULE, module]])))
  }
  /** Entries that stay at their paths, and follow something else, or so many commits. */
  const entriesNow = () =>
    Object.entries(KINDS).flatMap(([kind, selection]) =>
      (IS_WHOLE ? MODES : [pick(MODES, random)]).map((publish) => {
        const ref = pick(['main', 'main', 'side', 'v'], random)
        return {
          ...{ path: `${kind}-${publish}`, repo: `${server.url}/top`, publish, ...selection },
          ...(ref === 'v' ? { tag: ref } : { branch: ref }),
          history: pick([1, 2, 3, 5, 9, 'full'] as const, random),
        }
      }),
    )
  const listingPath = path.join(dir, 'listing.json')
  advance()
  let entries = entriesNow()
  writeListing(listingPath, entries)
  const settings = { SCRAPE_INTERVAL: '1h', WORKTREE_GRACE_PERIOD: '100ms' }
  const service = await startService(t, { listingPath, settings })
  for (let step = 0; step < STEPS; step++) {
    for (const { history, path: name, ...entry } of entries) {
      const ref = 'tag' in entry ? entry.tag : entry.branch
      const head = graph.refs.get(ref as string) as string
      const told = `seed ${SEED}, step ${step}, ${name}, ${history} of ${ref} at ${head}`
      const where = path.join(dir, name)
      // Of a listing that has changed, the service hears by itself.
      await untilHolds(() => assertRepository(where, head, graph.within(head, history)), told)
      if (!('submodules' in entry)) continue
      const leaf = repoOf('top').git('rev-parse', `${head}:${MODULE}`)
      const at = leaves.indexOf(leaf)
      const count = history === 'full' ? leaves.length : history
      const kept = leaves.slice(Math.max(0, at + 1 - count), at + 1)
      await untilHolds(() => assertRepository(path.join(where, MODULE), leaf, kept), told)
    }
    advance()
    // Some steps change the remote alone.
    if (random() < 0.6) entries = entriesNow()
    writeListing(listingPath, entries)
    service.signal('SIGHUP')
  }
})
