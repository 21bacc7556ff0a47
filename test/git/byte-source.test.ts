import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { bufferSource, FileSource } from '../../src/git/byte-source.js'
import { openRegular } from '../../src/volume/open-file.js'
import { atEnd } from '../helpers/at-end.js'
import fc from '../helpers/fast-check.js'
import { type TestScope, tempDir } from '../helpers/git.js'

const WINDOW = 64 * 1024

function openSource(t: TestScope, content: Buffer): { source: FileSource; file: string } {
  const file = path.join(tempDir(t), 'content')
  writeFileSync(file, content)
  const source = new FileSource(openRegular(file))
  atEnd(t, () => source.close())
  return { source, file }
}

test('reads bytes in memory', () => {
  const source = bufferSource(Buffer.from('0123456789'))
  assert.equal(source.length, 10)
  assert.equal(source.read(3, 6).toString(), '345')
  assert.equal(source.read(10, 10).length, 0)
})

test('reads a file at any place, in any order', (t) => {
  const content = randomBytes(5 * WINDOW + 77)
  const { source } = openSource(t, content)
  assert.equal(source.length, content.length)
  const position = fc.oneof(fc.nat(content.length), fc.constantFrom(0, WINDOW, 2 * WINDOW))
  const length = fc.oneof(fc.nat(200), fc.nat(3 * WINDOW), fc.constant(WINDOW))
  fc.assert(
    fc.property(fc.array(fc.tuple(position, length), { maxLength: 20 }), (reads) => {
      for (const [start, count] of reads) {
        const end = Math.min(start + count, content.length)
        assert.ok(source.read(start, end).equals(content.subarray(start, end)))
      }
    }),
  )
})

test('reads on from one window to the next', (t) => {
  const content = randomBytes(3 * WINDOW)
  const { source } = openSource(t, content)
  const parts: Buffer[] = []
  for (let start = 0; start < content.length; start += 1000) {
    parts.push(Buffer.from(source.read(start, Math.min(start + 1000, content.length))))
  }
  assert.ok(Buffer.concat(parts).equals(content))
})

test('an empty file has nothing to read', (t) => {
  const { source } = openSource(t, Buffer.alloc(0))
  assert.equal(source.length, 0)
  assert.equal(source.read(0, 0).length, 0)
})

test('a file that shrinks gives what is left', (t) => {
  const { source, file } = openSource(t, Buffer.alloc(3 * WINDOW, 'x'))
  truncateSync(file, 2 * WINDOW)
  assert.equal(source.read(WINDOW, 3 * WINDOW).length, WINDOW)
})

test('a closed file is closed', (t) => {
  const file = path.join(tempDir(t), 'content')
  writeFileSync(file, 'x')
  const before = readdirSync('/proc/self/fd').length
  const source = new FileSource(openRegular(Buffer.from(file)))
  assert.equal(readdirSync('/proc/self/fd').length, before + 1)
  source.close()
  assert.equal(readdirSync('/proc/self/fd').length, before)
})
