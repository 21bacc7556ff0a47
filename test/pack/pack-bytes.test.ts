import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { PackBytes } from '../../src/pack/pack-bytes.js'

test('reads back what was appended, at any place', () => {
  const content = randomBytes(1_000_000)
  const bytes = new PackBytes()
  for (let start = 0, step = 1; start < content.length; start += step, step = (step * 7) % 50_021) {
    bytes.append(content.subarray(start, start + step))
  }
  assert.equal(bytes.length, content.length)
  assert.ok(bytes.view(0).equals(content))
  assert.ok(bytes.view(300_000, 700_000).equals(content.subarray(300_000, 700_000)))
  assert.ok(bytes.view(999_990, 2_000_000).equals(content.subarray(999_990)))
  assert.equal(bytes.view(1_000_000).length, 0)
})

test('does not keep the chunks, which their owner may fill again', () => {
  const bytes = new PackBytes()
  const chunk = Buffer.from('abc')
  bytes.append(chunk)
  chunk.fill('x')
  bytes.append(Buffer.alloc(0))
  assert.equal(bytes.view(0).toString(), 'abc')
})

test('a chunk may be larger than all before', () => {
  const bytes = new PackBytes()
  bytes.append(Buffer.from('a'))
  bytes.append(Buffer.alloc(3_000_000, 'b'))
  assert.equal(bytes.length, 3_000_001)
  assert.equal(bytes.view(2_999_999).toString(), 'bb')
})
