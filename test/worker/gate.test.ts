// Who may refuse a commit is asked when all of it is there, and before any reader sees some of it.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { UNLIMITED } from '../../src/git/limits.js'
import type { PublishMode } from '../../src/publish/target.js'
import { createMemoryBudget } from '../../src/thread/memory-budget.js'
import type { ReadyCommit } from '../../src/worker/gate.js'
import { createWorkerPool, type PackToPublish } from '../../src/worker/pool.js'
import { atEnd } from '../helpers/at-end.js'
import { failsWith } from '../helpers/fails-with.js'
import { failure } from '../helpers/fake-sync.js'
import { fileScope } from '../helpers/file-scope.js'
import type { TestScope } from '../helpers/git.js'
import type { CommitFiles } from '../helpers/git-commit.js'
import { readTree } from '../helpers/same-tree.js'
import { chunksOf, createUnpackSite } from '../helpers/unpack-site.js'
import { worktreesOf } from '../helpers/worktree-site.js'

const FIRST: CommitFiles = { a: 'a', 'd/b': 'b', gone: 'gone' }
const SECOND: CommitFiles = { a: 'a edited', 'd/b': 'b', 'd/c': 'c' }

function createPool(t: TestScope, budgetBytes = 1 << 30) {
  const pool = createWorkerPool({
    limits: UNLIMITED,
    memory: createMemoryBudget(budgetBytes),
    timeoutMs: 600_000,
    onError: assert.ifError,
    maxThreads: 1,
  })
  atEnd(t, () => pool.close())
  return pool
}

const usual = createPool(fileScope())

function create(t: TestScope, mode: PublishMode, pool = usual) {
  const site = createUnpackSite(t, { mode })
  const publish = (
    want: string,
    more: Partial<PackToPublish> = {},
    { signal } = new AbortController(),
  ) => {
    const chunks = () => chunksOf([site.fullPack(want)])
    return pool.publish({ target: site.site, want, have: undefined, chunks, ...more }, signal)
  }
  const [first, second] = [site.commitOf(FIRST), site.commitOf(SECOND)]
  /** What is beside the link, but for what waits to be removed. */
  const worktrees = () => readdirSync(worktreesOf(site.site)).sort()
  return { first, pool, publish, second, site, worktrees }
}

for (const mode of ['in-place', 'symlink'] as const) {
  describe(`a permission, ${mode}`, () => {
    test('is asked for when all is ready, and before a reader sees any of it', async (t) => {
      const { first, publish, second, site } = create(t, mode)
      await publish(first)
      const asked: ReadyCommit[] = []
      const allow = async (ready: ReadyCommit) => {
        asked.push(ready)
        site.assertCommit(first)
        if (ready.worktree !== undefined) {
          assert.equal(readFileSync(path.join(ready.worktree, 'd/c'), 'utf8'), 'c')
        }
      }
      const chunks = () => chunksOf([site.thinPack(second, first)])
      await publish(second, { have: first, chunks, allow })
      site.assertCommit(second)
      const [ready] = asked
      assert.equal(asked.length, 1)
      assert.equal(ready?.commit, second)
      assert.deepEqual(ready.changed, { count: 3, paths: ['a', 'd/c', 'gone'] })
      assert.equal(ready.worktree !== undefined, mode === 'symlink')
      assert.deepEqual(site.leftOvers(), [])
    })

    test('that is refused leaves what is published, and nothing else', async (t) => {
      const { first, pool, publish, second, site } = create(t, mode)
      await publish(first)
      const before = readTree(site.volume)
      const allow = () => Promise.reject(failure('access-denied'))
      await assert.rejects(publish(second, { allow }), failsWith('access-denied'))
      site.assertCommit(first)
      assert.deepEqual(readTree(site.volume), before)
      const found = await pool.inspect(site.site, undefined, new AbortController().signal)
      assert.deepEqual([found.commit, found.drift], [first, undefined])
      await publish(second, { allow: async () => undefined })
      site.assertCommit(second)
    })

    test('that is refused at first leaves nothing', async (t) => {
      const { first, publish, site } = create(t, mode)
      const allow = () => Promise.reject(failure('access-denied'))
      await assert.rejects(publish(first, { allow }), failsWith('access-denied'))
      assert.deepEqual(site.leftOvers(), [])
      assert.equal(existsSync(path.join(site.directory, 'a')), false)
    })

    test('that nobody gives ends with the sync', async (t) => {
      const { first, publish, second, site } = create(t, mode)
      await publish(first)
      const stop = new AbortController()
      const allow = () => {
        setImmediate(() => stop.abort())
        return new Promise<void>(() => undefined)
      }
      await assert.rejects(publish(second, { allow }, stop), failsWith('aborted'))
      site.assertCommit(first)
      assert.deepEqual(site.leftOvers(), [])
    })

    test('is needed for a repair before anything is put right', async (t) => {
      const { first, pool, publish, site } = create(t, mode)
      await publish(first)
      writeFileSync(site.at('a'), 'changed by somebody')
      await pool.inspect(site.site, undefined, new AbortController().signal)
      const asked: string[] = []
      const allow = async ({ changed, worktree }: ReadyCommit) => {
        asked.push(...changed.paths)
        assert.equal(worktree, undefined)
        assert.equal(readFileSync(site.at('a'), 'utf8'), 'changed by somebody')
      }
      await publish(first, { allow })
      assert.deepEqual(asked, ['a'])
      site.assertCommit(first)
    })
  })
}

test('who is asked is told whether others may need the memory', async (t) => {
  for (const [budgetBytes, isTold] of [
    [1 << 30, false],
    [2_000, true],
  ] as const) {
    const { first, publish } = create(t, 'symlink', createPool(t, budgetBytes))
    const told: boolean[] = []
    await publish(first, { allow: async ({ hasReserve }) => void told.push(hasReserve) })
    assert.deepEqual(told, [isTold])
  }
})

test('a worktree that readers may still sit in stays when its commit is refused', async (t) => {
  const { first, publish, second, worktrees } = create(t, 'symlink')
  await publish(first)
  await publish(second)
  const before = worktrees()
  assert.ok(before.includes(first))
  const allow = () => Promise.reject(failure('access-denied'))
  await assert.rejects(publish(first, { allow }), failsWith('access-denied'))
  assert.deepEqual(worktrees(), before)
})

test('a standby that grew into a refused commit is made anew', async (t) => {
  const { first, pool, publish, second, site, worktrees } = create(t, 'symlink')
  const { signal } = new AbortController()
  await publish(first)
  await pool.tidy(site.site, 0, signal)
  assert.ok(worktrees().includes('standby'))
  const allow = () => Promise.reject(failure('access-denied'))
  await assert.rejects(publish(second, { allow }), failsWith('access-denied'))
  assert.deepEqual(worktrees(), [first, `${first}.state`].sort())
  await publish(second)
  site.assertCommit(second)
  await pool.tidy(site.site, 0, signal)
  assert.ok(worktrees().includes('standby'))
})
