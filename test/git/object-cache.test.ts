import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GitObject } from '../../src/git/object.js'
import { ObjectCache } from '../../src/git/object-cache.js'
import { assertLinear } from '../helpers/growth.js'

const KB = 1024
const object = (bytes: number): GitObject => ({ type: 'blob', body: Buffer.alloc(bytes) })
const kept = (cache: ObjectCache<number>, keys: number[]) => keys.filter((key) => cache.get(key))

test('keeps what was used last', () => {
  const cache = new ObjectCache<number>(100 * KB)
  for (const key of [1, 2, 3]) cache.set(key, object(30 * KB))
  assert.ok(cache.get(1))
  cache.set(4, object(30 * KB))
  assert.deepEqual(kept(cache, [1, 2, 3, 4]), [1, 3, 4])
})

test('of those that would push out most others, the last is kept beside them', () => {
  const cache = new ObjectCache<number>(100 * KB)
  cache.set(1, object(30 * KB))
  cache.set(2, object(51 * KB))
  assert.deepEqual(kept(cache, [1, 2]), [1, 2])
  cache.set(3, object(150 * KB))
  cache.set(4, object(30 * KB))
  assert.deepEqual(kept(cache, [1, 2, 3, 4]), [1, 3, 4])
})

test('an object of more than twice the cache is not kept', () => {
  const cache = new ObjectCache<number>(100 * KB)
  cache.set(1, object(51 * KB))
  cache.set(2, object(201 * KB))
  assert.deepEqual(kept(cache, [1, 2]), [1])
})

test('setting an entry again counts once', () => {
  const cache = new ObjectCache<number>(100 * KB)
  cache.set(1, object(30 * KB))
  for (let round = 0; round < 10; round++) cache.set(2, object(30 * KB))
  assert.deepEqual(kept(cache, [1, 2]), [1, 2])
})

test('tiny objects count with what it takes to keep them', () => {
  const cache = new ObjectCache<number>(100 * KB)
  const keys = Array.from({ length: 10_000 }, (_, index) => index)
  for (const key of keys) cache.set(key, object(key % 2))
  const count = kept(cache, keys).length
  assert.ok(count > 100 && count < 1000, `${count} are kept`)
})

test('a cache of no bytes keeps nothing', () => {
  const cache = new ObjectCache<number>(0)
  cache.set(1, object(0))
  assert.equal(cache.get(1), undefined)
})

test('what it costs to push out an object does not depend on how many there are', () => {
  const empty = object(0)
  assertLinear(2000, (size) => {
    const cache = new ObjectCache<number>(size * KB)
    for (let key = 0; key < 4 * size; key++) cache.set(key, empty)
  })
})
