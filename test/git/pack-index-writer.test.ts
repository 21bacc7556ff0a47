import assert from 'node:assert/strict'
import { openSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { encodePackIndex } from '../../src/git/pack-index-writer.js'
import { PackIndex } from '../../src/remote/disk/pack-index.js'
import { atEnd } from '../helpers/at-end.js'
import { type TestScope, tempDir } from '../helpers/git.js'
import { packAll, variedRepo } from '../helpers/varied-repo.js'

function openIndex(t: TestScope, bytes: Buffer): PackIndex {
  const file = path.join(tempDir(t), 'written.idx')
  writeFileSync(file, bytes)
  const index = new PackIndex(openSync(file, 'r'), file, 'sha1')
  atEnd(t, () => index.close())
  return index
}

for (const objectFormat of ['sha1', 'sha256'] as const) {
  test(`an index of ${objectFormat} is byte for byte what git writes`, (t) => {
    const repo = variedRepo(t, objectFormat)
    const pack = packAll(repo)
    const file = path.join(tempDir(t), 'git.pack')
    writeFileSync(file, pack)
    repo.git('index-pack', file)
    const expected = readFileSync(file.replace('.pack', '.idx'))
    const index = new PackIndex(openSync(file.replace('.pack', '.idx'), 'r'), file, objectFormat)
    const rows = [...index.objects()].sort((one, other) => one.offset - other.offset)
    index.close()
    const written = encodePackIndex({
      objectFormat,
      count: rows.length,
      oids: Buffer.from(rows.map(({ oid }) => oid).join(''), 'hex'),
      offsets: Float64Array.from(rows, ({ offset }) => offset),
      crcs: Uint32Array.from(rows, ({ crc }) => crc),
      packChecksum: pack.subarray(objectFormat === 'sha1' ? -20 : -32),
    })
    assert.deepEqual(Buffer.concat([...written]), expected)
  })
}

test('offsets of any size are found again', (t) => {
  const offsets = [12, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 7, 2 ** 45]
  const oids = offsets.map((_, at) => `${9 - at}0`.repeat(20))
  const index = openIndex(
    t,
    Buffer.concat([
      ...encodePackIndex({
        objectFormat: 'sha1',
        count: offsets.length,
        oids: Buffer.from(oids.join(''), 'hex'),
        offsets: Float64Array.from(offsets),
        crcs: new Uint32Array(offsets.length),
        packChecksum: Buffer.alloc(20),
      }),
    ]),
  )
  const found = oids.map((oid) => index.find(Buffer.from(oid, 'hex')))
  assert.deepEqual(found, offsets)
})
