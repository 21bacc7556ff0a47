import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { openSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { PackIndex } from '../../../src/remote/disk/pack-index.js'
import { atEnd } from '../../helpers/at-end.js'
import { failsWith } from '../../helpers/fails-with.js'
import { type TestScope, tempDir } from '../../helpers/git.js'

/** Opens an index made by hand; object number n of the sorted `oids` lies at `offsetOf(n)`. */
function openIndex(t: TestScope, oids: Buffer[], offsetOf: (n: number) => number) {
  const fanout = Buffer.alloc(1024)
  let sorted = 0
  for (let byte = 0; byte < 256; byte++) {
    while (sorted < oids.length && oids[sorted]![0]! <= byte) sorted++
    fanout.writeUInt32BE(sorted, byte * 4)
  }
  const offsets = Buffer.alloc(oids.length * 4)
  const large: Buffer[] = []
  for (const index of oids.keys()) {
    const offset = offsetOf(index)
    if (offset < 2 ** 31) offsets.writeUInt32BE(offset, index * 4)
    else {
      offsets.writeUInt32BE(2 ** 31 + large.length, index * 4)
      const bytes = Buffer.alloc(8)
      bytes.writeBigUInt64BE(BigInt(offset))
      large.push(bytes)
    }
  }
  const file = path.join(tempDir(t), 'pack-test.idx')
  const crcs = Buffer.alloc(oids.length * 4)
  const magic = Buffer.from([0xff, 0x74, 0x4f, 0x63, 0, 0, 0, 2])
  const content = Buffer.concat([magic, fanout, ...oids, crcs, offsets, ...large])
  writeFileSync(file, content)
  const index = new PackIndex(openSync(file, 'r'), file, 'sha1')
  atEnd(t, () => index.close())
  return { index, content, file }
}

const oidOf = (n: number) => createHash('sha1').update(String(n)).digest()
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

test('finds each of many oids, evenly spread, and no other', (t) => {
  const oids = numbers(100_000).map(oidOf).sort(Buffer.compare)
  const { index } = openIndex(t, oids, (n) => n * 3)
  for (let n = 0; n < oids.length; n += 37) assert.equal(index.find(oids[n]!), n * 3)
  for (let n = 0; n < 1000; n++) assert.equal(index.find(oidOf(200_000 + n)), undefined)
})

test('finds oids however they are spread', (t) => {
  const oids = numbers(5000)
    .map((n) => {
      const oid = oidOf(n)
      oid.writeUInt32BE(n % 3 === 0 ? 0x41000000 : 0x41fffff0 + (n % 7))
      return oid
    })
    .sort(Buffer.compare)
  const { index } = openIndex(t, oids, (n) => n)
  for (const [n, oid] of oids.entries()) assert.equal(index.find(oid), n)
  const absent = Buffer.from(oids[2500]!)
  absent[19] = absent[19]! ^ 1
  assert.equal(index.find(absent), undefined)
  assert.equal(index.find(Buffer.alloc(20)), undefined)
  assert.equal(index.find(Buffer.alloc(20, 0xff)), undefined)
})

test('offsets may exceed four gigabytes', (t) => {
  const oids = numbers(10).map(oidOf).sort(Buffer.compare)
  const { index } = openIndex(t, oids, (n) => (n % 2 ? n * 2 ** 33 : n))
  for (const [n, oid] of oids.entries()) assert.equal(index.find(oid), n % 2 ? n * 2 ** 33 : n)
})

test('an index that is cut short is told to be damaged', (t) => {
  const oids = numbers(10).map(oidOf).sort(Buffer.compare)
  const whole = openIndex(t, oids, (n) => 2 ** 33 + n)
  const { content, file } = whole
  for (const lost of [1, 8 * 10, 8 * 10 + 1, (8 + 4) * 10, (8 + 4) * 10 + 1, (8 + 4 + 4) * 10]) {
    writeFileSync(file, content.subarray(0, content.length - lost))
    assert.throws(() => [...whole.index.objects()], failsWith('pack-corrupt', /cut short/))
    assert.throws(() => whole.index.find(oids[9]!), failsWith('pack-corrupt', /cut short/))
  }
})

test('an index of another version is told apart', (t) => {
  const file = path.join(tempDir(t), 'pack-old.idx')
  writeFileSync(file, Buffer.alloc(2000))
  assert.throws(
    () => new PackIndex(openSync(file, 'r'), file, 'sha1'),
    failsWith('object-format-unsupported'),
  )
})
