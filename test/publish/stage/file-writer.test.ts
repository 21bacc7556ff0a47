import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate as afterEvents } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { FileWriter } from '../../../src/publish/stage/file-writer.js'
import { atEnd } from '../../helpers/at-end.js'
import { tempDir } from '../../helpers/git.js'

const none = () => undefined

describe('a writer of files', () => {
  test('writes them at the latest in flush, and tells their status', (t) => {
    const directory = tempDir(t)
    const writer = new FileWriter()
    atEnd(t, () => writer.close())
    const statuses: ArrayLike<number>[] = []
    const keep = (status: ArrayLike<number>) => statuses.push(status)
    for (const name of ['a', 'b']) {
      writer.write(path.join(directory, name), 0o666, Buffer.from(name), keep)
    }
    writer.flush()
    assert.equal(statuses.length, 2)
    for (const name of ['a', 'b']) {
      assert.equal(readFileSync(path.join(directory, name), 'utf8'), name)
    }
  })

  test('whose thread dies fails soon, and can be closed', async (t) => {
    // The thread of the test before may be announced only now.
    await afterEvents()
    const started = once(process, 'worker') as Promise<[Worker]>
    const writer = new FileWriter()
    const [thread] = await started
    thread.ref()
    thread.postMessage('no batch')
    await assert.rejects(once(thread, 'exit'), TypeError)
    const target = path.join(tempDir(t), 'a')
    const startedAt = performance.now()
    writer.write(target, 0o666, Buffer.from('a'), none)
    assert.throws(() => writer.flush(), /the thread that writes files has failed/)
    writer.close()
    assert.ok(performance.now() - startedAt < 60_000)
    assert.ok(!existsSync(target))
  })
})
