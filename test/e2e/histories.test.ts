// Random histories through both publish modes, both protocol versions, thin and full:
// after each step the directories equal what real git checks out.
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createRepo, tempDir } from '../helpers/git.js'
import { commitFiles } from '../helpers/git-commit.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { randomFrom, randomHistory } from '../helpers/random-history.js'
import { checkedOutTree, readTree, treeDifferences } from '../helpers/same-tree.js'
import { IS_WHOLE, SEED } from '../helpers/seed.js'
import { startService, until, writeListing } from '../helpers/service.js'
import { stateNames } from '../helpers/snapshots.js'

const STEPS = IS_WHOLE ? 100 : 10

for (const { protocol, hasAttributes } of [
  { protocol: 2, hasAttributes: false },
  { protocol: 2, hasAttributes: true },
  { protocol: 0, hasAttributes: true },
] as const) {
  const attributes = hasAttributes ? ', with attributes' : ''
  test(`a random history over protocol v${protocol}${attributes}`, async (t) => {
    const random = randomFrom(SEED)
    const dir = tempDir(t)
    const repo = createRepo(path.join(dir, 'repos/one'), { bare: true })
    const server = await startGitServer(t, { root: path.join(dir, 'repos'), protocol })
    const listingPath = path.join(dir, 'listing.json')
    const names = ['in-place', 'symlink'] as const
    writeListing(
      listingPath,
      names.map((name) => ({
        path: name,
        repo: `${server.url}/one`,
        branch: 'main',
        publish: name,
      })),
    )
    const history = randomHistory(random, { hasAttributes })
    repo.git('update-ref', 'refs/heads/main', commitFiles(repo, history.next().value))
    const settings = { SCRAPE_INTERVAL: '1h', WORKTREE_GRACE_PERIOD: '100ms' }
    const service = await startService(t, { listingPath, settings })

    for (let step = 0; step < STEPS; step++) {
      const oid = repo.oid('main')
      const expected = checkedOutTree(repo.dir, oid)
      for (const name of names) {
        await service.untilPublished(name, oid)
        const differences = treeDifferences(readTree(path.join(dir, name)), expected)
        assert.deepEqual(differences, [], `seed ${SEED}, step ${step}, ${name}`)
      }
      repo.git('update-ref', 'refs/heads/main', commitFiles(repo, history.next().value))
      service.signal('SIGHUP')
    }
    const fallbacks = await service.metric('git_autosync_fetch_fallbacks_total{entry="in-place"}')
    // Not every conversion can be undone, for instance that of a large file.
    if (hasAttributes) assert.ok((fallbacks ?? STEPS) < STEPS / 2, `${fallbacks} fall-backs`)
    else assert.equal(fallbacks, 0, 'every update was a thin one')
  })
}

test('an edited file as the base of a delta: everything is fetched, and it is right again', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one'))
  const text = (change: string) => `${'a line that stays\n'.repeat(500)}${change}`
  repo.commit('first', { file: text('1'), other: 'o' })
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [{ path: 'out', repo: `${server.url}/one` }])
  const service = await startService(t, { listingPath })
  await service.untilPublished('out', repo.oid('HEAD'))

  writeFileSync(path.join(dir, 'out/file'), 'edited by somebody')
  const second = repo.commit('second', { file: text('2') })
  await service.untilPublished('out', second)
  const differences = treeDifferences(
    readTree(path.join(dir, 'out')),
    checkedOutTree(repo.dir, second),
  )
  assert.deepEqual(differences, [])
  const metric = 'git_autosync_fetch_fallbacks_total{entry="out"}'
  await until(async () => (await service.metric(metric)) === 1, 'one fall-back')
  assert.ok(
    service.logs.some(
      ({ message, level }) => message === 'fetching everything' && level === 'debug',
    ),
  )
  const names = stateNames(readdirSync(path.join(dir, 'out/.git-autosync')))
  assert.deepEqual(names, ['boot', 'lease', 'snapshot'])
})
