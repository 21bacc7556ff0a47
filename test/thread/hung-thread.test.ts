// A thread that hangs in a system call is given up; others go on; and the process ends.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { withinLimits } from '../../src/thread/job-limits.js'
import { ThreadPool } from '../../src/thread/pool.js'
import type { Reply } from '../../src/thread/reply.js'
import { startThreads } from '../../src/thread/threads.js'
import { atEnd } from '../helpers/at-end.js'
import { failsWith } from '../helpers/fails-with.js'
import { FakeClock, settle } from '../helpers/fake-clock.js'
import { type TestScope, tempDir } from '../helpers/git.js'

const JOBS = `
import { openSync, closeSync } from 'node:fs'
export async function hang({ fifo, started }) {
  Atomics.store(started, 0, 1)
  Atomics.notify(started, 0)
  closeSync(openSync(fifo))
  return { ok: true, value: 'opened' }
}
export async function answer() { return { ok: true, value: 'answer' } }
`

interface Jobs {
  hang(job: { fifo: string; started: Int32Array }): Promise<Reply<string>>
  answer(job: object): Promise<Reply<string>>
}

function create(t: TestScope, maxThreads: number) {
  const folder = tempDir(t)
  const fifo = path.join(folder, 'fifo')
  const entry = path.join(folder, 'jobs.mjs')
  execFileSync('mkfifo', [fifo])
  writeFileSync(entry, JOBS)
  const clock = new FakeClock()
  const pool = new ThreadPool<{ [Name in keyof Jobs]: Jobs[Name] }>({
    threads: startThreads(pathToFileURL(entry), maxThreads),
    maxThreads,
    limits: { clock, limitMs: 1000, graceMs: 500 },
    // A thread that starts as the folder goes.
    onError: () => {},
  })
  /** Lets go of every thread that waits for somebody to write. */
  function letGo(): () => void {
    const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK)
    return () => closeSync(fd)
  }
  atEnd(t, async () => {
    const close = letGo()
    await pool.close()
    close()
  })
  /** Resolves once the thread is about to hang. */
  async function hang(subject = 'volume'): Promise<{ hung: Promise<string> }> {
    const started = new Int32Array(new SharedArrayBuffer(4))
    const hung = pool.run('hang', { fifo, started }, { subject })
    hung.catch(() => {})
    while (Atomics.load(started, 0) === 0) await new Promise(setImmediate)
    await untilInCall()
    return { hung }
  }
  return { pool, clock, hang, letGo }
}

/** Between the flag and the call that hangs there is a moment, which is let pass. */
async function untilInCall(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    await new Promise(setImmediate)
  }
}

describe('a thread that hangs', () => {
  test('is given up after its limit and its grace, and others take its place', async (t) => {
    const { pool, clock, hang } = create(t, 1)
    const { hung } = await hang()
    const waiting = pool.run('answer', {}, { subject: 'another' })
    await clock.advance(1000)
    await clock.advance(499)
    await settle()
    await clock.advance(1)
    await assert.rejects(hung, failsWith('volume-hangs', /was given up/))
    assert.equal(await waiting, 'answer')
  })

  test('keeps other jobs from what it hangs on, until it ends', async (t) => {
    const { pool, clock, hang, letGo } = create(t, 1)
    const { hung } = await hang()
    await clock.advance(1500)
    await assert.rejects(hung, failsWith('volume-hangs', /was given up/))
    const again = () => pool.run('answer', {}, { subject: 'volume' })
    await assert.rejects(again(), failsWith('volume-hangs', /for volume hangs still/))
    atEnd(t, letGo())
    let answer: string | undefined
    while (!answer) {
      await new Promise(setImmediate)
      answer = await again().catch(() => undefined)
    }
    assert.equal(answer, 'answer')
  })

  test('is one of so many at most; then no more is started', async (t) => {
    const { pool, clock, hang } = create(t, 1)
    for (const subject of ['one', 'two']) {
      assert.equal(pool.isExhausted, false)
      const { hung } = await hang(subject)
      await clock.advance(1500)
      await assert.rejects(hung, failsWith('volume-hangs', /was given up/))
    }
    assert.equal(pool.isExhausted, true)
    const more = pool.run('answer', {}, { subject: 'three' })
    await assert.rejects(more, failsWith('volume-hangs', /2 threads hang/))
  })
})

test('many jobs wait for a thread, and Node sees no leak of listeners', async (t) => {
  const { pool } = create(t, 1)
  const warnings: Error[] = []
  const onWarning = (warning: Error) => warnings.push(warning)
  process.on('warning', onWarning)
  const answers = Array.from({ length: 20 }, () => pool.run('answer', {}, { subject: 'volume' }))
  assert.deepEqual(new Set(await Promise.all(answers)), new Set(['answer']))
  process.off('warning', onWarning)
  assert.deepEqual(warnings, [])
})

test('a job that stops in time fails by its limit', async () => {
  const clock = new FakeClock()
  const done = withinLimits({ clock, limitMs: 1000, graceMs: 500 }, undefined, async (stop) => {
    while (Atomics.load(stop, 0) === 0) await new Promise(setImmediate)
    throw new Error('stopped')
  })
  done.catch(() => {})
  await clock.advance(1000)
  await assert.rejects(done, failsWith('sync-timeout', /not done after 1 s/))
})

test('the file of the jobs is imported, as Node 20 aborts where a thread is ended that requires it', async (t) => {
  const folder = tempDir(t)
  const entry = path.join(folder, 'required.mjs')
  writeFileSync(
    entry,
    `import { createRequire } from 'node:module'
    export const isRequired = async () => ({
      ok: true,
      value: import.meta.filename in createRequire(import.meta.url).cache,
    })`,
  )
  const pool = new ThreadPool<{ isRequired(job: object): Promise<Reply<boolean>> }>({
    threads: startThreads(pathToFileURL(entry), 1),
    maxThreads: 1,
    limits: { clock: new FakeClock(), limitMs: 1000, graceMs: 500 },
    onError: () => {},
  })
  atEnd(t, () => pool.close())
  assert.equal(await pool.run('isRequired', {}, { subject: 'volume' }), false)
})

describe('the process ends', () => {
  const END = fileURLToPath(new URL('../../src/end-process.js', import.meta.url))
  for (const [what, source, expected] of [
    ['with its code, however busy its threads are', 'for (;;);', [7, null]],
    [
      'by the signal, where a thread hangs',
      "require('node:fs').openSync(process.env.FIFO)",
      [null, 'SIGTERM'],
    ],
  ] as const) {
    test(what, async (t) => {
      const fifo = path.join(tempDir(t), 'fifo')
      execFileSync('mkfifo', [fifo])
      const program = `
        import { Worker } from 'node:worker_threads'
        import { createEndProcess } from '${END}'
        const end = createEndProcess()
        process.on('SIGTERM', () => {})
        const source = "require('node:worker_threads').parentPort.postMessage(1);" + ${JSON.stringify(source)}
        new Worker(source, { eval: true, execArgv: [] }).once('message', () => setTimeout(() => end(7), 200))`
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
        env: { ...process.env, FIFO: fifo },
        stdio: 'inherit',
      })
      assert.deepEqual(await once(child, 'exit'), expected)
    })
  }

  test('with its code, though a thread starts another as it ends', async () => {
    const program = `
      import { Worker } from 'node:worker_threads'
      import { createEndProcess } from '${END}'
      const end = createEndProcess()
      const start = () => new Worker('setInterval(() => {}, 1000)', { eval: true, execArgv: [] })
      const first = start()
      first.once('exit', start)
      first.once('online', () => end(7))`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program])
    assert.deepEqual(await once(child, 'exit'), [7, null])
  })

  test('with its code, though calls of the file system are under way', async () => {
    const program = `
      import { readFile } from 'node:fs'
      import { createEndProcess } from '${END}'
      const end = createEndProcess()
      readFile('${END}', () => {})
      end(7)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program])
    assert.deepEqual(await once(child, 'exit'), [7, null])
  })

  test('where a call of its own hangs, too', async (t) => {
    const fifo = path.join(tempDir(t), 'fifo')
    execFileSync('mkfifo', [fifo])
    const program = `
      import { open } from 'node:fs/promises'
      import { createEndProcess } from '${END}'
      void open(process.env.FIFO)
      await createEndProcess()(0)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, FIFO: fifo },
      stdio: 'inherit',
    })
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGTERM'])
  })
})
