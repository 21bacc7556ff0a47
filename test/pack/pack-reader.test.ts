import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { GitObject } from '../../src/git/object.js'
import { failsWith } from '../helpers/fails-with.js'
import { createRepo, tempDir } from '../helpers/git.js'
import { cpuMsOf } from '../helpers/growth.js'
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
  readPack,
} from '../helpers/packs.js'
import { createSpillRead } from '../helpers/spilled-packs.js'
import { deltasOf, packAll, variedRepo } from '../helpers/varied-repo.js'

test('reads what git packs, whatever its deltas and however it arrives', async (t) => {
  const repo = variedRepo(t)
  const oids = listObjects(repo, '--all')
  const kinds = {
    'offset deltas': ['--delta-base-offset'],
    'reference deltas': [],
    'no deltas': ['--window=0'],
    'deep deltas': ['--delta-base-offset', '--depth=50', '--window=20'],
  }
  for (const [kind, args] of Object.entries(kinds)) {
    const bytes = packAll(repo, ...args)
    assert.equal(deltasOf(repo, bytes).length > 0, kind !== 'no deltas')
    for (const chunkBytes of [1, 7, 1000, 65_515, bytes.length]) {
      await t.test(`${kind} in chunks of ${chunkBytes}`, async () => {
        const pack = await readPack(bytes, { chunkBytes })
        assert.equal(pack.bytes, bytes.length)
        assertSameObjects(pack, repo, oids)
      })
    }
    await t.test(`${kind} without a cache`, async () => {
      assertSameObjects(await readPack(bytes, { cacheBytes: 0 }), repo, oids)
    })
  }
})

test('reads what git packs in next to no memory', async (t) => {
  const repo = variedRepo(t)
  repo.commit('large', { 'large.bin': randomBytes(200_000), 'zeros.bin': Buffer.alloc(300_000) })
  const oids = listObjects(repo, '--all')
  const read = createSpillRead(t)
  for (const args of [['--delta-base-offset'], [], ['--window=0'], ['--depth=50', '--window=20']]) {
    const bytes = packAll(repo, ...args)
    for (const chunkSizes of [[113, 7], [1000], [65_515], [bytes.length]]) {
      for (const cacheBytes of [0, 20_000]) {
        const options = { chunkSizes, cacheBytes, largeBytes: 200, memoryBytes: 1 }
        await read(bytes, options, (pack) => {
          assert.equal(pack.bytes, bytes.length)
          assertSameObjects(pack, repo, oids)
        })
      }
    }
    assertSameObjects(await readPack(bytes), repo, oids)
  }
})

test('reads packs of sha256 repositories', async (t) => {
  const repo = variedRepo(t, 'sha256')
  for (const args of [[], ['--delta-base-offset']]) {
    const bytes = packAll(repo, ...args)
    for (const chunkBytes of [11, bytes.length]) {
      const pack = await readPack(bytes, { chunkBytes, objectFormat: 'sha256' })
      assertSameObjects(pack, repo, listObjects(repo, '--all'))
    }
    await assert.rejects(readPack(bytes, { objectFormat: 'sha1' }), failsWith('pack-corrupt'))
  }
})

test('an object that the pack lacks is told apart', async (t) => {
  const repo = variedRepo(t)
  const pack = await readPack(packAll(repo))
  const oid = '1'.repeat(40)
  assert.equal(pack.has(oid), false)
  assert.throws(() => pack.read(oid), failsWith('pack-incomplete', new RegExp(oid)))
})

test('reads an empty pack, and an empty blob', async (t) => {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  const empty = packObjects(repo, '')
  assert.equal((await readPack(empty, { chunkBytes: 1 })).bytes, 32)

  repo.commit('first', { empty: '' })
  const oid = 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'
  for (const chunkBytes of [1, 1000]) {
    const pack = await readPack(packObjects(repo, oid), { chunkBytes })
    assert.deepEqual(pack.read(oid), { type: 'blob', body: Buffer.alloc(0) })
  }
})

test('accepts version 3, as git does', async () => {
  const object = blob('content')
  const pack = await readPack(assemblePack([object], { version: 3 }))
  assert.deepEqual(bodyOf(pack.read(object.oid)), object.body)
})

test('thin packs take their bases from outside', async (t) => {
  const repo = variedRepo(t)
  const revisions = 'HEAD\n^HEAD~1'
  const bytes = packObjects(repo, revisions, '--revs', '--thin', '--delta-base-offset')
  const oids = listObjects(repo, 'HEAD', '^HEAD~1')
  const outside = catFile(repo, listObjects(repo, 'HEAD~1'))
  const asked = new Set<string>()
  const findBase = (oid: string): GitObject | undefined => {
    asked.add(oid)
    return outside.get(oid)
  }

  for (const [chunkBytes, cacheBytes] of [
    [1, 1 << 20],
    [bytes.length, 0],
  ] as const) {
    const pack = await readPack(bytes, { chunkBytes, cacheBytes, findBase })
    assertSameObjects(pack, repo, oids)
    assert.ok(asked.size > 0)
    for (const oid of asked) assert.equal(pack.has(oid), false)
  }
  await assert.rejects(
    readPack(bytes),
    failsWith('base-missing', /\d+ deltas whose base is not at hand/),
  )
})

test('a wrong base from outside does not make a wrong object', async () => {
  const base = blob('the base')
  const target = blob('the base and more')
  const bytes = assemblePack([{ base: base.oid, delta: appendDelta(base.body, ' and more') }])
  const pack = await readPack(bytes, { findBase: () => blob('not base') })
  assert.equal(pack.has(target.oid), false)
  const sized = { ...base, body: Buffer.from('too long to be it') }
  await assert.rejects(readPack(bytes, { findBase: () => sized }), failsWith('pack-corrupt'))
  const right = await readPack(bytes, { findBase: () => base })
  assert.deepEqual(bodyOf(right.read(target.oid)), target.body)
})

test('a base may come after its deltas, and be a delta itself', async () => {
  const base = blob('base')
  const middle = blob('base, middle')
  const top = blob('base, middle, top')
  const beside = blob('base, middle, top, beside')
  const entries: PackEntry[] = [
    { base: middle.oid, delta: appendDelta(middle.body, ', top') },
    { base: { entry: 0 }, delta: appendDelta(top.body, ', beside') },
    { base: base.oid, delta: appendDelta(base.body, ', middle') },
    base,
  ]
  const bytes = assemblePack(entries)
  for (const chunkBytes of [1, 17, bytes.length]) {
    for (const cacheBytes of [0, 1 << 20]) {
      const pack = await readPack(bytes, { chunkBytes, cacheBytes })
      for (const { oid, body } of [base, middle, top, beside]) {
        assert.deepEqual(pack.read(oid), { type: 'blob', body })
      }
    }
  }
})

test('thousands of deltas before their bases cost no more than after them', async () => {
  const chain = [blob('start')]
  while (chain.length < 4000) chain.push(blob(`${chain.length}`))
  const entries: PackEntry[] = chain.map((object, index) => {
    const base = chain[index - 1]
    if (!base) return object
    return { base: base.oid, delta: replaceDelta(base.body, object.body) }
  })
  const costOf = (packed: PackEntry[]) =>
    cpuMsOf(async () => {
      const pack = await readPack(assemblePack(packed))
      for (const { oid, body } of chain) assert.deepEqual(bodyOf(pack.read(oid)), body)
    })
  const after = await costOf(entries)
  const before = await costOf(entries.toReversed())
  assert.ok(before < 8 * after, `${before} ms before, ${after} ms after them`)
})

test('the same object twice in a pack is read, also where its copies build on each other', async () => {
  const base = blob('a base')
  const top = blob('a base and more')
  const entries: PackEntry[] = [
    base,
    { base: base.oid, delta: appendDelta(base.body, ' and more') },
    { base: { entry: 1 }, delta: replaceDelta(top.body, base.body) },
  ]
  for (const cacheBytes of [0, 1 << 20]) {
    const pack = await readPack(assemblePack(entries), { cacheBytes })
    assert.deepEqual(bodyOf(pack.read(base.oid)), base.body)
    assert.deepEqual(bodyOf(pack.read(top.oid)), top.body)
  }
})

test('a base from outside may come again in the pack, built on what was built on it', async () => {
  const base = blob('a base')
  const top = blob('a base and more')
  const entries: PackEntry[] = [
    { base: base.oid, delta: appendDelta(base.body, ' and more') },
    { base: { entry: 0 }, delta: replaceDelta(top.body, base.body) },
  ]
  const pack = await readPack(assemblePack(entries), {
    cacheBytes: 0,
    findBase: (oid) => (oid === base.oid ? base : undefined),
  })
  assert.deepEqual(bodyOf(pack.read(base.oid)), base.body)
  assert.deepEqual(bodyOf(pack.read(top.oid)), top.body)
})

test('follows chains of more than 500 deltas', async (t) => {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  repo.gitBytes(['fast-import', '--quiet'], { input: changingFile(700) })
  const oids = listObjects(repo, 'main')
  const deep = ['--depth=4095', '--window=2', '--threads=1', '--no-reuse-delta']
  for (const args of [['--delta-base-offset'], []]) {
    const bytes = packObjects(repo, 'main', '--revs', ...deep, ...args)
    assert.ok(deltasOf(repo, bytes).some(({ depth }) => depth > 500))
    assertSameObjects(await readPack(bytes), repo, oids)
    // Most of the chain has left this cache when it is needed again.
    const cacheBytes = 100_000
    assertSameObjects(await readPack(bytes, { cacheBytes }), repo, oids.slice(-40))
  }
})

test('a large blob in small chunks takes time in proportion', async (t) => {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  const content = randomBytes(5_000_000)
  repo.commit('large', { large: content, small: 'small' })
  const bytes = packAll(repo)
  const [whole, small] = [
    await cpuMsOf(() => readPack(bytes, { chunkBytes: 1_000_000 })),
    await cpuMsOf(() => readPack(bytes, { chunkBytes: 1000 })),
  ]
  // Five thousand chunks, each of which costs a little of its own.
  assert.ok(small < 20 * Math.max(whole, 50), `${small} ms, ${whole} ms in large ones`)
  const pack = await readPack(bytes, { chunkBytes: 1000 })
  assertSameObjects(pack, repo, listObjects(repo, '--all'))
  assert.ok(bodyOf(pack.read(repo.oid('HEAD:large'))).equals(content))
  assert.ok(readFileSync(path.join(repo.dir, 'large')).equals(content))
})

/** A delta that copies nothing. */
function replaceDelta(base: Buffer, target: Buffer): Buffer {
  return Buffer.concat([Buffer.from([base.length, target.length, target.length]), target])
}

/** A stream for fast-import: one file of a constant size, of which each commit changes a line. */
function changingFile(commits: number): string {
  const lines = Array.from({ length: 60 }, (_, index) => `line ${1000 + index} at first`)
  const parts: string[] = []
  for (let index = 0; index < commits; index++) {
    lines[index % lines.length] = `line ${1000 + index} at last.`
    const content = lines.join('\n')
    parts.push(`commit refs/heads/main
committer Test <test@example.com> ${1_700_000_000 + index} +0000
data 1
${index % 10}
M 100644 inline file
data ${content.length}
${content}
`)
  }
  return parts.join('')
}
