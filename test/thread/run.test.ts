import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { Worker } from 'node:worker_threads'
import { endThread } from '../../src/thread/ending.js'
import { runInThread, SpareThread, streamFromThread } from '../../src/thread/run.js'
import { failsWith } from '../helpers/fails-with.js'
import { type TestScope, tempDir } from '../helpers/git.js'

const MODULE = (name: string) => fileURLToPath(new URL(`../../src/${name}`, import.meta.url))
const IMPORTS = `
import { threadId } from 'node:worker_threads'
import { serve } from '${MODULE('thread/run.js')}'
import { sendChunks } from '${MODULE('thread/stream.js')}'
import { SyncError } from '${MODULE('base/errors.js')}'
`

const why = new Error('it is no longer wanted')

/** A file for a thread. */
function entryOf(t: TestScope, source: string): URL {
  const file = path.join(tempDir(t), 'entry.mjs')
  writeFileSync(file, IMPORTS + source)
  return pathToFileURL(file)
}

/** The next thread that is started: when it runs, and when it has ended. */
function nextThread(): Record<'runs' | 'ended', Promise<unknown>> {
  const started = once(process, 'worker') as Promise<[Worker]>
  const first = (event: string) => started.then(([worker]) => once(worker, event))
  return { runs: first('online'), ended: first('exit') }
}

async function lengthOf(chunks: AsyncIterable<Buffer>): Promise<number> {
  let bytes = 0
  for await (const chunk of chunks) bytes += chunk.length
  return bytes
}

describe('a task', () => {
  test('is given to a thread, whose result comes back', async (t) => {
    const entry = entryOf(t, 'await serve(({ a, b }) => ({ sum: a + b }))')
    assert.deepEqual(await runInThread(entry, { a: 3, b: 4 }), { sum: 7 })
  })

  test('is given to the thread that was started ahead of it, once', async (t) => {
    const spare = new SpareThread(entryOf(t, 'await serve(() => threadId)'))
    const started = once(process, 'worker') as Promise<[Worker]>
    spare.prepare()
    spare.prepare()
    const [{ threadId }] = await started
    assert.equal(await runInThread(spare, {}), threadId)
    assert.equal(await runInThread(spare, {}), threadId + 1)
  })

  test('that does not come is waited for by no thread for long', async (t) => {
    const spare = new SpareThread(entryOf(t, 'await serve(() => threadId)'), 0)
    const { ended } = nextThread()
    spare.prepare()
    // Nothing of it keeps a process alive.
    const alive = setInterval(() => undefined, 1000)
    await ended
    clearInterval(alive)
    assert.equal(typeof (await runInThread(spare, {})), 'number')
  })

  test('that fails has its code', async (t) => {
    const entry = entryOf(
      t,
      "await serve(() => { throw new SyncError('pack-corrupt', 'Damaged') })",
    )
    await assert.rejects(runInThread(entry, {}), failsWith('pack-corrupt', /^Damaged$/))
  })

  test('whose thread cannot start, dies or goes without a reply fails', async (t) => {
    for (const [source, words] of [
      ["throw new RangeError('no start')", /no start/],
      ["setImmediate(() => { throw new RangeError('died') })", /died/],
      ['process.exit(0)', /ended without a reply/],
      ['', /ended without a reply/],
    ] as const) {
      await assert.rejects(runInThread(entryOf(t, source), {}), words)
    }
  })

  test('that is aborted ends its thread, which looks where it is busy', async (t) => {
    const entry = entryOf(t, 'await serve((task, checkpoint) => { for (;;) checkpoint() })')
    await assert.rejects(runInThread(entry, {}, AbortSignal.abort(why)), why)
    const controller = new AbortController()
    const { runs, ended } = nextThread()
    const running = runInThread(entry, {}, controller.signal)
    void runs.then(() => controller.abort(why))
    await assert.rejects(running, why)
    await ended
  })

  test('that is aborted is not waited for, though its thread looks at nothing', async (t) => {
    const entry = entryOf(t, 'await serve(() => { for (;;); })')
    const controller = new AbortController()
    const started = once(process, 'worker') as Promise<[Worker]>
    const running = runInThread(entry, {}, controller.signal)
    const [worker] = await started
    worker.once('online', () => controller.abort(why))
    await assert.rejects(running, why)
    endThread(worker, 0)
    await once(worker, 'exit')
  })
})

describe('a stream', () => {
  const ENDLESS = `
    await serve(({ port }) => sendChunks(port, (async function* () {
      for (;;) yield Buffer.alloc(65_536)
    })()))`

  test('is read to its end', async (t) => {
    const entry = entryOf(
      t,
      `await serve(({ port, pieces }) => sendChunks(port, (async function* () {
        for (let piece = 0; piece < pieces; piece++) yield Buffer.alloc(65_537)
      })()))`,
    )
    for (const pieces of [0, 1, 300]) {
      assert.equal(await lengthOf(streamFromThread(entry, { pieces })), pieces * 65_537)
    }
  })

  test('that breaks tells why', async (t) => {
    const entry = entryOf(
      t,
      `await serve(({ port }) => sendChunks(port, (async function* () {
        yield Buffer.alloc(300_000)
        throw new SyncError('pack-corrupt', 'Damaged')
      })()))`,
    )
    await assert.rejects(
      lengthOf(streamFromThread(entry, {})),
      failsWith('pack-corrupt', /^Damaged$/),
    )
    const dying = entryOf(t, "setImmediate(() => { throw new RangeError('died') })")
    await assert.rejects(lengthOf(streamFromThread(dying, {})), /died/)
  })

  test('that is left ends its thread', async (t) => {
    const { ended } = nextThread()
    for await (const chunk of streamFromThread(entryOf(t, ENDLESS), {})) {
      assert.ok(chunk.length > 0)
      break
    }
    await ended
  })

  test('that is aborted ends its thread', async (t) => {
    const controller = new AbortController()
    const { runs, ended } = nextThread()
    const reading = lengthOf(streamFromThread(entryOf(t, ENDLESS), {}, controller.signal))
    void runs.then(() => controller.abort(why))
    await assert.rejects(reading, why)
    await ended
  })

  // Node aborts where a thread is terminated as it makes a zlib stream.
  test('of which many are left while they inflate leaves the process alone', async (t) => {
    const entry = entryOf(
      t,
      `import { deflateSync, inflateSync } from 'node:zlib'
      const deflated = deflateSync(Buffer.alloc(100))
      await serve(({ port }, checkpoint) => sendChunks(port, (async function* () {
        for (;;) {
          checkpoint()
          inflateSync(deflated)
          yield Buffer.alloc(4096)
        }
      })()))`,
    )
    const program = path.join(tempDir(t), 'program.mjs')
    const source = `
      import { streamFromThread } from '${MODULE('thread/run.js')}'
      for (let round = 0; round < 8; round++) {
        const streams = [1, 2, 3].map(async () => {
          for await (const chunk of streamFromThread(new URL('${entry}'), {})) break
        })
        await Promise.all(streams)
      }`
    writeFileSync(program, source)
    await promisify(execFile)(process.execPath, [program])
  })

  test('that nobody reads starts no thread', async (t) => {
    let threads = 0
    const count = () => threads++
    process.on('worker', count)
    const chunks = streamFromThread(entryOf(t, ENDLESS), {})
    await chunks.return(undefined)
    process.off('worker', count)
    assert.equal(threads, 0)
  })
})
