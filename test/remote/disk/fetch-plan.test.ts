// What of objects is read to learn what they lead to, and how.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { encodeEntryHeader } from '../../../src/git/entry-header.js'
import type { Oid } from '../../../src/git/oid.js'
import { encodePackIndex } from '../../../src/git/pack-index-writer.js'
import { planFetch } from '../../../src/remote/disk/fetch-plan.js'
import { ObjectStore } from '../../../src/remote/disk/object-store.js'
import { peel } from '../../../src/remote/disk/peel.js'
import { openRepository } from '../../../src/remote/disk/repository.js'
import { failsWith } from '../../helpers/fails-with.js'
import { createRepo, type TestScope, tempDir } from '../../helpers/git.js'
import { objectOf, tagOf } from '../../helpers/hostile-objects.js'
import { UNBOUNDED } from '../../helpers/memory.js'
import { assemblePack, encodeHeader, type PackEntry } from '../../helpers/packs.js'

const OIDS = ['ab'.repeat(20), 'bc'.repeat(20), 'cd'.repeat(20)] as const
/** More than any object that is held whole. */
const HUGE_BYTES = 700_000_000

/** The objects of a repository that has entries of a pack, by these names, and a loose object. */
async function storeOf(
  t: TestScope,
  entries: readonly [Oid, PackEntry][],
  [oid, loose]: readonly [Oid, Buffer],
): Promise<ObjectStore> {
  const { dir, gitDir } = createRepo(path.join(tempDir(t), 'repo'))
  const sizes = entries.map(([, entry]) => assemblePack([entry]).length - 12 - 20)
  const offsets = sizes.map((_, at) => sizes.slice(0, at).reduce((sum, size) => sum + size, 12))
  const pack = assemblePack(entries.map(([, entry]) => entry))
  const index = encodePackIndex({
    objectFormat: 'sha1',
    count: entries.length,
    oids: Buffer.from(entries.map(([name]) => name).join(''), 'hex'),
    offsets: Float64Array.from(offsets),
    crcs: new Uint32Array(entries.length),
    packChecksum: pack.subarray(-20),
  })
  const objects = path.join(gitDir, 'objects')
  for (const folder of ['pack', oid.slice(0, 2)]) {
    mkdirSync(path.join(objects, folder), { recursive: true })
  }
  writeFileSync(path.join(objects, 'pack/pack-1.pack'), pack)
  writeFileSync(path.join(objects, 'pack/pack-1.idx'), Buffer.concat([...index]))
  writeFileSync(path.join(objects, oid.slice(0, 2), oid.slice(2)), deflateSync(loose))
  const store = new ObjectStore(await openRepository(dir))
  t.after(() => store.close())
  return store
}

test('of blobs that are wanted, or tagged, nothing is read, however large they are', async (t) => {
  const [packed, loose, delta] = OIDS
  const header = encodeHeader(3, HUGE_BYTES)
  const tag = tagOf({ ...objectOf('blob', ''), oid: delta })
  const distance = header.length + deflateSync(Buffer.alloc(5)).length
  const entries: [Oid, PackEntry][] = [
    [packed, { raw: Buffer.concat([header, deflateSync(Buffer.alloc(5))]) }],
    [delta, { base: { distance }, delta: Buffer.alloc(9) }],
    [tag.oid, tag],
  ]
  const store = await storeOf(t, entries, [loose, Buffer.from(`blob ${HUGE_BYTES}\0cut`)])
  const plan = planFetch(
    store,
    { wants: [packed, loose, tag.oid], haves: [], thinPack: true },
    UNBOUNDED,
  )
  assert.deepEqual(plan, [[tag.oid], [], [packed, loose, delta]])
  assert.equal(peel(store, tag.oid), delta)
  assert.equal(peel(store, loose), null)
})

test('the deltas of a chain are inflated one by one, from its base on', async (t) => {
  const [base, first, second] = OIDS
  const whole: PackEntry = { type: 'tree', body: Buffer.alloc(0) }
  const entryAt = (distance: number, deflated: Buffer): PackEntry => ({
    raw: Buffer.concat([encodeEntryHeader({ type: 'ofs-delta', distance }, 5), deflated]),
  })
  const wholeBytes = assemblePack([whole]).length - 12 - 20
  const tooLarge = entryAt(wholeBytes, deflateSync(Buffer.alloc(9)))
  const tooLargeBytes = assemblePack([tooLarge]).length - 12 - 20
  const noStream = entryAt(tooLargeBytes, Buffer.from('this is no stream'))
  const entries: [Oid, PackEntry][] = [
    [base, whole],
    [first, tooLarge],
    [second, noStream],
  ]
  const store = await storeOf(t, entries, ['ef'.repeat(20), Buffer.alloc(0)])
  assert.throws(() => store.read(second), failsWith('pack-corrupt', /larger size than it says/))
})
