// What /status says of the published commit, and that a restart forgets none of it.
import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createRepo, tempDir } from '../helpers/git.js'
import { startService, writeListing } from '../helpers/service.js'

for (const publish of ['in-place', 'symlink'] as const) {
  test(`subject, author and time of the commit are shown, also after a restart: ${publish}`, async (t) => {
    const dir = tempDir(t)
    const repo = createRepo(path.join(dir, 'repo'))
    const files = Array.from({ length: 200 }, (_, n) => [`d${n % 10}/${n}`, `file ${n}`] as const)
    const listingPath = path.join(dir, 'listing.json')
    writeListing(listingPath, [{ path: 'site', repo: `file://${repo.dir}`, publish }])
    const first = await startService(t, { listingPath })
    // The second one is written as what differs from the first.
    for (const [message, changes, subject] of [
      ['Grüße an 日本\n\nmore', Object.fromEntries(files), 'Grüße an 日本'],
      ['See https://me:hunter2@host/x', { added: '1' }, 'See https://host/x'],
    ] as const) {
      const oid = repo.commit(message, changes)
      await first.untilPublished('site', oid)
      const time = repo.git('log', '-1', '--format=%ct', oid)
      const shown = {
        subject,
        author: repo.git('log', '-1', '--format=%an', oid),
        committedAt: new Date(Number(time) * 1000).toISOString(),
      }
      const { author, committedAt, subject: is } = await first.entry('site')
      assert.deepEqual({ subject: is, author, committedAt }, shown)
    }
    const before = await first.entry('site')
    await first.stop()

    renameSync(repo.dir, `${repo.dir}.away`)
    const second = await startService(t, { listingPath })
    await second.untilFailed('site', 'repository-not-found')
    const { author, committedAt, oid, subject } = await second.entry('site')
    assert.deepEqual(
      [oid, subject, author, committedAt],
      [before.oid, before.subject, before.author, before.committedAt],
    )
  })
}
