// Every field of an entry changes, while the service runs and while it is down: what is
// published becomes what the listing says, and nothing else of it is touched.
import assert from 'node:assert/strict'
import { existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { assertSameTree, createRepo, type TestScope, tempDir } from '../helpers/git.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { type Service, startService, until, writeListing } from '../helpers/service.js'

type Entry = { path: string } & Record<string, unknown>

/** A server with two repositories, and what an entry may become, one after the other. */
async function setUp(t: TestScope) {
  const dir = tempDir(t)
  const [one, two] = ['one', 'two'].map((name) => createRepo(path.join(dir, 'repos', name)))
  assert.ok(one && two)
  const first = one.commit('first', { file: '1', 'd/a': 'a', 'd/b': 'b' })
  one.git('tag', '-a', '-m', 'v1', 'v1')
  one.git('checkout', '-q', '-b', 'other')
  const other = one.commit('other', { file: '2', d: 'a file now' })
  one.git('checkout', '-q', 'main')
  const main = one.commit('second', { file: '3' })
  const elsewhere = two.commit('elsewhere', { 'new/file': '4' })
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  const repo = `${server.url}/one`
  const changes: [entry: Entry, oid: string][] = [
    [{ path: 'out', repo }, main],
    [{ path: 'out', repo, branch: 'other' }, other],
    [{ path: 'out', repo, tag: 'v1' }, first],
    [{ path: 'out', repo, commit: main }, main],
    [{ path: 'out', repo, publish: 'symlink' }, main],
    [{ path: 'out', repo, branch: 'other', publish: 'symlink' }, other],
    [{ path: 'out', repo: `${server.url}/two`, publish: 'symlink' }, elsewhere],
    [{ path: 'out', repo, interval: '300ms' }, main],
    [{ path: 'out', repo: `${server.url}/two`, publish: 'in-place' }, elsewhere],
    [{ path: 'out', repo: `${server.url}/two`, clean: true }, elsewhere],
    [{ path: 'moved', repo, branch: 'other' }, other],
  ]
  const repoOf = (oid: string) => (oid === elsewhere ? two : one)
  return {
    ...{ changes, repoOf },
    listingPath: path.join(dir, 'listing.json'),
    at: (name: string) => path.join(dir, name),
    async untilShown(service: Service, entry: Entry, oid: string): Promise<void> {
      await service.untilPublished(entry.path, oid)
      const out = path.join(dir, entry.path)
      const isLink = entry['publish'] === 'symlink'
      await until(
        () => lstatSync(out, { throwIfNoEntry: false })?.isSymbolicLink() === isLink,
        `the mode of ${JSON.stringify(entry)}`,
      )
      assertSameTree(out, repoOf(oid).dir, oid)
    },
  }
}

function assertNothingFailed({ logs }: Service): void {
  assert.deepEqual(
    logs.filter(({ message }) => /sync failed|poll failed/.test(message)),
    [],
  )
}

test('every field of an entry may change while the service runs', async (t) => {
  const { at, changes, listingPath, repoOf, untilShown } = await setUp(t)
  writeListing(listingPath, [(changes[0] as (typeof changes)[0])[0]])
  const service = await startService(t, { listingPath })
  for (const [entry, oid] of changes) {
    writeListing(listingPath, [entry])
    await untilShown(service, entry, oid)
  }
  // Without PRUNE, the path that was left keeps its files.
  const [, left] = changes.at(-2) as (typeof changes)[0]
  assertSameTree(at('out'), repoOf(left).dir, left)
  assertNothingFailed(service)
})

test('every field of an entry may change while it is down', async (t) => {
  const { at, changes, listingPath, repoOf, untilShown } = await setUp(t)
  // Each change has a path of its own, as all of them are seen at the same start.
  const own = ([entry, oid]: (typeof changes)[0], at: number): (typeof changes)[0] => [
    { ...entry, path: entry.path === 'out' ? `out-${at}` : entry.path },
    oid,
  ]
  const [before, after] = [changes.slice(0, -1).map(own), changes.slice(1).map(own)]
  for (const listed of [before, after]) {
    const entries = listed.map(([entry]) => entry)
    writeListing(listingPath, entries)
    const service = await startService(t, { listingPath })
    for (const [entry, oid] of listed) await untilShown(service, entry, oid)
    assertNothingFailed(service)
    assert.equal(await service.stop(), 0)
  }
  const [last, left] = before.at(-1) as (typeof changes)[0]
  assertSameTree(at(last.path), repoOf(left).dir, left)
})

test('PRUNE removes what was published, and only that; an empty listing prunes nothing', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one'))
  const oid = repo.commit('first', { file: '1', 'd/a': 'a' })
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  const listingPath = path.join(dir, 'listing.json')
  const entry = (name: string, more: object = {}) => ({
    path: `out/${name}`,
    repo: `${server.url}/one`,
    ...more,
  })
  const [a, b, c] = [entry('a'), entry('b', { publish: 'symlink' }), entry('c')]
  writeListing(listingPath, [a, b, c])
  const service = await startService(t, { listingPath, settings: { PRUNE: 'true' } })
  for (const name of ['a', 'b', 'c']) await service.untilPublished(`out/${name}`, oid)
  mkdirSync(path.join(dir, 'out/a/mine'))
  writeFileSync(path.join(dir, 'out/a/mine/file'), 'mine')

  writeListing(listingPath, [])
  await until(async () => (await service.status()).entries.length === 0, 'an empty listing')
  const line = await until(
    () => service.logs.find(({ message }) => /no entries/.test(message)),
    'it is warned of',
  )
  assert.equal(line.level, 'warn')
  writeListing(listingPath, [c])
  await service.untilPublished('out/c', oid)
  for (const name of ['a', 'b', 'c']) assert.ok(existsSync(path.join(dir, 'out', name, 'file')))

  writeListing(listingPath, [a, b, c])
  for (const name of ['a', 'b', 'c']) await service.untilPublished(`out/${name}`, oid)
  writeListing(listingPath, [entry('moved')])
  await service.untilPublished('out/moved', oid)
  await until(
    () => readdirSync(path.join(dir, 'out')).sort().join() === 'a,moved',
    async () => readdirSync(path.join(dir, 'out')).join(),
  )
  await until(() => readdirSync(path.join(dir, 'out/a')).join() === 'mine', 'the foreign file')
})
