import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { statFields } from '../../../src/publish/snapshot/snapshot.js'
import {
  CONTROL,
  createSharedBatch,
  FileBatch,
  PHASE,
} from '../../../src/publish/stage/file-batch.js'
import { FileWriter, type FileWriterOptions } from '../../../src/publish/stage/file-writer.js'
import { startThread } from '../../../src/thread/run.js'
import { volumeAt } from '../../helpers/file-at.js'
import { tempDir } from '../../helpers/git.js'

const COUNT = 6000
const contentOf = (index: number) => `${index} `.repeat(index % 50)

/** A writer, and what it said of the files, by their path. */
function createWriter(root: string, options: Partial<FileWriterOptions> = {}) {
  const failed: string[] = []
  const writer = new FileWriter({
    volume: volumeAt(root),
    checkpoint: () => undefined,
    creating(create, at) {
      try {
        create()
      } catch (error) {
        failed.push(at)
        throw error
      }
    },
    ...options,
  })
  const written = new Map<string, number[]>()
  const write = (at: string, content: string | Buffer, permissions = 0o666) => {
    const file = { path: at, permissions, body: Buffer.from(content) }
    writer.write(file, (status) => written.set(at, Array.from(status)))
  }
  return { writer, write, written, failed }
}

function writeMany(root: string, write: (at: string, content: string) => void): void {
  for (let index = 0; index < COUNT; index++) write(path.join(root, `${index}`), contentOf(index))
}

for (const threads of [1, 2]) {
  describe(`thousands of files, from ${threads === 1 ? 'one thread' : 'two threads'}`, () => {
    test('are written whole, and what is told of each is what is on disk', (t) => {
      const root = tempDir(t)
      const { write, writer, written } = createWriter(root, { threads })
      writeMany(root, write)
      writer.flush()
      assert.equal(written.size, COUNT)
      for (let index = 0; index < COUNT; index++) {
        const at = path.join(root, `${index}`)
        assert.equal(readFileSync(at, 'latin1'), contentOf(index))
        assert.deepEqual(written.get(at), statFields(statSync(at)))
      }
      writer.close()
    })

    test('may have any name, size and permissions', (t) => {
      const root = tempDir(t)
      const { write, writer, written } = createWriter(root, { threads })
      writeMany(root, write)
      const umask = process.umask(0o027)
      t.after(() => process.umask(umask))
      const large = Buffer.alloc(3 * 1024 * 1024, 'large')
      const odd = Buffer.from('\u{1f600} \u00e9', 'utf8').toString('latin1')
      for (let index = 0; index < 600; index++) {
        write(path.join(root, `${odd}${index}`), `${index}`, 0o777)
      }
      write(path.join(root, 'large'), large)
      write(path.join(root, 'empty'), '')
      writer.flush()
      assert.equal(written.size, COUNT + 602)
      for (let index = 0; index < 600; index++) {
        const at = Buffer.from(path.join(root, `${odd}${index}`), 'latin1')
        assert.equal(readFileSync(at, 'latin1'), `${index}`)
        assert.equal(statSync(at).mode & 0o777, 0o750)
      }
      assert.ok(readFileSync(path.join(root, 'large')).equals(large))
      assert.equal(statSync(path.join(root, 'large')).mode & 0o777, 0o640)
      assert.equal(statSync(path.join(root, 'empty')).size, 0)
      writer.close()
    })

    test('of which one cannot be written: which, and why, is told at the latest in the end', (t) => {
      const root = tempDir(t)
      const { failed, write, writer } = createWriter(root, { threads })
      const at = path.join(root, `${COUNT - 300}`)
      writeFileSync(at, 'somebody else has it')
      assert.throws(
        () => {
          writeMany(root, write)
          writer.flush()
        },
        { code: 'EEXIST', syscall: 'open', message: new RegExp(`'${at}'`) },
      )
      assert.deepEqual(failed, [at])
      assert.equal(readFileSync(at, 'latin1'), 'somebody else has it')
      writer.close()
    })

    test('are not written through a symlink', (t) => {
      const [root, outside] = [tempDir(t), tempDir(t)]
      const { write, writer } = createWriter(root, { threads })
      symlinkSync(outside, path.join(root, 'link'))
      writeMany(root, write)
      assert.throws(
        () => {
          for (let index = 0; index < 1000; index++) write(path.join(root, 'link', `${index}`), '1')
          writer.flush()
        },
        { code: 'ENOTDIR' },
      )
      writer.close()
      assert.throws(() => statSync(path.join(outside, '0')), { code: 'ENOENT' })
    })
  })
}

test('where a base leads elsewhere by now, the second thread writes nothing', (t) => {
  const [here, elsewhere] = [tempDir(t), tempDir(t)]
  const base = path.join(tempDir(t), 'base')
  symlinkSync(here, base)
  const { write, writer, written } = createWriter(base, { threads: 2 })
  unlinkSync(base)
  symlinkSync(elsewhere, base)
  writeMany(base, write)
  writer.flush()
  assert.equal(written.size, COUNT)
  assert.equal(readdirSync(here).length, COUNT)
  assert.deepEqual(readdirSync(elsewhere), [])
  writer.close()
})

test('the second thread writes what is ready, and ends when it is told to', async (t) => {
  const root = tempDir(t)
  const shared = createSharedBatch()
  const batch = new FileBatch(shared)
  const control = new Int32Array(new SharedArrayBuffer(12))
  batch.add({ path: path.join(root, 'file'), permissions: 0o600, body: Buffer.from('content') })
  batch.phase = PHASE.ready
  const entry = new URL('../../../src/publish/stage/file-writer-worker.js', import.meta.url)
  const { realBase } = volumeAt(root)
  const thread = startThread(entry, { base: root, realBase, batches: [shared], control })
  const ended = once(thread, 'exit')
  while (batch.phase === PHASE.ready) await setImmediate()
  batch.wait(60_000)
  assert.equal(batch.phase, PHASE.written)
  assert.deepEqual([...batch.statusOf(0)], statFields(statSync(path.join(root, 'file'))))
  Atomics.store(control, CONTROL.isClosed, 1)
  Atomics.add(control, CONTROL.calls, 1)
  Atomics.notify(control, CONTROL.calls)
  await ended
  assert.equal(Atomics.load(control, CONTROL.ended), 1)
})
