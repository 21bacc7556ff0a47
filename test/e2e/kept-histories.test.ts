// The repositories behind what a service publishes in both modes, looked at by real git at each step.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { commitOn } from '../helpers/commit-on.js'
import { createRepo, git, tempDir } from '../helpers/git.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { untilHolds } from '../helpers/kept-repository.js'
import { randomFrom, randomHistory } from '../helpers/random-history.js'
import { IS_WHOLE, SEED } from '../helpers/seed.js'
import { startService, writeListing } from '../helpers/service.js'

const STEPS = IS_WHOLE ? 100 : 5
const DEPTH = 2

const ENTRIES = [
  { path: 'in-place', publish: 'in-place', history: DEPTH },
  { path: 'symlink', publish: 'symlink', history: DEPTH },
  { path: 'whole', publish: 'symlink', history: 'full' },
] as const

test('a random history with merges, kept in both modes', async (t) => {
  const random = randomFrom(SEED)
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one'), { bare: true })
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  const listingPath = path.join(dir, 'listing.json')
  const entries = ENTRIES.map((entry) => ({ ...entry, repo: `${server.url}/one`, branch: 'main' }))
  writeListing(listingPath, entries)
  const trees = randomHistory(random)
  let head = commitOn(repo, trees.next().value, [])
  repo.git('update-ref', 'refs/heads/main', head)
  const settings = { SCRAPE_INTERVAL: '1h', WORKTREE_GRACE_PERIOD: '100ms' }
  const service = await startService(t, { listingPath, settings })

  for (let step = 0; step < STEPS; step++) {
    for (const { history, path: name } of ENTRIES) {
      await service.untilPublished(name, head)
      const where = path.join(dir, name)
      const told = `seed ${SEED}, step ${step}, ${name}`
      assert.equal(git(where, 'rev-parse', 'HEAD'), head, told)
      assert.equal(git(where, 'status', '--porcelain'), '', told)
      await untilHolds(() => assert.equal(git(where, 'fsck', '--full'), ''), told)
      const found = git(where, 'rev-list', '--topo-order', 'HEAD')
      if (history === 'full')
        assert.equal(found, repo.git('rev-list', '--topo-order', 'main'), told)
      else
        assert.equal(
          git(where, 'rev-list', '--first-parent', '--count', 'HEAD'),
          `${Math.min(step + 1, DEPTH)}`,
          told,
        )
    }
    const side = commitOn(repo, trees.next().value, [head])
    const parents = step % 2 === 0 ? [head] : [head, side]
    head = commitOn(repo, trees.next().value, parents)
    repo.git('update-ref', 'refs/heads/main', head)
    service.signal('SIGHUP')
  }
})
