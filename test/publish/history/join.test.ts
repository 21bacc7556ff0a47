// The repository behind published files stays small, and stays a repository.
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { liveObjects } from '../../../src/publish/history/live-objects.js'
import { RepositoryObjects } from '../../../src/publish/history/objects.js'
import { commitOn } from '../../helpers/commit-on.js'
import { git } from '../../helpers/git.js'
import { bytesBelow, createHistorySite, type HistorySite } from '../../helpers/history-site.js'
import { randomFrom, randomHistory } from '../../helpers/random-history.js'
import { SEED } from '../../helpers/seed.js'

/** What a fresh clone by real git takes, in bytes. */
function cloneBytes(site: HistorySite, commit: string, depth: number | 'full'): number {
  const clone = path.join(site.outside, 'clone')
  rmSync(clone, { recursive: true, force: true })
  site.repo.git('update-ref', 'refs/heads/main', commit)
  const args = depth === 'full' ? [] : ['--depth', String(depth)]
  const from = `file://${site.repo.dir}`
  git(
    site.outside,
    'clone',
    '-q',
    '--bare',
    '--branch',
    'main',
    '--single-branch',
    ...args,
    from,
    clone,
  )
  return bytesBelow(path.join(clone, 'objects'))
}

const CASES = [
  ['sha1', 1],
  ['sha1', 'full'],
  ['sha256', 2],
] as const

for (const [objectFormat, depth] of CASES) {
  test(`a ${objectFormat} store of depth ${depth} is no larger than a clone, but for a little`, async (t) => {
    const site = createHistorySite(t, { objectFormat })
    const trees = randomHistory(randomFrom(SEED))
    let parent: string | undefined
    for (let step = 0; step < 4; step++) {
      parent = commitOn(site.repo, trees.next().value, parent === undefined ? [] : [parent])
      await site.follow(parent, depth)
      site.join(depth)
      if (step < 3) continue
      site.assertRepository(parent, depth)
      const packs = readdirSync(path.join(site.directory, '.git/objects/pack'))
      assert.ok(packs.filter((name) => name.endsWith('.pack')).length < 20)
      const [store, clone] = [site.storeBytes(), cloneBytes(site, parent, depth)]
      t.diagnostic(`${step}: ${store} of ${clone}, ${(store / clone).toFixed(2)}`)
      assert.ok(store <= 1.3 * clone, `${store} bytes are too many for ${clone}`)
    }
  })
}

test('a tag of a blob that is too large to be held is of use, and nothing of the blob is read', async (t) => {
  const site = createHistorySite(t)
  await site.follow(commitOn(site.repo, { a: '1' }, []), 1)
  const oid = 'ab'.repeat(20)
  mkdirSync(site.at('.git/objects/ab'))
  const start = deflateSync(Buffer.from('blob 700000000\0cut'))
  writeFileSync(site.at(`.git/objects/ab/${oid.slice(2)}`), start)
  // A hole.
  truncateSync(site.at(`.git/objects/ab/${oid.slice(2)}`), 650_000_000)
  mkdirSync(site.at('.git/refs/tags'), { recursive: true })
  writeFileSync(site.at('.git/refs/tags/large'), `${oid}\n`)
  const objects = new RepositoryObjects(site.layout, 'sha1')
  t.after(() => objects.close())
  const options = { depth: 1, checkpoint: () => undefined, maxObjects: 100 }
  const live = liveObjects(site.layout, objects, options)
  assert.ok(live?.oids.has(oid))
})

test('a repository with too many objects is not walked to its end', async (t) => {
  const site = createHistorySite(t)
  let parent: string | undefined
  for (let step = 0; step < 20; step++) {
    parent = commitOn(site.repo, { a: `${step}` }, parent === undefined ? [] : [parent])
  }
  assert.ok(parent !== undefined)
  await site.follow(parent, 'full')
  const look = (maxObjects: number) => {
    let steps = 0
    const checkpoint = () => void steps++
    const objects = new RepositoryObjects(site.layout, 'sha1')
    t.after(() => objects.close())
    const live = liveObjects(site.layout, objects, { depth: 'full', checkpoint, maxObjects })
    return { count: live?.oids.size, steps }
  }
  assert.equal(look(60).count, 60)
  const { count, steps } = look(10)
  assert.equal(count, undefined)
  assert.ok(steps < 20)
})
