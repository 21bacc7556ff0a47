// What one of several instances takes of a listing, and what it says of the rest.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSharding } from '../src/sharding.js'
import { atEnd } from './helpers/at-end.js'
import { createFakeSync, listed, oid } from './helpers/fake-sync.js'
import type { TestScope } from './helpers/git.js'

const LISTING = Array.from({ length: 40 }, (_, index) => {
  return { path: `p${index}`, repo: `https://git.example.com/${index}` }
})

function create(t: TestScope, index: number, total: number, prune = false) {
  const sync = createFakeSync(t, { prune })
  const { clock, synchronizer, workers } = sync
  workers.leases.isWritable = true
  const told: object[] = []
  const sharding = createSharding({
    shard: { index, total },
    machine: {
      synchronizer,
      workers,
      setEntries: (entries, elsewhere) => synchronizer.setEntries(entries, elsewhere),
    },
    clock,
    observe: (event) => told.push(event),
    onError: (error) => assert.fail(String(error)),
    standsIn: true,
  })
  atEnd(t, () => sharding.close())
  const paths = () => synchronizer.status().map(({ path }) => path)
  return { ...sync, sharding, told, paths }
}

test('each entry is taken by one instance, and all others say by which', async (t) => {
  const all = [0, 1, 2].map((index) => create(t, index, 3))
  for (const { clock, sharding } of all) {
    sharding.setEntries(listed(LISTING))
    await clock.advance(0)
  }
  const owners = new Map(all.flatMap(({ paths }, index) => paths().map((path) => [path, index])))
  assert.equal(owners.size, LISTING.length)
  for (const [index, { paths, sharding }] of all.entries()) {
    assert.ok(paths().length > 5)
    const { elsewhere, shard } = sharding.status()
    assert.deepEqual(
      elsewhere.map(({ path, shard }) => [path, shard]),
      LISTING.flatMap(({ path }) => (owners.get(path) === index ? [] : [[path, owners.get(path)]])),
    )
    const counts = shard.others.map((other) => [other.index, other.entries])
    const expected = all.flatMap((each, at) => (at === index ? [] : [[at, each.paths().length]]))
    assert.deepEqual(counts, expected)
  }
})

test('entries of one repository go together, whatever their branch and its password', async (t) => {
  const { paths, sharding } = create(t, 0, 2)
  const entries = LISTING.flatMap(({ path, repo }) => [
    { path, repo },
    { path: `${path}-dev`, repo, branch: 'dev' },
    { path: `${path}-in`, repo: repo.replace('//', '//user:secret@') },
  ])
  sharding.setEntries(listed(entries))
  const own = paths()
  assert.ok(own.length > 0 && own.length < entries.length)
  assert.ok(LISTING.every(({ path }) => own.includes(path) === own.includes(`${path}-dev`)))
})

test('what becomes another’s is left as it is, and what leaves the listing is pruned', async (t) => {
  const { clock, paths, sharding, workers } = create(t, 0, 2, true)
  sharding.setEntries(listed(LISTING))
  await clock.advance(0)
  const [moved, gone, ...kept] = paths()
  const isOwn = new Set(paths())
  const [other] = LISTING.filter(({ path }) => !isOwn.has(path))
  const next = LISTING.filter(({ path }) => path !== gone).map((entry) =>
    entry.path === moved ? { ...entry, repo: other?.repo } : entry,
  )
  sharding.setEntries(listed(next))
  await clock.advance(0)
  assert.deepEqual(paths(), kept)
  const unpublished = workers.calls.filter((call) => call.startsWith('unpublish'))
  assert.deepEqual(unpublished, [`unpublish /${gone}`])
  assert.equal(workers.leases.held.has(`/${moved}`), false)
})

test('the last own entry is pruned, too, as the listing has others', async (t) => {
  const { clock, paths, sharding, workers } = create(t, 0, 2, true)
  sharding.setEntries(listed(LISTING))
  await clock.advance(0)
  const own = new Set(paths())
  sharding.setEntries(listed(LISTING.filter(({ path }) => !own.has(path))))
  await clock.advance(0)
  const unpublished = workers.calls.filter((call) => call.startsWith('unpublish'))
  assert.equal(unpublished.length, own.size)
})

test('what nobody works on is taken over, and given back, and told of', async (t) => {
  const { clock, paths, sharding, synchronizer, told, workers } = create(t, 0, 2)
  const { leases } = workers
  sharding.setEntries(listed(LISTING))
  const own = paths()
  const others = LISTING.map(({ path }) => path).filter((path) => !own.includes(path))
  for (const path of others) {
    leases.ofOtherShards.add(`/${path}`)
    leases.others.set(`/${path}`, 'alive')
    workers.inPlace.set(`/${path}`, oid(1))
  }
  await clock.advance(60_000)
  assert.deepEqual(paths().sort(), LISTING.map(({ path }) => path).sort())
  assert.deepEqual(sharding.status().elsewhere, [])
  assert.ok(synchronizer.status().every(({ path, required }) => required === own.includes(path)))
  const began = { type: 'deputy-began', entries: others.length, paths: others.slice(0, 10) }
  assert.deepEqual(told, [began])
  for (const path of others) leases.wanted.add(`/${path}`)
  await clock.advance(5_000)
  assert.deepEqual(paths(), own)
  assert.deepEqual([...leases.held].sort(), own.map((path) => `/${path}`).sort())
  assert.deepEqual(told.slice(1), [{ ...began, type: 'deputy-ended' }])
})

test('an entry that another shard has still does not count towards readiness', async (t) => {
  const { clock, paths, sharding, synchronizer, workers } = create(t, 0, 2)
  const { leases } = workers
  for (const { path } of LISTING) leases.others.set(`/${path}`, 'by an earlier total')
  for (const { path } of LISTING.slice(1)) leases.ofOtherShards.add(`/${path}`)
  sharding.setEntries(listed(LISTING))
  await clock.advance(0)
  const isFirstOwn = paths().includes('p0')
  assert.deepEqual(Object.keys(synchronizer.readiness.waiting()), isFirstOwn ? ['p0'] : [])
  assert.deepEqual(synchronizer.readiness.missing(), isFirstOwn ? ['p0'] : [])
})
