// What attributes make of files, by the whole service: fetched thin, found intact after a
// restart, looked at for drift, and told of where it cannot be done.
import assert from 'node:assert/strict'
import { appendFileSync, lstatSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { ATTRIBUTE_HISTORY } from '../helpers/attribute-history.js'
import { assertSameTree, createRepo, tempDir } from '../helpers/git.js'
import { commitFiles } from '../helpers/git-commit.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { serveOneEntry } from '../helpers/one-entry.js'
import { startService, until, writeListing } from '../helpers/service.js'

/** Too large to be sent again unnoticed. */
const LINES = Array.from({ length: 20_000 }, (_, line) => `${line * 7919}\n`).join('')
const ATTRIBUTES = '*.txt text eol=crlf\n*.bin filter=lfs -text\n'
const FILES = { '.gitattributes': ATTRIBUTES, 'a.txt': LINES, 'd/b.txt': 'b\n', 'c.bin': 'c' }

for (const publish of ['in-place', 'symlink']) {
  describe(`attributes, ${publish}`, () => {
    test('a change to a file with CRLF is a thin update, and says once what is not done', async (t) => {
      const { out, repo, server, listingPath } = await serveOneEntry(t, { entry: { publish } })
      const service = await startService(t, { listingPath })
      await service.untilPublished('out', repo.commit('first', FILES))
      for (const more of ['more\n', 'more\nand more\n']) {
        server.requests.length = 0
        const next = repo.commit('next', { 'a.txt': `${LINES}${more}`, 'c.bin': more })
        await service.untilPublished('out', next)
        assertSameTree(out, repo.dir, next)
        const received = server.requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0)
        assert.ok(received < 20_000, `${received} bytes`)
      }
      const next = repo.commit('no attributes', { '.gitattributes': null })
      await service.untilPublished('out', next)
      assertSameTree(out, repo.dir, next)
      assert.equal(await service.metric('git_autosync_fetch_fallbacks_total{entry="out"}'), 0)
      const lines = service.logs.filter(({ message }) => message.includes('filter=lfs'))
      assert.deepEqual(
        lines.map(({ level, message, entry }) => [level, message, entry]),
        [['warn', 'filter=lfs is not applied: 1 file is left as stored, first c.bin', 'out']],
      )
    })

    test('after a restart nothing is touched, and drift is found only where it is', async (t) => {
      const { out, repo, listingPath } = await serveOneEntry(t, { entry: { publish } })
      const first = await startService(t, { listingPath })
      const oid = repo.commit('first', FILES)
      await first.untilPublished('out', oid)
      await first.stop()
      const { ino, mtimeMs } = lstatSync(path.join(out, 'a.txt'))
      const service = await startService(t, { listingPath, settings: { VERIFY_INTERVAL: '50ms' } })
      await until(async () => (await service.get('/readyz')).status === 200, 'ready')
      await service.untilPublished('out', oid)
      const repaired = () => service.metric('git_autosync_drift_repaired_total{entry="out"}')
      appendFileSync(path.join(out, 'd/b.txt'), 'edited')
      await until(async () => (await repaired()) === 1, 'the edit is undone')
      assert.equal(readFileSync(path.join(out, 'd/b.txt'), 'utf8'), 'b\r\n')
      const stat = lstatSync(path.join(out, 'a.txt'))
      assert.deepEqual([stat.ino, stat.mtimeMs], [ino, mtimeMs])
      assertSameTree(out, repo.dir, oid)
      const repairs = service.logs.filter(({ message }) => message === 'drift repaired')
      assert.deepEqual(repairs[0]?.['firstPaths'], ['d/b.txt'])
    })
  })
}

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
