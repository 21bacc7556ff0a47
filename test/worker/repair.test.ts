// Published files put right with a pack of just the blobs that are missing.

import assert from 'node:assert/strict'
import { appendFileSync, chmodSync, rmSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { UNLIMITED } from '../../src/git/limits.js'
import type { Oid } from '../../src/git/oid.js'
import { inspect } from '../../src/publish/publication.js'
import { unpack } from '../../src/worker/receive.js'
import { failsWith } from '../helpers/fails-with.js'
import { cpuMsOf } from '../helpers/growth.js'
import { intactCommit } from '../helpers/intact-commit.js'
import { memoryOf } from '../helpers/memory.js'
import { packObjects } from '../helpers/packs.js'
import { identity } from '../helpers/publish-site.js'
import { split } from '../helpers/spilled-packs.js'
import { chunksOf, createUnpackSite, type UnpackSite } from '../helpers/unpack-site.js'

const LARGE = 'large\n'.repeat(1_000_000)
const FILES = { a: 'a', 'd/b': 'b', 'd/c': 'c', large: LARGE }

test('of many files with one content, it is looked for once', async (t) => {
  const repair = async (count: number): Promise<number> => {
    const test = createUnpackSite(t)
    const names = Array.from({ length: count }, (_, at) => `d/${String(at).padStart(6, '0')}`)
    const commit = test.commitOf(Object.fromEntries(names.map((name) => [name, ''])))
    await test.unpack(test.fullPack(commit), { want: commit })
    for (const name of names.slice(0, -1)) rmSync(test.at(name))
    assert.deepEqual(inspect(test.site).drift?.missing, [])
    const ms = await cpuMsOf(() =>
      unpack(chunksOf([]), {
        target: test.site,
        want: commit,
        have: commit,
        memoryBytes: 1 << 20,
        limits: UNLIMITED,
        memory: memoryOf(),
        checkpoint: () => undefined,
      }),
    )
    test.assertCommit(commit)
    return ms
  }
  await repair(200)
  const [small, large] = [await repair(500), await repair(4000)]
  assert.ok(large < 24 * small, `${small} ms for 500 files, ${large} ms for 4000`)
})

for (const mode of ['in-place', 'symlink'] as const) {
  describe(`a repair, ${mode}`, () => {
    async function publish(t: { after(cleanUp: () => unknown): void }) {
      const test = createUnpackSite(t, { mode })
      const commit = test.commitOf(FILES)
      await test.unpack(test.fullPack(commit), { want: commit })
      const run = (pack: Buffer, have: Oid = commit) =>
        unpack(chunksOf(pack.length > 0 ? split(pack, [4000]) : []), {
          target: test.site,
          want: have,
          have,
          memoryBytes: 1 << 20,
          limits: UNLIMITED,
          memory: memoryOf(),
          checkpoint: () => undefined,
        })
      return { test, commit, run }
    }

    const missingPack = (test: UnpackSite) => {
      const missing = inspect(test.site).drift?.missing ?? []
      return packObjects(test.repo, missing.map((oid) => `${oid}\n`).join(''))
    }

    test('writes what the pack brings, large or small, and nothing else', async (t) => {
      const { test, commit, run } = await publish(t)
      const before = identity(test.at('a'))
      writeFileSync(test.at('d/b'), 'edited')
      rmSync(test.at('large'))
      const pack = missingPack(test)
      const { bytes, filesWritten } = await run(pack)
      assert.deepEqual([bytes, filesWritten], [pack.length, 2])
      test.assertCommit(commit)
      assert.deepEqual(identity(test.at('a')), before)
      assert.deepEqual(test.leftOvers(), [])
      assert.equal(intactCommit(test.site), commit)
    })

    test('needs no pack where all content is in place', async (t) => {
      const { test, commit, run } = await publish(t)
      chmodSync(test.at('d/c'), 0o755)
      chmodSync(test.at('large'), 0o755)
      const { drift } = inspect(test.site)
      assert.deepEqual([drift?.count, drift?.missing], [2, []])
      const { bytes, filesWritten } = await run(Buffer.alloc(0))
      assert.deepEqual([bytes, filesWritten], [0, 2])
      test.assertCommit(commit)
      assert.equal(intactCommit(test.site), commit)
    })

    test('changes nothing where the pack lacks a blob, is damaged or is for another commit', async (t) => {
      const { test, commit, run } = await publish(t)
      writeFileSync(test.at('d/b'), 'edited')
      const pack = missingPack(test)
      writeFileSync(test.at('d/c'), 'edited')
      inspect(test.site)
      await assert.rejects(run(pack), failsWith('base-missing'))
      const damaged = Buffer.from(missingPack(test))
      damaged[damaged.length - 1]! ^= 1
      await assert.rejects(run(damaged), failsWith('pack-corrupt'))
      await assert.rejects(run(pack, 'ab'.repeat(20)), failsWith('base-missing'))
      assert.equal(inspect(test.site).drift?.count, 2)
      assert.deepEqual(test.leftOvers(), [])
      await run(missingPack(test))
      test.assertCommit(commit)
    })

    test('does not trust a file that changed since', async (t) => {
      const { test, commit, run } = await publish(t)
      rmSync(test.at('d/b'))
      const pack = missingPack(test)
      appendFileSync(test.at('a'), 'more')
      // What others change once a repair has begun is the next look's.
      await run(pack)
      assert.ok(inspect(test.site).drift?.paths.includes('a'))
      await run(missingPack(test))
      test.assertCommit(commit)
    })
  })
}
