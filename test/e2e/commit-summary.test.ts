// What /status says of the published commit, and that a restart forgets none of it.
import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createRepo, tempDir } from '../helpers/git.js'
import { type Service, startService, writeListing } from '../helpers/service.js'

const MODES = ['in-place', 'symlink'] as const

test('subject, author and time of the commit are shown in each mode, also after a restart', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repo'))
  const files = Array.from({ length: 200 }, (_, n) => [`d${n % 10}/${n}`, `file ${n}`] as const)
  const listingPath = path.join(dir, 'listing.json')
  writeListing(
    listingPath,
    MODES.map((publish) => ({ path: publish, repo: `file://${repo.dir}`, publish })),
  )
  const first = await startService(t, { listingPath })
  const shownBy = async (service: Service, mode: string) => {
    const { author, committedAt, oid, subject } = await service.entry(mode)
    return { author, committedAt, oid, subject }
  }
  // The second one is written as what differs from the first.
  for (const [message, changes, subject] of [
    ['Grüße an 日本\n\nmore', Object.fromEntries(files), 'Grüße an 日本'],
    ['See https://me:hunter2@host/x', { added: '1' }, 'See https://host/x'],
  ] as const) {
    const oid = repo.commit(message, changes)
    const time = repo.git('log', '-1', '--format=%ct', oid)
    const author = repo.git('log', '-1', '--format=%an', oid)
    const committedAt = new Date(Number(time) * 1000).toISOString()
    for (const mode of MODES) {
      await first.untilPublished(mode, oid)
      assert.deepEqual(await shownBy(first, mode), { author, committedAt, oid, subject })
    }
  }
  const before = await Promise.all(MODES.map((mode) => shownBy(first, mode)))
  await first.stop()

  renameSync(repo.dir, `${repo.dir}.away`)
  const second = await startService(t, { listingPath })
  for (const [index, mode] of MODES.entries()) {
    await second.untilFailed(mode, 'repository-not-found')
    assert.deepEqual(await shownBy(second, mode), before[index])
  }
})
