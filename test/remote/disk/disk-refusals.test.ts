// What a local repository cannot give, and how that is told.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { SyncError } from '../../../src/base/errors.js'
import { failsWith } from '../../helpers/fails-with.js'
import { createRepo, tempDir } from '../../helpers/git.js'
import { fetchPack, lsRefs, open } from './disk-harness.js'

test('refuses in the words of a server what it cannot serve', async (t) => {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  const oid = repo.commit('first')
  const unknown = '0123456789'.repeat(4)
  await assert.rejects(
    fetchPack(repo.dir, [oid, unknown]),
    failsWith(
      'commit-not-found',
      new RegExp(
        `^The remote does not have the wanted commit, .*\\(it said: upload-pack: not our ref ${unknown}\\)$`,
      ),
    ),
  )
  const long = '0123456789abcdef'.repeat(4)
  for (const [wants, haves] of [
    [[long], []],
    [[oid], [long]],
  ]) {
    await assert.rejects(
      fetchPack(repo.dir, wants ?? [], haves),
      failsWith(
        'remote-error',
        new RegExp(`^The remote refused; .*\\(it said: upload-pack: not an object id: ${long}\\)$`),
      ),
    )
  }
})

test('what is no repository is told apart', async (t) => {
  const root = tempDir(t)
  await assert.rejects(
    lsRefs(path.join(root, 'none')),
    failsWith('repository-not-found', /none does not exist/),
  )
  await assert.rejects(lsRefs(root), failsWith('repository-not-found', /is not a git repository/))
  const other = createRepo(path.join(root, 'other'))
  appendFileSync(path.join(other.gitDir, 'config'), '[extensions]\n\tobjectFormat = sha3\n')
  await assert.rejects(
    lsRefs(other.dir),
    failsWith('object-format-unsupported', /the object format sha3/),
  )
  const sha256 = createRepo(path.join(root, 'sha256'), { objectFormat: 'sha256' })
  assert.deepEqual(await lsRefs(sha256.dir), [])
  const reftable = createRepo(path.join(root, 'reftable'))
  appendFileSync(
    path.join(reftable.gitDir, 'config'),
    '[extensions]\n\trefStorage = reftable ; x\n',
  )
  await assert.rejects(
    lsRefs(reftable.dir),
    failsWith('object-format-unsupported', /the ref storage reftable/),
  )
})

test('a damaged or incomplete repository is told apart', async (t) => {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, 'repo'))
  const oid = repo.commit('first', { a: 'some text', b: 'other' })
  const blob = repo.oid('HEAD:a')
  const file = path.join(repo.gitDir, 'objects', blob.slice(0, 2), blob.slice(2))
  chmodSync(file, 0o644)
  writeFileSync(file, 'damage')
  await assert.rejects(
    fetchPack(repo.dir, [oid]),
    failsWith('pack-corrupt', /objects.* is damaged \(git fsck tells more\)/),
  )
  rmSync(file)
  await assert.rejects(
    fetchPack(repo.dir, [oid]),
    failsWith('pack-incomplete', new RegExp(`repo lacks the object ${blob}`)),
  )
})

test('a damaged pack is told of as part of its repository', async (t) => {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  const oid = repo.commit('first', { a: 'some text' })
  repo.git('gc', '-q')
  const folder = path.join(repo.gitDir, 'objects/pack')
  const [name = ''] = readdirSync(folder).filter((file) => file.endsWith('.pack'))
  const pack = readFileSync(path.join(folder, name))
  // All that follows the header of the first entry.
  pack.fill(0xff, 14)
  chmodSync(path.join(folder, name), 0o644)
  writeFileSync(path.join(folder, name), pack)
  await assert.rejects(
    fetchPack(repo.dir, [oid]),
    failsWith('pack-corrupt', /^The repository .*repo is damaged; git fsck .* \(a pack has .*\)$/),
  )
})

test('an abort ends a fetch, before and while it runs', async (t) => {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, 'repo'))
  const oid = repo.commit('large', { random: randomBytes(16 << 20) })
  const reason = new SyncError('sync-timeout', 'own words')
  const isReason = (error: unknown) => error === reason
  const session = open(repo.dir)
  await assert.rejects(session.listRefs(['HEAD'], AbortSignal.abort(reason)), isReason)

  const controller = new AbortController()
  const request = { wants: [oid], haves: [], thinPack: false }
  const { chunks } = await session.fetch(request, controller.signal)
  setImmediate(() => controller.abort(reason))
  const pending = (async () => {
    for await (const _ of chunks);
  })()
  await assert.rejects(pending, isReason)
})
