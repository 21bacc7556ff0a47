// The real threads, with real packs: what they do, how they fail, and how they are stopped.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { UNLIMITED } from '../../src/git/limits.js'
import type { Target } from '../../src/publish/target.js'
import { createMemoryBudget } from '../../src/thread/memory-budget.js'
import { createWorkerPool, type WorkerPool } from '../../src/worker/pool.js'
import { startWorkers } from '../../src/worker/threads.js'
import { atEnd } from '../helpers/at-end.js'
import { failsWith } from '../helpers/fails-with.js'
import { failure } from '../helpers/fake-sync.js'
import { fileScope } from '../helpers/file-scope.js'
import type { TestScope } from '../helpers/git.js'
import type { SiteOptions } from '../helpers/publish-site.js'
import { split } from '../helpers/spilled-packs.js'
import { chunksOf, createUnpackSite, type UnpackSite } from '../helpers/unpack-site.js'

const FIRST = { a: 'a', 'd/b': 'b', link: { symlink: 'a' } }
const OPTIONS = {
  limits: UNLIMITED,
  memory: createMemoryBudget(1 << 30),
  timeoutMs: 600_000,
  onError: assert.ifError,
}
const SECOND = { a: 'a edited', 'd/b': 'b', link: { symlink: 'a' } }

function createPool(t: TestScope, maxThreads = 2): WorkerPool {
  const pool = createWorkerPool({ ...OPTIONS, maxThreads })
  atEnd(t, () => pool.close())
  return pool
}

/** Of all tests that are about jobs: to start a thread takes longer than most of those. */
const pool = createPool(fileScope())

function create(t: TestScope, options?: SiteOptions) {
  const test = createUnpackSite(t, options)
  const [first, second] = [test.commitOf(FIRST), test.commitOf(SECOND)]
  return { test, first, second }
}

function publishFull(
  pool: WorkerPool,
  { fullPack, site: target }: UnpackSite,
  want: string,
  signal = new AbortController().signal,
) {
  const chunks = () => chunksOf(split(fullPack(want), [50]))
  return pool.publish({ target, want, have: undefined, chunks }, signal)
}

/** Some bytes, then nothing until `signal` aborts, as from a network that stalls. */
async function* stalling(bytes: Buffer, signal: AbortSignal): AsyncGenerator<Buffer> {
  yield bytes
  await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(failure('connection-failed')))
  })
}

async function inspectNow(pool: WorkerPool, target: Target) {
  const { commit, drift } = await pool.inspect(target, undefined, new AbortController().signal)
  assert.equal(drift, undefined)
  return commit
}

for (const mode of ['in-place', 'symlink'] as const) {
  test(`a commit is published, found, updated, tidied and unpublished, ${mode}`, async (t) => {
    const { test, first, second } = create(t, { mode })
    const { site: target } = test
    const { signal } = new AbortController()
    assert.equal(await inspectNow(pool, target), undefined)

    const startedAt = performance.now()
    const published = await publishFull(pool, test, first)
    assert.deepEqual([published.commit, published.filesWritten], [first, 3])
    assert.ok(published.receivedAt >= startedAt && published.receivedAt <= performance.now())
    test.assertCommit(first)
    assert.equal(await inspectNow(pool, target), first)

    const chunks = () => chunksOf([test.thinPack(second, first)])
    const updated = await pool.publish({ target, want: second, have: first, chunks }, signal)
    assert.equal(updated.commit, second)
    test.assertCommit(second)

    const waitMs = await pool.tidy(target, 10_000, signal)
    if (mode === 'symlink') assert.ok(waitMs !== undefined && waitMs > 0, `${waitMs} ms`)
    else assert.equal(waitMs, undefined)
    assert.equal(await pool.tidy(target, 0, signal), undefined)
    test.assertCommit(second)

    await pool.unpublish(target, signal)
    assert.equal(existsSync(test.directory), false)
    assert.equal(await inspectNow(pool, target), undefined)
  })
}

describe('what fails', () => {
  test('in the thread has its code, and the next job does what it should', async (t) => {
    const { test, first } = create(t)
    const { site: target } = test
    const { signal } = new AbortController()
    const pack = test.fullPack(first)
    pack[pack.length - 1]! ^= 1
    const job = { target, want: first, have: undefined, chunks: () => chunksOf([pack]) }
    await assert.rejects(pool.publish(job, signal), failsWith('pack-corrupt'))
    assert.equal(await inspectNow(pool, target), undefined)
    await publishFull(pool, test, first)
    test.assertCommit(first)
  })

  test('before the pack has arrived frees its sender', async (t) => {
    const { test, first, second } = create(t)
    let wasReturned = false
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield Buffer.alloc(65_536)
      } finally {
        wasReturned = true
      }
    }
    const job = { target: test.site, want: second, have: first, chunks: endless }
    await assert.rejects(pool.publish(job, new AbortController().signal), failsWith('base-missing'))
    assert.equal(wasReturned, true)
  })

  test('while the remote sends nothing does not wait for it', async (t) => {
    const { test, first, second } = create(t)
    const stalled = new AbortController()
    const chunks = () => stalling(Buffer.alloc(0), stalled.signal)
    const job = { target: test.site, want: second, have: first, chunks }
    await assert.rejects(pool.publish(job, new AbortController().signal), failsWith('base-missing'))
    stalled.abort()
  })

  test('at the remote is what is reported, not what follows from it in the thread', async (t) => {
    const { test, first } = create(t)
    const chunks = () => chunksOf([test.fullPack(first).subarray(0, 50)], failure('idle-timeout'))
    const job = { target: test.site, want: first, have: undefined, chunks }
    await assert.rejects(pool.publish(job, new AbortController().signal), failsWith('idle-timeout'))
    assert.deepEqual(test.leftOvers(), [])
  })

  test('in every other job has its code, too', async (t) => {
    const { test } = create(t)
    const { signal } = new AbortController()
    writeFileSync(test.directory, 'a file, where a directory is needed')
    const below = { ...test.site, directory: `${test.directory}/below` }
    for (const work of [
      () => pool.inspect(below, undefined, signal),
      () => pool.tidy(below, 0, signal),
      () => pool.unpublish(below, signal),
    ]) {
      await assert.rejects(work, failsWith('path-blocked', /ENOTDIR/))
    }
  })
})

describe('what is aborted', () => {
  for (const mode of ['in-place', 'symlink'] as const) {
    test(`while it is unpublished stops at once, and is removed by the next call, ${mode}`, async (t) => {
      const { test, first } = create(t, { mode })
      await publishFull(pool, test, first)
      const stopped = AbortSignal.abort()
      await assert.rejects(pool.unpublish(test.site, stopped), failsWith('aborted'))
      await pool.unpublish(test.site, new AbortController().signal)
      assert.deepEqual(readdirSync(test.volume), [])
    })
  }

  test('while it waits for the remote fails, and publishes nothing', async (t) => {
    const { test, first, second } = create(t)
    await publishFull(pool, test, first)
    const controller = new AbortController()
    const chunks = () => stalling(test.fullPack(second).subarray(0, 100), controller.signal)
    const job = { target: test.site, want: second, have: undefined, chunks }
    const publishing = pool.publish(job, controller.signal)
    setImmediate(() => controller.abort())
    await assert.rejects(publishing, failsWith('connection-failed'))
    test.assertCommit(first)
    assert.deepEqual(test.leftOvers(), [])
  })

  test('before it begins is not published, however whole its pack is', async (t) => {
    const { test, first, second } = create(t)
    await publishFull(pool, test, first)
    await assert.rejects(
      publishFull(pool, test, second, AbortSignal.abort()),
      failsWith('aborted', /what was published stays as it is/),
    )
    test.assertCommit(first)
    assert.deepEqual(test.leftOvers(), [])
  })
})

test('jobs on several sites run at once, as many as there are threads', async (t) => {
  const pool = createPool(t, 3)
  const sites = Array.from({ length: 5 }, () => createUnpackSite(t))
  await Promise.all(
    sites.map(async (test, index) => {
      const commit = test.commitOf({ [`file${index}`]: String(index) })
      await publishFull(pool, test, commit)
      test.assertCommit(commit)
    }),
  )
})

test('close waits for what runs', async (t) => {
  const { test, first } = create(t)
  const pool = createWorkerPool({ ...OPTIONS, maxThreads: 1 })
  const publishing = publishFull(pool, test, first)
  await Promise.all([publishing, pool.close()])
  test.assertCommit(first)
})

test('an answer that comes after its job was given up is no fault', (t) => {
  const threads = startWorkers(1)
  const faults: unknown[] = []
  const late = createWorkerPool({
    ...OPTIONS,
    maxThreads: 1,
    threads,
    onError: (error) => faults.push(error),
  })
  atEnd(t, () => late.close())
  // As the library says it, which has no code for it.
  threads.emit('error', new Error('Unexpected message from Worker: { taskId: 1 }'))
  const fault = new Error('it died')
  threads.emit('error', fault)
  assert.deepEqual(faults, [fault])
})
