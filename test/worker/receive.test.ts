// Real packs on their way to disk: published whole, or not at all.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs, { existsSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { describe, test } from 'node:test'
import { UNLIMITED } from '../../src/git/limits.js'
import { createProgress, readProgress } from '../../src/worker/progress.js'
import { unpack } from '../../src/worker/receive.js'
import { usageOf } from '../bench/usage.js'
import { failsWith } from '../helpers/fails-with.js'
import { failure } from '../helpers/fake-sync.js'
import { fsError } from '../helpers/fs-faults.js'
import type { CommitFiles } from '../helpers/git-commit.js'
import { memoryOf } from '../helpers/memory.js'
import { assemblePack, blob, packObjects } from '../helpers/packs.js'
import { identity } from '../helpers/publish-site.js'
import { readTree } from '../helpers/same-tree.js'
import { split } from '../helpers/spilled-packs.js'
import { chunksOf, createUnpackSite, type UnpackSite } from '../helpers/unpack-site.js'

/** Text that deltas well. */
const text = (seed: string) =>
  Array.from({ length: 400 }, (_, line) => `${seed} ${line}\n`).join('')

const FIRST: CommitFiles = {
  kept: text('kept'),
  edited: text('edited'),
  'd/e/edited': text('deep'),
  gone: 'gone',
  run: { content: '#!/bin/sh\n', executable: true },
  link: { symlink: 'kept' },
}
const SECOND: CommitFiles = {
  ...FIRST,
  edited: `${text('edited')}more\n`,
  'd/e/edited': `first\n${text('deep')}`,
  added: 'added',
}
delete (SECOND as Record<string, unknown>)['gone']

for (const mode of ['in-place', 'symlink'] as const) {
  describe(`a pack, ${mode}`, () => {
    test('of everything is published as git checks it out', async (t) => {
      const test = createUnpackSite(t, { mode })
      const want = test.commitOf(FIRST)
      const pack = test.fullPack(want)
      const progress = createProgress()
      const { unpackMs, publishMs, ...result } = await test.unpack(pack, { want, progress })
      assert.deepEqual(result, {
        commit: want,
        summary: { subject: '', author: 'T', committedAt: 1_700_000_000_000 },
        bytes: pack.length,
        filesWritten: 6,
        filesDeleted: 0,
      })
      assert.ok(unpackMs >= 0 && publishMs >= 0)
      assert.deepEqual(readProgress(progress), { phase: 'publish', filesWritten: 6 })
      test.assertCommit(want)
      assert.deepEqual(test.leftOvers(), [])
    })

    test('that is thin builds on what is published, and touches only what differs', async (t) => {
      const test = createUnpackSite(t, { mode })
      const [first, second] = await publishFirst(test)
      const kept = identity(test.at('kept'))
      const thin = test.thinPack(second, first)
      const { bytes, filesWritten, filesDeleted } = await test.unpack(thin, {
        want: second,
        have: first,
      })
      assert.ok(bytes < test.fullPack(second).length / 2, `${bytes} bytes`)
      test.assertCommit(second)
      if (mode === 'in-place') {
        assert.deepEqual([filesWritten, filesDeleted], [3, 1])
        assert.deepEqual(identity(test.at('kept')), kept)
      }
    })

    test('that holds a large file goes by way of the disk, and leaves nothing there', async (t) => {
      const test = createUnpackSite(t, { mode })
      const large = Buffer.alloc(5_000_000, text('large'))
      const want = test.commitOf({ large, small: '1' })
      await test.unpack(test.fullPack(want), { want, memoryBytes: 1000 })
      test.assertCommit(want)
      assert.deepEqual(test.leftOvers(), [])
      const edited = Buffer.concat([large, Buffer.from('more')])
      const next = test.commitOf({ large: edited, small: '2' })
      await test.unpack(test.thinPack(next, want), { want: next, have: want, memoryBytes: 1000 })
      test.assertCommit(next)
      assert.deepEqual(test.leftOvers(), [])
    })
  })
}

async function publishFirst(test: UnpackSite): Promise<[first: string, second: string]> {
  const commits: [string, string] = [test.commitOf(FIRST), test.commitOf(SECOND)]
  await test.unpack(test.fullPack(commits[0]), { want: commits[0] })
  return commits
}

test('a clean-up that fails is no failure of what was published, and is made up for', async (t) => {
  const test = createUnpackSite(t)
  const large = Buffer.alloc(5_000_000, text('large'))
  const want = test.commitOf({ large })
  const { rmdirSync } = fs
  const refused = t.mock.method(fs, 'rmdirSync', (...args: Parameters<typeof rmdirSync>) => {
    if (String(args[0]).endsWith('incoming')) throw fsError('EIO')
    rmdirSync(...args)
  })
  syncBuiltinESMExports()
  try {
    const { commit } = await test.unpack(test.fullPack(want), { want, memoryBytes: 1000 })
    assert.equal(commit, want)
  } finally {
    refused.mock.restore()
    syncBuiltinESMExports()
  }
  test.assertCommit(want)
  assert.deepEqual(test.leftOvers(), ['incoming'])
  const next = test.commitOf({ large, small: '1', larger: Buffer.concat([large, large]) })
  await test.unpack(test.fullPack(next), { want: next, memoryBytes: 1000 })
  test.assertCommit(next)
  assert.deepEqual(test.leftOvers(), [])
})

test('chunks of any size make the same tree', async (t) => {
  for (const size of [1, 7, 1000, 1 << 20]) {
    const test = createUnpackSite(t)
    const want = test.commitOf(FIRST)
    const options = {
      target: test.site,
      want,
      have: undefined,
      memoryBytes: 1 << 20,
      memory: memoryOf(),
      limits: UNLIMITED,
    }
    const chunks = chunksOf(split(test.fullPack(want), [size]))
    await unpack(chunks, { ...options, checkpoint: () => undefined })
    test.assertCommit(want)
  }
})

test('an annotated tag, even of a tag, is published as its commit', async (t) => {
  const test = createUnpackSite(t)
  const commit = test.commitOf(FIRST)
  test.repo.git('tag', '-a', '-m', 'inner', 'inner', commit)
  test.repo.git('tag', '-a', '-m', 'outer', 'outer', 'inner')
  const want = test.repo.oid('outer')
  const result = await test.unpack(test.fullPack(want), { want })
  assert.equal(result.commit, commit)
  test.assertCommit(commit)
})

test('a repository of sha256 is published, and updated', async (t) => {
  const test = createUnpackSite(t, { objectFormat: 'sha256' })
  const [first, second] = await publishFirst(test)
  await test.unpack(test.thinPack(second, first), { want: second, have: first })
  test.assertCommit(second)
})

test('the volume holds a tree once while it comes', async (t) => {
  const mib = 2 ** 20
  const random = (bytes: number) => randomBytes(bytes)
  const large = random(5 * mib)
  const like = Buffer.from(large)
  like.write('another')
  const small = Array.from({ length: 40 }, (_, n) => [`d/${n % 3}/${n}`, random(mib / 4)] as const)
  const { commitOf, repo } = createUnpackSite(t)
  const want = commitOf({
    ...Object.fromEntries(small),
    program: { content: random(6 * mib), executable: true },
    large,
    like,
    link: { symlink: 'large' },
  })
  const pack = packObjects(repo, `${want}\n`, '--revs', '--window=2')
  for (const mode of ['in-place', 'symlink'] as const) {
    const test = createUnpackSite(t, { mode })
    let most = 0
    const checkpoint = () => {
      most = Math.max(most, usageOf(test.volume).blockBytes)
    }
    await test.unpack(pack, { want, checkpoint, memoryBytes: mib })
    const tree = usageOf(test.volume).blockBytes
    assert.ok(most <= 1.1 * tree + 3 * mib, `${mode}: ${most} of ${tree}`)
    test.assertCommit(want)
  }
})

test('a blob of which one file is converted and one was there is found in both', async (t) => {
  const test = createUnpackSite(t)
  const attributes = (lines: string) => ({ '.gitattributes': lines })
  const body = 'one\ntwo\n'
  const first = test.commitOf({ 'b.txt': body, ...attributes('a.txt eol=lf\n') })
  const second = test.commitOf({
    ...{ 'a.txt': body, 'b.txt': body, 'c.txt': body },
    ...attributes('*.txt eol=crlf\n'),
  })
  await test.unpack(test.fullPack(first), { want: first })
  // All comes again, and nothing of it is held in memory.
  await test.unpack(test.fullPack(second), { want: second, have: first, memoryBytes: 1 })
  test.assertCommit(second)
})

test('objects in the opposite order make the same tree', async (t) => {
  const test = createUnpackSite(t)
  const want = test.commitOf(FIRST)
  const oids = test.repo.git('rev-list', '--objects', '--no-object-names', want).split('\n')
  const entries = [...new Set(oids)].map((oid) => {
    const type = test.repo.git('cat-file', '-t', oid) as 'blob'
    return { type, body: test.repo.gitBytes(['cat-file', type, oid]) }
  })
  await test.unpack(assemblePack(entries.reverse()), { want })
  test.assertCommit(want)
})

describe('what is published stays as it was, and nothing is left behind, where', () => {
  const REFUSALS: Record<
    string,
    [
      expected: Parameters<typeof failsWith>,
      attempt: (test: UnpackSite, second: string, first: string) => Promise<unknown>,
    ]
  > = {
    'the pack is damaged': [
      ['pack-corrupt'],
      (test, want) => {
        const pack = test.fullPack(want)
        pack[pack.length - 1]! ^= 1
        return test.unpack(pack, { want })
      },
    ],
    'the pack is cut short': [
      ['pack-corrupt'],
      (test, want) => test.unpack(test.fullPack(want).subarray(0, -500), { want }),
    ],
    'the pack is empty': [['pack-corrupt'], (test, want) => test.unpack(Buffer.alloc(0), { want })],
    'the pack lacks a file': [
      ['pack-incomplete'],
      (test, want) => {
        const lacking = test.repo.oid(`${want}:added`)
        const oids = test.repo.git('rev-list', '--objects', '--no-object-names', want).split('\n')
        const input = oids.filter((oid) => oid !== lacking).join('\n')
        return test.unpack(packObjects(test.repo, `${input}\n`), { want })
      },
    ],
    'the pack lacks the commit': [
      ['pack-incomplete'],
      (test, want, first) => test.unpack(test.fullPack(first), { want }),
    ],
    'what was asked for is no commit': [
      ['not-a-commit', /names the blob/],
      (test) => {
        const { oid: want, ...object } = blob('no commit')
        return test.unpack(assemblePack([object]), { want })
      },
    ],
    'the tree has a dangerous name': [
      ['unsafe-tree'],
      (test) => {
        const want = test.commitOf({ '.git/config': 'x' })
        return test.unpack(test.fullPack(want), { want })
      },
    ],
    'another commit is in place than the remote was told of': [
      ['base-missing'],
      (test, second, first) =>
        test.unpack(test.thinPack(second, first), { want: second, have: second }),
    ],
    'the remote stops sending': [
      ['connection-failed'],
      (test, want) => {
        const chunks = chunksOf(
          [test.fullPack(want).subarray(0, 900)],
          failure('connection-failed'),
        )
        const options = {
          target: test.site,
          want,
          have: undefined,
          memoryBytes: 100,
          memory: memoryOf(),
          limits: UNLIMITED,
        }
        return unpack(chunks, { ...options, checkpoint: () => undefined })
      },
    ],
    'it is stopped': [
      ['aborted'],
      (test, want) =>
        test.unpack(test.fullPack(want), {
          want,
          memory: memoryOf(),
          checkpoint: () => {
            throw failure('aborted')
          },
        }),
    ],
  }
  for (const mode of ['in-place', 'symlink'] as const) {
    for (const [where, [expected, attempt]] of Object.entries(REFUSALS)) {
      test(`${where}, ${mode}`, async (t) => {
        const test = createUnpackSite(t, { mode })
        const [first, second] = await publishFirst(test)
        const before = identity(test.at('kept'))
        await assert.rejects(attempt(test, second, first), failsWith(...expected))
        test.assertCommit(first)
        assert.deepEqual(identity(test.at('kept')), before)
        assert.deepEqual(test.leftOvers(), [])
        await test.unpack(test.thinPack(second, first), { want: second, have: first })
        test.assertCommit(second)
      })
    }

    test(`a published file that the pack builds on was edited, ${mode}`, async (t) => {
      const test = createUnpackSite(t, { mode })
      const [first, second] = await publishFirst(test)
      writeFileSync(test.at('edited'), 'by somebody else')
      const before = readTree(test.directory)
      const options = { want: second, have: first }
      await assert.rejects(
        test.unpack(test.thinPack(second, first), options),
        failsWith('base-missing'),
      )
      assert.deepEqual(readTree(test.directory), before)
      await test.unpack(test.fullPack(second), { want: second })
      test.assertCommit(second)
    })
  }
})

test('where nothing was published yet, a damaged pack leaves no file', async (t) => {
  const test = createUnpackSite(t)
  const want = test.commitOf(FIRST)
  const cut = test.fullPack(want).subarray(0, -1)
  await assert.rejects(test.unpack(cut, { want, memoryBytes: 100 }), failsWith('pack-corrupt'))
  assert.deepEqual(existsSync(test.directory) ? [...readTree(test.directory).keys()] : [], [])
})
