// Objects that others keep as they come: of those a pack holds nothing itself.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { StoredObject } from '../../src/git/object.js'
import type { Oid } from '../../src/git/oid.js'
import { atEnd } from '../helpers/at-end.js'
import { failsWith } from '../helpers/fails-with.js'
import fc from '../helpers/fast-check.js'
import { fileAt } from '../helpers/file-at.js'
import { type TestScope, tempDir } from '../helpers/git.js'
import { objectOf } from '../helpers/hostile-objects.js'
import {
  appendDelta,
  assemblePack,
  assertSameObjects,
  blob,
  bodyOf,
  copy,
  encodeDelta,
  listObjects,
  packReader,
  type ReaderOptions,
} from '../helpers/packs.js'
import { split } from '../helpers/spilled-packs.js'
import { packAll, variedRepo } from '../helpers/varied-repo.js'

/** Keeps what it is told to, and a reader that has it do so; nothing else stays in memory. */
function keeping(t: TestScope, isKept: (oid: Oid) => boolean, options: ReaderOptions = {}) {
  const directory = tempDir(t)
  const kept = new Map<Oid, StoredObject>()
  let files = 0
  const reader = packReader({
    cacheBytes: 0,
    memoryBytes: 1,
    largeBytes: 1000,
    createFile: () => fileAt(path.join(directory, String(files++))),
    onObject(oid, object) {
      if (!isKept(oid)) return false
      kept.set(oid, { type: object.type as 'blob', body: Buffer.from(bodyOf(object)) })
      return true
    },
    findKept: (oid) => kept.get(oid),
    ...options,
  })
  atEnd(t, () => reader.close())
  const used = () =>
    readdirSync(directory).reduce(
      (sum, name) => sum + 512 * statSync(path.join(directory, name)).blocks,
      0,
    )
  return { reader, kept, used, directory }
}

test('whichever are kept by others, all are read as git has them', async (t) => {
  const repo = variedRepo(t)
  const packs = [packAll(repo, '--delta-base-offset'), packAll(repo)]
  const oids = listObjects(repo, '--all')
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...packs),
      fc.infiniteStream(fc.boolean()),
      fc.integer({ min: 100, max: 5000 }),
      fc.constantFrom(200, 1000, 1 << 30),
      async (pack, choices, chunk, largeBytes) => {
        const { reader } = keeping(t, () => choices.next().value === true, { largeBytes })
        for (const bytes of split(pack, [chunk])) await reader.write(bytes)
        assertSameObjects(await reader.finish(), repo, oids)
        reader.close()
      },
    ),
    { numRuns: 25 },
  )
})

test('they take no room beside where they are kept', async (t) => {
  const blobs = Array.from({ length: 60 }, (_, n) =>
    objectOf('blob', randomBytes(n % 10 === 0 ? 3e6 : 1e5)),
  )
  const pack = assemblePack(blobs)
  for (const isKept of [true, false]) {
    const { reader, used } = keeping(t, () => isKept, { largeBytes: 1 << 20 })
    let most = 0
    for (const bytes of split(pack, [50_000])) {
      await reader.write(bytes)
      most = Math.max(most, used())
    }
    await reader.finish()
    // What is on its way, and a block or two.
    if (isKept) assert.ok(most < 3e6 + 600_000 && used() < 600_000, `${most}, ${used()}`)
    else assert.ok(used() > 0.9 * pack.length)
    for (const { body, oid } of blobs) assert.ok(bodyOf(reader.read(oid)).equals(body))
  }
})

test('a delta waits with its bytes for a base that others keep', async (t) => {
  const base = objectOf('blob', randomBytes(300_000))
  const waiting = Array.from({ length: 5 }, (_, n) => appendDelta(base.body, `end ${n}`))
  const expected = waiting.map((_, n) =>
    objectOf('blob', Buffer.concat([base.body, Buffer.from(`end ${n}`)])),
  )
  const between = Array.from({ length: 20 }, () => objectOf('blob', randomBytes(100_000)))
  const deltas = waiting.map((delta) => ({ base: base.oid, delta }))
  for (const largeBytes of [1000, 1 << 30]) {
    const { reader } = keeping(t, () => true, { largeBytes })
    const pack = assemblePack([...deltas, ...between, base, ...deltas])
    for (const bytes of split(pack, [10_000])) await reader.write(bytes)
    await reader.finish()
    for (const { body, oid } of [...expected, base, ...between]) {
      assert.ok(bodyOf(reader.read(oid)).equals(body))
    }
  }
})

test('one that was changed where it is kept makes the pack useless', async (t) => {
  const base = blob('base')
  const { kept, reader } = keeping(t, () => true)
  const pack = assemblePack([base, { base: base.oid, delta: appendDelta(base.body, ' and more') }])
  await reader.write(pack.subarray(0, 30))
  assert.ok(kept.delete(base.oid))
  await assert.rejects(async () => {
    await reader.write(pack.subarray(30))
    await reader.finish()
  }, failsWith('base-missing'))
})

test('what a large one made is not read again once that is another one', async (t) => {
  const base = objectOf('blob', randomBytes(5000))
  const made = objectOf('blob', base.body.subarray(0, 900))
  const delta = encodeDelta(5000, 900, copy(0, 900))
  const file = path.join(tempDir(t), 'kept')
  writeFileSync(file, base.body)
  const { oid } = base
  const { reader } = keeping(t, (other) => other === oid, {
    findKept: () => ({ type: 'blob', oid, file: fileAt(file), size: 5000, isTemporary: false }),
  })
  await reader.write(assemblePack([base, { base: oid, delta }]))
  await reader.finish()
  assert.ok(bodyOf(reader.read(made.oid)).equals(made.body))
  writeFileSync(file, randomBytes(5000))
  assert.throws(() => reader.read(made.oid), failsWith('base-missing'))
})

test('the file of a large one goes once it is kept', async (t) => {
  const large = objectOf('blob', randomBytes(5000))
  const { directory, reader } = keeping(t, () => true)
  const pack = assemblePack([large, { base: large.oid, delta: appendDelta(large.body, '!') }])
  await reader.write(pack)
  await reader.finish()
  assert.deepEqual(
    readdirSync(directory).filter((name) => existsSync(path.join(directory, name))),
    [],
  )
})
