// Blobs that a repository on disk has as deltas, and that are too large to be made whole: what they
// build on goes with them.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import path from 'node:path'
import { test } from 'node:test'
import { CommitMemory } from '../../../src/git/commit-memory.js'
import { ObjectStore } from '../../../src/remote/disk/object-store.js'
import { openRepository } from '../../../src/remote/disk/repository.js'
import { planPack, uploadPack } from '../../../src/remote/disk/upload-pack.js'
import { ensureWithin } from '../../../src/remote/disk/whole-object.js'
import { failsWith } from '../../helpers/fails-with.js'
import { createRepo, type TestRepo, type TestScope, tempDir } from '../../helpers/git.js'
import { memoryOf } from '../../helpers/memory.js'
import { fetchPack, Receiver } from './disk-harness.js'

const MIB = 2 ** 20

/** What is large, and what becomes of it: most of the blob, and a little more. */
function blobs(): readonly [Buffer, Buffer] {
  const large = randomBytes(10 * MIB)
  return [large, Buffer.concat([large.subarray(MIB), Buffer.from('more')])]
}

/** Fetches a commit that has one blob; real git judges what comes. Returns how many objects did. */
async function countOf(t: TestScope, repo: TestRepo, oid: string, blob: Buffer): Promise<number> {
  const receiver = new Receiver(tempDir(t))
  const count = receiver.receive(await fetchPack(repo.dir, [oid]))
  receiver.check(oid)
  const got = receiver.repo.gitBytes(['cat-file', 'blob', `${oid}:f`])
  assert.equal(
    createHash('sha256').update(got).digest('hex'),
    createHash('sha256').update(blob).digest('hex'),
  )
  return count
}

/** How many deltas a blob is in the pack of a repository, 0 or 1. */
function deltasOf(repo: TestRepo, oid: string): number {
  const args = ['cat-file', '--batch-check=%(deltabase)']
  const base = repo
    .gitBytes(args, { input: `${oid}\n` })
    .toString('latin1')
    .trim()
  return base === '0'.repeat(40) ? 0 : 1
}

test('a large delta goes with its base, and a whole object as itself', async (t) => {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  const [large, other] = blobs()
  const commits = [repo.commit('first', { f: large }), repo.commit('second', { f: other })]
  repo.git('repack', '-adfq')
  const deltas = commits.map((oid) => deltasOf(repo, repo.oid(`${oid}:f`)))
  assert.deepEqual([...deltas].sort(), [0, 1], 'one is a delta of the other')
  for (const [at, blob] of [large, other].entries()) {
    const count = await countOf(t, repo, commits[at] as string, blob)
    assert.equal(count, 3 + (deltas[at] as number))
  }
})

test('a large delta of what follows in its pack goes with it', async (t) => {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  const [large, other] = blobs()
  const first = repo.commit('first', { f: large })
  repo.git('repack', '-adq')
  const kept = createRepo(path.join(tempDir(t), 'kept'), { bare: true })
  kept.git('fetch', '-q', repo.dir, 'main')
  const second = repo.commit('second', { f: other })
  // As git keeps what it was sent: a thin pack, to which what it builds on is appended.
  const thin = repo.gitBytes(['pack-objects', '--thin', '--stdout', '--revs', '-q'], {
    input: `${second}\n^${first}\n`,
  })
  kept.gitBytes(['index-pack', '--stdin', '--fix-thin'], { input: thin })
  assert.equal(await countOf(t, kept, second, other), 4)
})

test('a repack between the plan and its turn is told as what it is', async (t) => {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  const [large, other] = blobs()
  const commits = [repo.commit('first', { f: large }), repo.commit('second', { f: other })]
  const repository = await openRepository(repo.dir)
  const planned = commits.map((want) => {
    const memory = new CommitMemory(memoryOf(128 * MIB), () => undefined)
    const store = new ObjectStore(repository, () => undefined, ensureWithin(memory))
    const plan = planPack(store, { wants: [want], haves: [], thinPack: false }, memory)
    return { store, plan }
  })
  repo.git('repack', '-adfq')
  repo.git('prune-packed', '-q')
  const [first, second] = commits.map((oid) => deltasOf(repo, repo.oid(`${oid}:f`)))
  assert.equal((first as number) + (second as number), 1, 'one is a delta of the other')
  const { store, plan } = planned[first === 1 ? 0 : 1] as (typeof planned)[0]
  await assert.rejects(
    async () => {
      for await (const _ of uploadPack(store, plan));
    },
    failsWith('connection-failed', /was repacked while it was read/),
  )
})
