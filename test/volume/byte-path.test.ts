import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  displayPath,
  joinBytePath,
  parentOf,
  toBytePath,
  toFsPath,
} from '../../src/volume/byte-path.js'
import fc from '../helpers/fast-check.js'

test('a byte path names the same bytes to the file system', () => {
  fc.assert(
    fc.property(fc.uint8Array({ min: 1 }), (bytes) => {
      const bytePath = Buffer.from(bytes).toString('latin1')
      assert.deepEqual(Buffer.from(toFsPath(bytePath)), Buffer.from(bytes))
    }),
  )
})

test('text becomes a byte path and back', () => {
  assert.equal(toBytePath('é'), '\xc3\xa9')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(displayPath(toBytePath(text)), text)
    }),
  )
  assert.equal(displayPath('a\xff'), 'a\ufffd')
})

test('paths are joined and taken apart', () => {
  assert.equal(joinBytePath('', 'a'), 'a')
  assert.equal(joinBytePath('a', ''), 'a')
  assert.equal(joinBytePath('a/b', 'c'), 'a/b/c')
  assert.equal(parentOf('a/b/c'), 'a/b')
  assert.equal(parentOf('a'), '')
})
