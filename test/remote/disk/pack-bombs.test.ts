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
import { encodeTree, MODE } from '../../../src/git/tree.js'
import { readLooseObject } from '../../../src/remote/disk/loose-object.js'
import { PackFile } from '../../../src/remote/disk/pack-file.js'
import { ensureReasonable, NAMING_TYPES } from '../../../src/remote/disk/whole-object.js'
import { failsWith } from '../../helpers/fails-with.js'
import { createRepo, tempDir } from '../../helpers/git.js'
import { memoryOf } from '../../helpers/memory.js'
import { open, signal } from './disk-harness.js'

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
    ensureHoldable: ensureReasonable,
    read: () => assert.fail(),
  } as const
  const paths = {
    indexFile,
    openIndex: () => openSync(indexFile, 'r'),
    openPack: () => openSync(file, 'r'),
  }
  const pack = new PackFile(paths, owner)
  try {
    assert.equal(pack.read(0).body.length, BASE_BYTES)
    assert.throws(
      () => pack.read(first.length),
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
  const read = () => {
    const how = { wanted: NAMING_TYPES, ensureHoldable: ensureReasonable }
    return readLooseObject(openSync(file, 'r'), file, how)
  }
  write('tree')
  assert.throws(read, failsWith('pack-corrupt', /object claims a tree too large to be held whole/))
  write('blob')
  assert.deepEqual(read(), { type: 'blob', body: Buffer.alloc(0) })
})

test('what is too large for the budget is refused as what a server sends', async (t) => {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  const write = (type: string, input: Buffer) => {
    const args = ['hash-object', '-t', type, '-w', '--literally', '--stdin']
    return repo.gitBytes(args, { input }).toString('latin1').trim()
  }
  const blob = write('blob', Buffer.from('x'))
  const names = Array.from({ length: 60_000 }, (_, n) => [`${100_000 + n}`, blob] as const)
  const tree = write(
    'tree',
    encodeTree(names.map(([name, oid]) => ({ mode: MODE.file, name, oid }))),
  )
  const commitOf = (message: string) =>
    write(
      'commit',
      Buffer.from(`tree ${tree}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\n${message}`),
    )
  const [short, long] = [commitOf('m'), commitOf('m'.repeat(5 << 20))]
  for (const storage of ['loose', 'packed']) {
    if (storage === 'packed') {
      for (const [name, oid] of Object.entries({ short, long }))
        writeFileSync(path.join(repo.gitDir, 'refs/tags', name), `${oid}\n`)
      repo.git('repack', '-adq')
    }
    const fetchWithin = async (oid: string, budgetBytes: number) => {
      const request = { wants: [oid], haves: [], thinPack: false, memory: memoryOf(budgetBytes) }
      const { chunks } = await open(repo.dir).fetch(request, signal)
      let bytes = 0
      for await (const chunk of chunks) bytes += chunk.length
      return bytes
    }
    assert.ok((await fetchWithin(short, 32 << 20)) > 0)
    await assert.rejects(
      fetchWithin(short, 8 << 20),
      failsWith('commit-too-large', /a tree of more than 1 MiB.*MEMORY_BUDGET/),
    )
    await assert.rejects(
      fetchWithin(long, 32 << 20),
      failsWith('commit-too-large', /a commit of more than 4 MiB/),
    )
  }
})
