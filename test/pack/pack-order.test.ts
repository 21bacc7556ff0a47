// When objects are told of, and when their bases have to be at hand.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashObject } from '../../src/git/object.js'
import { failsWith } from '../helpers/fails-with.js'
import {
  appendDelta,
  assemblePack,
  assertSameObjects,
  blob,
  bodyOf,
  catFile,
  listObjects,
  type PackEntry,
  packObjects,
  type ReaderOptions,
} from '../helpers/packs.js'
import { createSpillRead, createSpillReader, split } from '../helpers/spilled-packs.js'
import { deltasOf, packAll, variedRepo } from '../helpers/varied-repo.js'

test('tells of each object once, its base before it', async (t) => {
  const repo = variedRepo(t)
  const read = createSpillRead(t)
  for (const args of [['--delta-base-offset'], []]) {
    const bytes = packAll(repo, ...args)
    const bases = new Map(deltasOf(repo, bytes).map(({ oid, base }) => [oid, base]))
    assert.ok(bases.size > 0)
    for (const largeBytes of [200, 1 << 30]) {
      const told: string[] = []
      const onObject: ReaderOptions['onObject'] = (oid, object) => {
        const base = bases.get(oid)
        assert.ok(base === undefined || told.includes(base), `${oid} before its base`)
        const body = bodyOf(object)
        assert.equal(hashObject(object.type, body, 'sha1'), oid)
        if ('oid' in object) assert.deepEqual([object.oid, object.size], [oid, body.length])
        told.push(oid)
      }
      await read(bytes, { chunkSizes: [1000], largeBytes, onObject }, () => {
        assert.deepEqual(told.sort(), listObjects(repo, '--all').sort())
      })
    }
  }
})

test('tells of an object once, also if it comes again, waits, or is read meanwhile', async (t) => {
  const base = blob('base')
  const middle = blob('base, middle')
  const top = blob('base, middle, top')
  const entries: PackEntry[] = [
    { base: middle.oid, delta: appendDelta(middle.body, ', top') },
    { base: base.oid, delta: appendDelta(base.body, ', middle') },
    base,
    top,
    base,
    { base: { entry: 4 }, delta: appendDelta(base.body, ', middle') },
  ]
  const told: string[] = []
  const reader = createSpillReader(t, {
    onObject(oid, object) {
      told.push(oid)
      for (const known of told) {
        assert.ok(reader.has(known))
        assert.equal(hashObject('blob', bodyOf(reader.read(known)), 'sha1'), known)
      }
      assert.deepEqual(reader.read(oid), object)
    },
  })
  await reader.write(assemblePack(entries))
  await reader.finish()
  assert.deepEqual(told, [base.oid, middle.oid, top.oid])
})

test('an error of those who are told ends the reading', async (t) => {
  const read = createSpillRead(t)
  const bytes = assemblePack([blob('small'), blob('large'.repeat(1000)), blob('last')])
  for (const fatal of [1, 2, 3]) {
    let told = 0
    const onObject = () => {
      if (++told === fatal) throw new Error('stop')
    }
    for (const chunkSizes of [[1], [bytes.length]]) {
      told = 0
      const reading = read(bytes, { chunkSizes, onObject }, () => assert.fail('read'))
      await assert.rejects(reading, { message: 'stop' })
    }
  }
})

test('a base from outside may come to hand only once the whole pack has arrived', async (t) => {
  const repo = variedRepo(t)
  const bytes = packObjects(repo, 'HEAD\n^HEAD~1', '--revs', '--thin', '--delta-base-offset')
  const outside = catFile(repo, listObjects(repo, 'HEAD~1'))
  for (const chunkSizes of [[1], [bytes.length]]) {
    for (const largeBytes of [200, 1 << 30]) {
      let hasArrived = false
      let asked = 0
      const findBase = (oid: string) => {
        asked++
        return hasArrived ? outside.get(oid) : undefined
      }
      const reader = createSpillReader(t, { findBase, largeBytes })
      for (const chunk of split(bytes, chunkSizes)) await reader.write(chunk)
      // In single bytes, the last entries may be looked at only in the end.
      if (chunkSizes[0] !== 1) assert.ok(asked > 0)
      hasArrived = true
      assertSameObjects(await reader.finish(), repo, listObjects(repo, 'HEAD', '^HEAD~1'))
    }
    const never = createSpillRead(t)(bytes, { chunkSizes }, () => assert.fail('read'))
    await assert.rejects(never, failsWith('base-missing', /deltas whose base is not at hand/))
  }
})
