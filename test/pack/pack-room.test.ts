// Several packs of one sync: what they keep and what they may take is counted together.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { type Limits, UNLIMITED } from '../../src/git/limits.js'
import { BLOCK_BYTES, PackBytes } from '../../src/pack/pack-bytes.js'
import { PackRoom } from '../../src/pack/pack-room.js'
import { failsWith } from '../helpers/fails-with.js'
import { fileAt } from '../helpers/file-at.js'
import { type TestScope, tempDir } from '../helpers/git.js'
import { assemblePack, blob, bodyOf, packReader } from '../helpers/packs.js'

function roomOf(options: { limits?: Limits; blocks?: number; cacheBytes?: number }): PackRoom {
  const { blocks = 100, cacheBytes = 1 << 20, limits = UNLIMITED } = options
  return new PackRoom({ cacheBytes, limits, memoryBytes: blocks * BLOCK_BYTES })
}

async function read(room: PackRoom, bytes: Buffer) {
  const reader = packReader({ room })
  await reader.write(bytes)
  await reader.finish()
  return reader
}

describe('the limits of a commit hold for all packs together', () => {
  const objects = [blob('one'.repeat(100)), blob('two')]
  const pack = assemblePack(objects)
  const exact: Record<keyof Limits, number> = {
    packBytes: 2 * pack.length,
    checkoutBytes: 2 * (300 + 3),
    // Beside them, a thousand commits and tags.
    files: 2 * (objects.length - 1) - 1000,
  }
  for (const limit of ['packBytes', 'checkoutBytes', 'files'] as const) {
    test(limit, async () => {
      const enough = roomOf({ limits: { ...UNLIMITED, [limit]: exact[limit] } })
      await read(enough, pack)
      await read(enough, pack)

      const room = roomOf({ limits: { ...UNLIMITED, [limit]: exact[limit] - 1 } })
      const first = await read(room, pack)
      await assert.rejects(read(room, pack), failsWith('commit-too-large'))
      first.close()
    })
  }

  test('but for those that are not needed any longer', async () => {
    const room = roomOf({ limits: { ...UNLIMITED, packBytes: pack.length } })
    for (let count = 0; count < 3; count++) {
      const reader = await read(room, pack)
      reader.close()
      reader.close()
    }
  })
})

test('each pack finds its own objects, also where all share what is kept', async () => {
  const lists = Array.from({ length: 20 }, (_, n) => [blob(`first of ${n}`), blob(`other of ${n}`)])
  for (const cacheBytes of [0, 5000, 1 << 20]) {
    const room = roomOf({ cacheBytes })
    const packs = await Promise.all(lists.map((objects) => read(room, assemblePack(objects))))
    for (const [at, pack] of packs.entries()) {
      for (const { body, oid } of lists[at] ?? []) assert.ok(bodyOf(pack.read(oid)).equals(body))
      assert.equal(pack.has(lists[at + 1]?.[0]?.oid ?? ''), false)
    }
  }
})

describe('bytes of packs in memory', () => {
  function bytesIn(t: TestScope, room: PackRoom) {
    const needed = (start: number, end: number): [number, number][] => [[start, end]]
    const file = path.join(tempDir(t), 'spilled')
    return { bytes: new PackBytes({ room, createFile: () => fileAt(file), needed }), file }
  }

  test('make room for those of the next, the oldest first', (t) => {
    const room = roomOf({ blocks: 4 })
    const content = randomBytes(3 * BLOCK_BYTES + 10)
    const [one, other] = [bytesIn(t, room), bytesIn(t, room)]
    one.bytes.append(content)
    one.bytes.end()
    assert.ok(!existsSync(one.file))
    other.bytes.append(content)
    other.bytes.end()
    assert.ok(existsSync(one.file))
    assert.ok(!existsSync(other.file), 'the last four blocks are those of the other')
    for (const { bytes } of [one, other]) {
      assert.ok(bytes.read(0, content.length).equals(content))
      bytes.close()
    }
  })

  test('count as what they are where a pack is small', (t) => {
    const room = roomOf({ blocks: 2 })
    const packs = Array.from({ length: 100 }, () => bytesIn(t, room))
    const content = randomBytes(1000)
    for (const { bytes } of packs) {
      bytes.append(content)
      bytes.end()
    }
    for (const { bytes, file } of packs) {
      assert.ok(!existsSync(file))
      assert.ok(bytes.read(0, 1001).equals(content))
    }
  })

  test('are given back with their pack', (t) => {
    const room = roomOf({ blocks: 2 })
    for (let count = 0; count < 5; count++) {
      const { bytes, file } = bytesIn(t, room)
      bytes.append(randomBytes(2 * BLOCK_BYTES))
      assert.ok(!existsSync(file))
      bytes.close()
    }
  })
})
