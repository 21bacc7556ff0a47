// Packs that are kept as they came, looked at by real git.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { StoredObject } from '../../src/git/object.js'
import { KeptPack } from '../../src/pack/kept-pack.js'
import { failsWith } from '../helpers/fails-with.js'
import { fileAt } from '../helpers/file-at.js'
import { createRepo, type TestRepo, type TestScope, tempDir } from '../helpers/git.js'
import { catFile, listObjects, packObjects, packReader } from '../helpers/packs.js'
import { packAll, variedRepo } from '../helpers/varied-repo.js'

/** Keeps a pack, and returns what real git says of it. */
async function keep(
  t: TestScope,
  repo: TestRepo,
  bytes: Buffer,
  bases: ReadonlyMap<string, StoredObject> = new Map(),
  laterBases = bases,
): Promise<string[]> {
  const directory = tempDir(t)
  let files = 0
  const createFile = () => fileAt(path.join(directory, String(files++)))
  const objectFormat = repo.oid('HEAD').length === 64 ? 'sha256' : 'sha1'
  const kept = new KeptPack({ objectFormat, createFile, checkpoint: () => undefined })
  const reader = packReader({
    ...{ objectFormat, createFile, largeBytes: 100_000 },
    findBase: (oid) => bases.get(oid),
    onBytes: (piece) => kept.write(piece),
  })
  for (let start = 0; start < bytes.length; start += 3000) {
    await reader.write(bytes.subarray(start, start + 3000))
  }
  await reader.finish()
  const found = await kept.complete(reader.entries, (oid) => laterBases.get(oid))
  kept.close()
  reader.close()
  assert.ok(found)
  const name = path.join(directory, `pack-${found.checksum}`)
  copyFileSync(found.pack, `${name}.pack`)
  copyFileSync(found.index, `${name}.idx`)
  // It compares each object, each checksum, and the two trailers.
  const lines = repo.git('verify-pack', '-v', `${name}.idx`).split('\n')
  return lines.flatMap((line) => /^[0-9a-f]{40,64}(?= (?:commit|tree|blob|tag))/.exec(line) ?? [])
}

for (const objectFormat of ['sha1', 'sha256'] as const) {
  test(`whole packs of ${objectFormat} are kept as they are`, async (t) => {
    const repo = variedRepo(t, objectFormat)
    repo.commit('large', { 'large.bin': randomBytes(700_000) })
    const oids = await keep(t, repo, packAll(repo, '--delta-base-offset'))
    assert.deepEqual(oids.sort(), listObjects(repo, '--all').sort())
  })

  test(`thin packs of ${objectFormat} are completed by their bases`, async (t) => {
    const repo = variedRepo(t, objectFormat)
    const revisions = 'HEAD\n^HEAD~1'
    const thin = packObjects(repo, revisions, '--revs', '--thin', '--delta-base-offset')
    const bases = catFile(repo, listObjects(repo, 'HEAD~1'))
    const oids = await keep(t, repo, thin, bases)
    const came = listObjects(repo, 'HEAD', '^HEAD~1')
    assert.ok(oids.length > came.length)
    assert.deepEqual(
      came.filter((oid) => !oids.includes(oid)),
      [],
    )
    assert.deepEqual(
      oids.filter((oid) => !came.includes(oid) && !bases.has(oid)),
      [],
    )
  })
}

test('a large base is completed piece by piece', async (t) => {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  const content = randomBytes(3_000_000)
  repo.commit('before', { large: content })
  repo.commit('after', { large: Buffer.concat([content, Buffer.from('more')]) })
  const thin = packObjects(repo, 'HEAD\n^HEAD~1', '--revs', '--thin')
  assert.ok(thin.length < 10_000)
  const bases = catFile(repo, listObjects(repo, 'HEAD~1'))
  assert.equal((await keep(t, repo, thin, bases)).includes(repo.oid('HEAD~1:large')), true)
  // What it builds on goes, once the pack has come.
  await assert.rejects(keep(t, repo, thin, bases, new Map()), failsWith('base-missing'))
})

test('of a pack without objects nothing is kept', async (t) => {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  const bytes = packObjects(repo, '')
  const createFile = () => fileAt(path.join(repo.dir, 'kept'))
  const kept = new KeptPack({ objectFormat: 'sha1', createFile, checkpoint: () => undefined })
  const reader = packReader({ onBytes: (piece) => kept.write(piece) })
  await reader.write(bytes)
  await reader.finish()
  assert.equal(await kept.complete(reader.entries, () => assert.fail()), undefined)
  kept.close()
})
