// What attributes make of files, by the whole service: fetched thin, found intact after a
// restart, looked at for drift, and told of where it cannot be done.
import assert from 'node:assert/strict'
import { appendFileSync, lstatSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ATTRIBUTE_HISTORY } from '../helpers/attribute-history.js'
import { assertSameTree, createRepo, type TestScope, tempDir } from '../helpers/git.js'
import { commitFiles } from '../helpers/git-commit.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { serveOneEntry } from '../helpers/one-entry.js'
import { type Service, startService, until, writeListing } from '../helpers/service.js'

/** Too large to be sent again unnoticed. */
const LINES = Array.from({ length: 20_000 }, (_, line) => `${line * 7919}\n`).join('')
const ATTRIBUTES = '*.txt text eol=crlf\n*.bin filter=lfs -text\n'
const FILES = { '.gitattributes': ATTRIBUTES, 'a.txt': LINES, 'd/b.txt': 'b\n', 'c.bin': 'c' }

const MODES = ['in-place', 'symlink'] as const

/** A repository that is published in each mode at a path of that name. */
async function serveModes(t: TestScope) {
  const one = await serveOneEntry(t, {})
  const entries = MODES.map((mode) => ({
    path: mode,
    repo: `${one.server.url}/one`,
    publish: mode,
  }))
  writeListing(one.listingPath, entries)
  const untilSame = async (service: Service, oid: string) => {
    for (const mode of MODES) {
      await service.untilPublished(mode, oid)
      assertSameTree(path.join(one.dir, mode), one.repo.dir, oid)
    }
  }
  return { ...one, untilSame }
}

test('a change to a file with CRLF is a thin update, and says once what is not done', async (t) => {
  const { repo, server, listingPath, untilSame } = await serveModes(t)
  const first = repo.commit('first', FILES)
  const service = await startService(t, { listingPath })
  await untilSame(service, first)
  for (const more of ['more\n', 'more\nand more\n']) {
    server.requests.length = 0
    await untilSame(service, repo.commit('next', { 'a.txt': `${LINES}${more}`, 'c.bin': more }))
    const received = server.requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0)
    assert.ok(received < 20_000, `${received} bytes`)
  }
  await untilSame(service, repo.commit('no attributes', { '.gitattributes': null }))
  for (const mode of MODES) {
    const fallbacks = `git_autosync_fetch_fallbacks_total{entry="${mode}"}`
    assert.equal(await service.metric(fallbacks), 0)
    const lines = service.logs.filter(
      ({ entry, message }) => entry === mode && message.includes('filter=lfs'),
    )
    assert.deepEqual(
      lines.map(({ level, message }) => [level, message]),
      [['warn', 'filter=lfs is not applied: 1 file is left as stored, first c.bin']],
    )
  }
})

test('after a restart nothing is touched, and drift is found only where it is', async (t) => {
  const { dir, repo, listingPath, untilSame } = await serveModes(t)
  const oid = repo.commit('first', FILES)
  const first = await startService(t, { listingPath })
  await untilSame(first, oid)
  await first.stop()
  const at = (mode: string, file: string) => path.join(dir, mode, file)
  const identities = () =>
    MODES.map((mode) => {
      const { ino, mtimeMs } = lstatSync(at(mode, 'a.txt'))
      return [ino, mtimeMs]
    })
  const before = identities()
  const service = await startService(t, { listingPath, settings: { VERIFY_INTERVAL: '1s' } })
  await until(async () => (await service.get('/readyz')).status === 200, 'ready')
  await untilSame(service, oid)
  for (const mode of MODES) {
    appendFileSync(at(mode, 'd/b.txt'), 'edited')
    const repaired = `git_autosync_drift_repaired_total{entry="${mode}"}`
    await until(async () => (await service.metric(repaired)) === 1, 'the edit is undone')
    assert.equal(readFileSync(at(mode, 'd/b.txt'), 'utf8'), 'b\r\n')
    const repairs = service.logs.filter(
      ({ entry, message }) => entry === mode && message === 'drift repaired',
    )
    assert.deepEqual(repairs[0]?.['firstPaths'], ['d/b.txt'])
  }
  assert.deepEqual(identities(), before)
  await untilSame(service, oid)
})

test('a history of attributes over protocol v0, which sends no single blobs', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one'), { bare: true })
  const server = await startGitServer(t, { root: path.join(dir, 'repos'), protocol: 0 })
  const listingPath = path.join(dir, 'listing.json')
  const names = ['in-place', 'symlink']
  const entry = { repo: `${server.url}/one`, branch: 'main' }
  writeListing(
    listingPath,
    names.map((name) => ({ ...entry, path: name, publish: name })),
  )
  const service = await startService(t, { listingPath })
  for (const files of Object.values(ATTRIBUTE_HISTORY)) {
    const oid = commitFiles(repo, files)
    repo.git('update-ref', 'refs/heads/main', oid)
    for (const name of names) {
      await service.untilPublished(name, oid)
      assertSameTree(path.join(dir, name), repo.dir, oid)
    }
  }
})
