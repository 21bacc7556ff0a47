// What the scenario of a shared volume promises of its writer: with a new pod, whose state
// is gone, the volume becomes equal to the commit, and what is right is left alone.
import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { assertSameTree, createRepo, tempDir } from '../helpers/git.js'
import { startService, writeListing } from '../helpers/service.js'
import { resourcesOf, workloadsOf } from './manifests.js'

const FOLDER = 'example/shared-volume'

test('a new pod without state removes what left the repository meanwhile', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repo'))
  const first = repo.commit('one', { 'dags/kept.py': 'kept', 'dags/gone.py': 'gone' })
  const [listed] = JSON.parse(readFileSync(`${FOLDER}/listing.json`, 'utf8'))
  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [{ ...listed, repo: repo.dir }])
  const start = (pod: string) =>
    startService(t, {
      listingPath,
      settings: {
        ...writerSettings(),
        LISTING_PATH: listingPath,
        ROOT: path.join(dir, 'volume'),
        STATE_DIR: path.join(dir, pod),
        SCRAPE_INTERVAL: '200ms',
      },
    })
  const old = await start('old-pod')
  await old.untilPublished(listed.path, first)
  assert.equal(await old.stop(), 0)

  const published = path.join(dir, 'volume', listed.path)
  const kept = statSync(path.join(published, 'dags/kept.py'))
  const second = repo.commit('two', { 'dags/gone.py': null, 'dags/new.py': 'new' })
  const next = await start('new-pod')
  await next.untilPublished(listed.path, second)
  assertSameTree(published, repo.dir, second)
  const { ino, mtimeMs } = statSync(path.join(published, 'dags/kept.py'))
  assert.deepEqual([ino, mtimeMs], [kept.ino, kept.mtimeMs])
})

/** What the manifest sets, but for credentials. */
function writerSettings(): Record<string, string> {
  const containers = workloadsOf(resourcesOf(FOLDER)).flatMap(({ pod }) => pod.containers)
  const { env = [] } = containers.find(({ name }) => name === 'git-autosync') ?? {}
  assert.ok(env.some(({ name }) => name === 'STATE_DIR'))
  const settings = env.map(({ name, value }) => [name, value])
  return Object.fromEntries(settings.filter(([name]) => name !== 'CREDENTIALS_PATH'))
}
