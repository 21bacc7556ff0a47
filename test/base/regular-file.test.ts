import assert from 'node:assert/strict'
import { appendFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import {
  openRegularFileSync,
  readRegularFile,
  readRegularFileSync,
} from '../../src/base/regular-file.js'
import { tempDir } from '../helpers/git.js'
import { createPipe, createSpecialFiles } from '../helpers/special-files.js'

const MAX_BYTES = 64 * 1024

const readers: [string, (file: string) => Buffer | Promise<Buffer>][] = [
  ['without waiting', (file) => readRegularFile(file, MAX_BYTES)],
  ['waiting', (file) => readRegularFileSync(file, MAX_BYTES)],
]

for (const [how, read] of readers) {
  describe(`read ${how}`, () => {
    test('a file is read whole, also through a symlink and at the limit', async (t) => {
      const folder = tempDir(t)
      for (const length of [0, 1, MAX_BYTES]) {
        const file = path.join(folder, `file${length}`)
        writeFileSync(file, Buffer.alloc(length, 'x'))
        symlinkSync(`file${length}`, `${file}.link`)
        assert.equal((await read(`${file}.link`)).toString(), 'x'.repeat(length))
      }
    })

    test('a file that says no size is read, and /dev/null is empty', async () => {
      assert.match((await read('/proc/self/status')).toString(), /^Name:.*\n[\s\S]*Threads:/)
      assert.equal((await read('/dev/null')).length, 0)
    })

    test('what is no regular file, or too long, is refused in words', async (t) => {
      const folder = tempDir(t)
      const at = (name: string) => path.join(folder, name)
      createSpecialFiles(folder)
      writeFileSync(at('long'), Buffer.alloc(MAX_BYTES + 1))
      for (const [name, words] of [
        ['pipe', /^is a pipe, not a regular file/],
        ['device', /^is a device, not a regular file/],
        ['directory', /^is a directory, not a file$/],
        ['sparse', /^is longer than 64 KiB/],
        ['long', /^is longer than 64 KiB/],
        ['none', /ENOENT/],
      ] as const) {
        await assert.rejects(async () => read(at(name)), { message: words })
      }
    })
  })
}

test('a file that grows while it is read is refused at the limit', async (t) => {
  const file = path.join(tempDir(t), 'file')
  writeFileSync(file, 'x')
  const reading = readRegularFile(file, MAX_BYTES)
  appendFileSync(file, Buffer.alloc(2 * MAX_BYTES))
  await assert.rejects(reading, { code: 'EFBIG' })
})

test('only a regular file is opened', (t) => {
  const file = path.join(tempDir(t), 'fifo')
  createPipe(file)
  assert.throws(() => openRegularFileSync(file), { code: 'EINVAL' })
})
