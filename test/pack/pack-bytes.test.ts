import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { UNLIMITED } from '../../src/git/limits.js'
import { BLOCK_BYTES, PackBytes, type PackBytesOptions } from '../../src/pack/pack-bytes.js'
import { PackRoom } from '../../src/pack/pack-room.js'
import { atEnd } from '../helpers/at-end.js'
import fc from '../helpers/fast-check.js'
import { fileAt } from '../helpers/file-at.js'
import { type TestScope, tempDir } from '../helpers/git.js'

const roomOf = (memoryBytes: number) =>
  new PackRoom({ memoryBytes, cacheBytes: 0, limits: UNLIMITED })

/** Of bytes that are all needed. */
const allNeeded = (start: number, end: number): [number, number][] => [[start, end]]

const inMemory = () =>
  new PackBytes({
    needed: allNeeded,
    room: roomOf(Number.POSITIVE_INFINITY),
    createFile: () => assert.fail('a file is needed'),
  })

/** Bytes that go to a file as soon as they may. */
function spilling(
  t: TestScope,
  memoryBytes = 1,
  needed: PackBytesOptions['needed'] = allNeeded,
): { bytes: PackBytes; file: string } {
  const file = path.join(tempDir(t), 'spilled')
  const bytes = new PackBytes({ room: roomOf(memoryBytes), createFile: () => fileAt(file), needed })
  atEnd(t, () => bytes.close())
  return { bytes, file }
}

function appendInSteps(bytes: PackBytes, content: Buffer): void {
  for (let start = 0, step = 1; start < content.length; start += step, step = (step * 7) % 50_021) {
    bytes.append(content.subarray(start, start + step))
  }
}

function assertReads(bytes: PackBytes, content: Buffer, ranges: readonly [number, number][]): void {
  assert.equal(bytes.length, content.length)
  for (const [start, end] of ranges) {
    const expected = content.subarray(start, end)
    assert.ok(bytes.read(start, end).equals(expected), `from ${start} up to ${end}`)
  }
}

const RANGES: [number, number][] = [
  [0, 1],
  [0, BLOCK_BYTES],
  [BLOCK_BYTES - 1, BLOCK_BYTES + 1],
  [BLOCK_BYTES, 2 * BLOCK_BYTES],
  [300_000, 700_000],
  [BLOCK_BYTES - 5, 3 * BLOCK_BYTES + 5],
  [999_990, 2_000_000],
  [1_000_000, 1_000_000],
  [0, 2_000_000],
]

test('reads back what was appended, at any place', () => {
  const content = randomBytes(1_000_000)
  const bytes = inMemory()
  appendInSteps(bytes, content)
  assertReads(bytes, content, RANGES)
  assert.equal(bytes.read(1_000_000, 1_000_001).length, 0)
  assert.equal(bytes.read(500, 500).length, 0)
})

test('a read within a block costs no copy', () => {
  const bytes = inMemory()
  bytes.append(randomBytes(2 * BLOCK_BYTES))
  assert.equal(bytes.read(0, 10).buffer, bytes.read(20, BLOCK_BYTES).buffer)
})

test('does not keep the chunks, which their owner may fill again', () => {
  const bytes = inMemory()
  const chunk = Buffer.from('abc')
  bytes.append(chunk)
  chunk.fill('x')
  bytes.append(Buffer.alloc(0))
  assert.equal(bytes.read(0, 3).toString(), 'abc')
})

test('a chunk may be larger than all before', () => {
  const bytes = inMemory()
  bytes.append(Buffer.from('a'))
  bytes.append(Buffer.alloc(3_000_000, 'b'))
  assert.equal(bytes.length, 3_000_001)
  assert.equal(bytes.read(2_999_999, 3_000_001).toString(), 'bb')
})

test('what exceeds the memory is read from a file, also across both', (t) => {
  const content = randomBytes(5 * BLOCK_BYTES + 123)
  for (const memoryBytes of [0, 1, BLOCK_BYTES, 4 * BLOCK_BYTES]) {
    const { bytes, file } = spilling(t, memoryBytes)
    appendInSteps(bytes, content)
    const spilled = statSync(file).size / BLOCK_BYTES
    assert.ok(Number.isInteger(spilled) && spilled >= 2, `${spilled} blocks`)
    const seam = spilled * BLOCK_BYTES
    const last: [number, number] = [5 * BLOCK_BYTES + 100, 6 * BLOCK_BYTES]
    assertReads(bytes, content, [...RANGES, [seam - 7, seam + 7], [0, content.length], last])
  }
})

test('makes no file before it is needed', (t) => {
  const { bytes, file } = spilling(t, 4 * BLOCK_BYTES)
  bytes.append(randomBytes(4 * BLOCK_BYTES))
  assert.equal(existsSync(file), false)
  bytes.append(Buffer.from('x'))
  assert.equal(existsSync(file), true)
})

test('a file is closed once, and none is opened where none was needed', (t) => {
  const before = openFiles()
  const { bytes } = spilling(t)
  bytes.append(randomBytes(4 * BLOCK_BYTES))
  assert.equal(openFiles(), before + 1)
  bytes.close()
  bytes.close()
  assert.equal(openFiles(), before)
  spilling(t).bytes.close()
})

test('what is skipped is counted, not kept, and what follows is read', (t) => {
  const before = randomBytes(1000)
  const after = randomBytes(3 * BLOCK_BYTES)
  const gap = 1000 * BLOCK_BYTES
  for (const { bytes } of [{ bytes: inMemory() }, spilling(t)]) {
    bytes.append(before)
    bytes.passOver(gap)
    bytes.append(after)
    assert.equal(bytes.length, before.length + gap + after.length)
    assert.ok(bytes.read(0, before.length).equals(before))
    assert.ok(bytes.read(before.length + gap, bytes.length).equals(after))
    assert.ok(
      bytes.read(bytes.length - BLOCK_BYTES, bytes.length).equals(after.subarray(-BLOCK_BYTES)),
    )
  }
  const bytes = inMemory()
  bytes.passOver(gap)
  assert.throws(() => bytes.read(0, 1), RangeError)
})

test('only what is needed goes to the file, and nothing where nothing is', (t) => {
  const content = randomBytes(6 * BLOCK_BYTES)
  const parts: [number, number][] = [
    [0, 100],
    [BLOCK_BYTES - 10, BLOCK_BYTES + 10],
    [3 * BLOCK_BYTES + 5, 3 * BLOCK_BYTES + 50],
  ]
  const needed = (start: number, end: number) =>
    parts
      .map(([from, to]) => [Math.max(from, start), Math.min(to, end)] as const)
      .filter(([from, to]) => from < to)
  const { bytes, file } = spilling(t, 1, needed)
  appendInSteps(bytes, content)
  assertReads(bytes, content, parts)
  const expected = Buffer.alloc(3 * BLOCK_BYTES + 50)
  for (const [start, end] of parts) content.copy(expected, start, start, end)
  assert.ok(readFileSync(file).equals(expected))

  const none = spilling(t, 1, () => [])
  appendInSteps(none.bytes, content)
  assert.equal(none.bytes.length, content.length)
  assert.equal(existsSync(none.file), false)
})

test('memory of which nothing is needed makes room for what follows', (t) => {
  const content = randomBytes(20 * BLOCK_BYTES)
  const needed = (start: number, end: number): [number, number][] =>
    start === 0 || end >= content.length - BLOCK_BYTES ? [[start, end]] : []
  const { bytes, file } = spilling(t, 6 * BLOCK_BYTES, needed)
  appendInSteps(bytes, content)
  assertReads(bytes, content, [
    [0, BLOCK_BYTES],
    [content.length - 10, content.length],
  ])
  assert.equal(existsSync(file), false)
})

test('what is taken off the end leaves the rest as it was', (t) => {
  const content = randomBytes(6 * BLOCK_BYTES)
  for (const start of [
    0,
    1,
    BLOCK_BYTES - 1,
    BLOCK_BYTES,
    BLOCK_BYTES + 500,
    5 * BLOCK_BYTES + 1,
  ]) {
    for (const { bytes } of [{ bytes: inMemory() }, spilling(t)]) {
      bytes.append(content)
      const taken = bytes.takeFrom(start)
      assert.ok(taken.equals(content.subarray(start)))
      assert.equal(bytes.length, start)
      bytes.append(Buffer.from('new'))
      assert.equal(bytes.read(start, start + 10).toString(), 'new')
      assert.ok(bytes.read(0, start).equals(content.subarray(0, start)), `${start}`)
      bytes.append(taken)
      assert.ok(bytes.read(start + 3, bytes.length).equals(taken))
      assert.ok(bytes.read(0, start).equals(content.subarray(0, start)), `${start}`)
    }
  }
})

test('what was taken is not changed by what is appended then', () => {
  const bytes = inMemory()
  bytes.append(Buffer.from('abcdef'))
  const taken = bytes.takeFrom(2)
  bytes.append(Buffer.from('xxxx'))
  assert.equal(taken.toString(), 'cdef')
})

test('any course of changes reads like one array of bytes', (t) => {
  const size = fc.oneof(fc.nat(50), fc.nat(3 * BLOCK_BYTES), fc.constant(BLOCK_BYTES))
  const step = fc.record({ kind: fc.constantFrom('append', 'skip', 'take'), size })
  const source = randomBytes(3 * BLOCK_BYTES)
  const directory = tempDir(t)
  let files = 0
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.nat(6), (steps, memoryBlocks) => {
      const bytes = new PackBytes({
        room: roomOf(memoryBlocks * BLOCK_BYTES),
        createFile: () => fileAt(path.join(directory, String(files++))),
        needed: allNeeded,
      })
      let model: Buffer = Buffer.alloc(0)
      // From here on nothing was skipped: only this may be read, or taken.
      let keptFrom = 0
      const kept: [number, number][] = []
      for (const { kind, size: count } of steps) {
        if (kind === 'append') {
          bytes.append(source.subarray(0, count))
          model = Buffer.concat([model, source.subarray(0, count)])
        } else if (kind === 'skip') {
          kept.push([keptFrom, model.length])
          bytes.passOver(count)
          model = Buffer.concat([model, Buffer.alloc(count)])
          keptFrom = model.length
        } else {
          const start = Math.max(keptFrom, model.length - count)
          assert.ok(bytes.takeFrom(start).equals(model.subarray(start)))
          model = model.subarray(0, start)
        }
      }
      assertReads(bytes, model, [...kept, [keptFrom, model.length]])
      bytes.close()
    }),
    { numRuns: 60 },
  )
})

function openFiles(): number {
  return readdirSync('/proc/self/fd').length
}
