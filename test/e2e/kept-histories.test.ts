// Random histories with a repository behind the published files: after each step, real git finds in it
// what is published, with as many commits as are wanted.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import type { Oid } from '../../src/git/oid.js'
import { commitOn } from '../helpers/commit-on.js'
import { createRepo, type TestRepo, tempDir } from '../helpers/git.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { untilRepository } from '../helpers/kept-repository.js'
import { randomFrom, randomHistory } from '../helpers/random-history.js'
import { checkedOutTree, readTree, treeDifferences } from '../helpers/same-tree.js'
import { startService, writeListing } from '../helpers/service.js'
import { IS_WHOLE } from '../helpers/sweep.js'

const STEPS = IS_WHOLE ? 60 : 8
const SEED = IS_WHOLE ? Date.now() % 1_000_000 : 20240101

const ENTRIES = ([1, 3, 'full'] as const).flatMap((history) =>
  (['in-place', 'symlink'] as const).map((publish) => ({
    path: `${publish}-${history}`,
    history,
    publish,
  })),
)

/** The commits that are at most so many steps from a tip. */
function commitsOf(repo: TestRepo, tip: Oid, depth: number | 'full'): Oid[] {
  const parents = new Map(
    repo
      .git('rev-list', '--parents', tip)
      .split('\n')
      .map((line) => line.split(' '))
      .map(([oid = '', ...rest]) => [oid, rest]),
  )
  const reached = new Set<Oid>()
  let level = [tip]
  for (let steps = 0; level.length > 0 && (depth === 'full' || steps < depth); steps++) {
    for (const oid of level) reached.add(oid)
    level = level.flatMap((oid) => parents.get(oid) ?? []).filter((oid) => !reached.has(oid))
  }
  return [...reached]
}

for (const server of ['v2', 'v0', 'disk'] as const) {
  test(`a repository behind a random history, ${server}`, async (t) => {
    const random = randomFrom(SEED)
    const dir = tempDir(t)
    const repo = createRepo(path.join(dir, 'repos/one'), { bare: true })
    const protocol = server === 'v0' ? 0 : 2
    const { url } =
      server === 'disk'
        ? { url: path.join(dir, 'repos') }
        : await startGitServer(t, { root: path.join(dir, 'repos'), protocol })
    const listingPath = path.join(dir, 'listing.json')
    const more = { repo: `${url}/one`, branch: 'main' }
    writeListing(
      listingPath,
      ENTRIES.map((entry) => ({ ...entry, ...more })),
    )
    const trees = randomHistory(random)
    const tips: Oid[] = []
    const advance = () => {
      const kind = random()
      const tip = tips.at(-1)
      // A force-push to something earlier, or a merge of it.
      const other = tips.length > 3 ? tips[Math.floor(random() * tips.length)] : undefined
      let next: Oid
      if (other && kind < 0.15) next = other
      else {
        const parents = !tip ? [] : other && kind < 0.4 && other !== tip ? [tip, other] : [tip]
        const from = other && kind > 0.85 ? [other] : parents
        next = commitOn(repo, trees.next().value, from)
      }
      tips.push(next)
      repo.git('update-ref', 'refs/heads/main', next)
    }
    advance()
    const settings = { SCRAPE_INTERVAL: '1h', WORKTREE_GRACE_PERIOD: '100ms' }
    const service = await startService(t, { listingPath, settings })
    for (let step = 0; step < STEPS; step++) {
      const oid = repo.oid('main')
      const expected = checkedOutTree(repo.dir, oid)
      for (const { history, path: name } of ENTRIES) {
        await service.untilPublished(name, oid)
        const directory = path.join(dir, name)
        const where = `seed ${SEED}, step ${step}, ${name}`
        assert.deepEqual(withoutGit(treeDifferences(readTree(directory), expected)), [], where)
        await untilRepository(directory, oid, commitsOf(repo, oid, history), where)
      }
      advance()
      service.signal('SIGHUP')
    }
    for (const { path: name } of ENTRIES) {
      const metric = `git_autosync_fetch_fallbacks_total{entry="${name}"}`
      assert.equal(await service.metric(metric), 0, `every update of ${name} was a thin one`)
    }
  })
}

/** The `.git` of a worktree is a file. */
function withoutGit(differences: string[]): string[] {
  return differences.filter((line) => !line.includes('.git'))
}
