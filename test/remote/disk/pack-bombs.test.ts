// A repository whose owner made objects in it that a few bytes blow up: they are refused before more
// memory is taken than a tree may have.
import assert from 'node:assert/strict'
import { openSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { CorruptPack } from '../../../src/git/corrupt.js'
import { encodeEntryHeader } from '../../../src/git/entry-header.js'
import { ObjectCache } from '../../../src/git/object-cache.js'
import { readLooseNames } from '../../../src/remote/disk/loose-object.js'
import { PackFile } from '../../../src/remote/disk/pack-file.js'
import { failsWith } from '../../helpers/fails-with.js'
import { tempDir } from '../../helpers/git.js'

const BASE_BYTES = 0xffffff
const COPIES = 5

/** A size as a delta states it. */
function sizeBytes(size: number): Buffer {
  const bytes: number[] = []
  for (let rest = size; ; rest >>>= 7) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest & 127) | 128)
  }
}

test('a delta that copies a tree over and over is refused', (t) => {
  const base = Buffer.alloc(BASE_BYTES)
  const copy = Buffer.from([0xf0, 0xff, 0xff, 0xff])
  const sizes = [sizeBytes(BASE_BYTES), sizeBytes(BASE_BYTES * COPIES)]
  const delta = Buffer.concat([...sizes, ...Array.from({ length: COPIES }, () => copy)])
  const first = Buffer.concat([encodeEntryHeader({ type: 'tree' }, base.length), deflateSync(base)])
  const kind = { type: 'ofs-delta', distance: first.length } as const
  const second = Buffer.concat([encodeEntryHeader(kind, delta.length), deflateSync(delta)])
  const directory = tempDir(t)
  const [indexFile, file] = [path.join(directory, 'p.idx'), path.join(directory, 'p.pack')]
  writeFileSync(file, Buffer.concat([first, second]))
  const index = Buffer.alloc(8 + 256 * 4)
  index.writeUInt32BE(0xff744f63)
  writeFileSync(indexFile, index)
  const owner = {
    objectFormat: 'sha1',
    cache: new ObjectCache<string>(0),
    read: () => assert.fail(),
  } as const
  const paths = {
    indexFile,
    openIndex: () => openSync(indexFile, 'r'),
    openPack: () => openSync(file, 'r'),
  }
  const pack = new PackFile(paths, owner)
  try {
    assert.equal(pack.readNames(0).body.length, BASE_BYTES)
    assert.throws(
      () => pack.readNames(first.length),
      (error) => error instanceof CorruptPack && /too large/.test(error.fault),
    )
  } finally {
    pack.close()
  }
})

test('a loose tree that inflates without end is refused, and a blob is not read', (t) => {
  const file = path.join(tempDir(t), 'object')
  const size = 65 * 2 ** 20
  const write = (type: string) =>
    writeFileSync(file, deflateSync(Buffer.alloc(size).fill(`${type} ${size}\0`, 0, 14)))
  write('tree')
  assert.throws(() => readLooseNames(file), failsWith('pack-corrupt', /larger than 64 MiB/))
  write('blob')
  assert.deepEqual(readLooseNames(file), { type: 'blob', body: Buffer.alloc(0) })
})
