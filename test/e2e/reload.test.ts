// The listing of a running service: every way it is replaced, and what an invalid one does.
import assert from 'node:assert/strict'
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { assertSameTree, createRepo, tempDir } from '../helpers/git.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { startService, until, writeListing } from '../helpers/service.js'

test('a listing replaced in any way takes effect; an invalid one changes nothing', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one'))
  const oid = repo.commit('first', { file: '1' })
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  const listingPath = path.join(dir, 'config/listing.json')
  mkdirSync(path.dirname(listingPath))
  const entries = (...names: string[]) =>
    names.map((name) => ({ path: `../out/${name}`, repo: `${server.url}/one` }))
  writeListing(listingPath, entries('a'))
  const service = await startService(t, { listingPath })
  await service.untilPublished('../out/a', oid)

  writeListing(listingPath, entries('a', 'in-place'))
  await service.untilPublished('../out/in-place', oid)

  writeListing(`${listingPath}.swp`, entries('a', 'renamed'))
  renameSync(`${listingPath}.swp`, listingPath)
  await service.untilPublished('../out/renamed', oid)

  writeFileSync(listingPath, '[{"path": "x"')
  await until(async () => (await service.metric('git_autosync_listing_valid')) === 0, 'invalid')
  await until(() => service.logs.some(({ message }) => message.includes('rejected')), 'a warning')
  assert.equal((await service.status()).entries.length, 2)
  assert.equal((await service.status()).listing.valid, false)
  const second = repo.commit('second', { file: '2' })
  await service.untilPublished('../out/renamed', second)

  unlinkSync(listingPath)
  writeListing(listingPath, entries('a', 'recreated'))
  await service.untilPublished('../out/recreated', second)
  assert.equal(await service.metric('git_autosync_listing_valid'), 1)
  assertSameTree(path.join(dir, 'out/recreated'), repo.dir, second)
})

test('a ConfigMap that the kubelet swaps takes effect', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one'))
  const oid = repo.commit('first', { file: '1' })
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  const volume = path.join(dir, 'volume')
  mkdirSync(volume)
  const entries = (...names: string[]) =>
    names.map((name) => ({ path: path.join(dir, 'out', name), repo: `${server.url}/one` }))
  let generation = 0
  const swap = (content: object[]) => {
    const name = `..2026_01_01_00_00_00.${generation++}`
    mkdirSync(path.join(volume, name))
    writeListing(path.join(volume, name, 'listing.json'), content)
    symlinkSync(name, path.join(volume, '..data_tmp'))
    renameSync(path.join(volume, '..data_tmp'), path.join(volume, '..data'))
    if (generation > 1) {
      rmSync(path.join(volume, `..2026_01_01_00_00_00.${generation - 2}`), { recursive: true })
    }
  }
  swap(entries('a'))
  const listingPath = path.join(volume, 'listing.json')
  symlinkSync('..data/listing.json', listingPath)
  const service = await startService(t, { listingPath })
  await service.untilPublished(path.join(dir, 'out/a'), oid)
  for (const name of ['b', 'c']) {
    swap(entries('a', name))
    await service.untilPublished(path.join(dir, 'out', name), oid)
  }
})

test('credentials in a URL work and are shown nowhere', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one'))
  const oid = repo.commit('first', { file: '1' })
  const server = await startGitServer(t, { root: path.join(dir, 'repos'), auth: 'robot:s3cr3t/pw' })
  const listingPath = path.join(dir, 'listing.json')
  const withUser = (userInfo: string, name: string) =>
    server.url.replace('://', `://${userInfo}@`) + name
  writeListing(listingPath, [
    { path: 'right', repo: withUser('robot:s3cr3t%2Fpw', '/one') },
    { path: 'wrong', repo: withUser('robot:wr0ng-one', '/one') },
    { path: 'gone', repo: withUser('robot:s3cr3t%2Fpw', '/none') },
  ])
  const service = await startService(t, { listingPath })
  await service.untilPublished('right', oid)
  await service.untilFailed('wrong', 'authentication-required')
  await service.untilFailed('gone', 'repository-not-found')
  const shown = [
    JSON.stringify(service.logs),
    (await service.get('/status')).body,
    (await service.get('/metrics')).body,
  ].join('\n')
  const basic = Buffer.from('robot:s3cr3t/pw').toString('base64')
  for (const secret of ['s3cr3t', 'wr0ng-one', basic]) {
    assert.ok(!shown.includes(secret), `${secret} is shown`)
  }
})
