// Packs that are small, and much work: memory stays bounded, no stack overflows, and the
// work can be given up at any time.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { UNLIMITED } from '../../src/git/limits.js'
import { failsWith } from '../helpers/fails-with.js'
import { createRepo, tempDir } from '../helpers/git.js'
import { cpuMsOf } from '../helpers/growth.js'
import { deltaBomb, zeros } from '../helpers/hostile-objects.js'
import {
  appendDelta,
  assemblePack,
  assertSameObjects,
  blob,
  bodyOf,
  listObjects,
  type PackEntry,
  packObjects,
  readPack,
} from '../helpers/packs.js'

const CHAIN = 5000

/** Each a byte longer than the one before, of which it is a delta. */
const links = Array.from({ length: CHAIN }, (_, n) => blob(`${'x'.repeat(1000)}${'y'.repeat(n)}`))
const startOf = (n: number) => links[n - 1] ?? links[0]!
const deltaOf = (n: number) => appendDelta(startOf(n).body, 'y')

const ORDERS: Record<string, () => PackEntry[]> = {
  'by offset': () =>
    links.map((link, n) => (n === 0 ? link : { base: { entry: n - 1 }, delta: deltaOf(n) })),
  'by name': () =>
    links.map((link, n) => (n === 0 ? link : { base: startOf(n).oid, delta: deltaOf(n) })),
  'by name, last first': () =>
    links
      .map((link, n) => (n === 0 ? link : { base: startOf(n).oid, delta: deltaOf(n) }))
      .reverse(),
}

for (const [order, entries] of Object.entries(ORDERS)) {
  test(`a chain of ${CHAIN} deltas, ${order}, is read once, without recursion`, async () => {
    let asked = 0
    const checkpoint = () => {
      asked++
    }
    const pack = await readPack(assemblePack(entries()), { checkpoint })
    assert.ok(asked <= 2 * CHAIN, `${asked} steps for ${CHAIN} objects`)
    // The last of the chain, whose bases have long left the cache.
    for (const { oid, body } of [links[CHAIN - 1]!, links[CHAIN >> 1]!, links[0]!]) {
      assert.ok(bodyOf(pack.read(oid)).equals(body))
    }
  })
}

test('a chain of objects that are too large for the cache is read once', async () => {
  let asked = 0
  const checkpoint = () => {
    if (++asked > 2 * CHAIN) throw new Error(`more than ${2 * CHAIN} steps for ${CHAIN} objects`)
  }
  const entries = ORDERS['by offset']?.() ?? []
  // Most objects are larger than the half of it, none is twice as large.
  await readPack(assemblePack(entries), { cacheBytes: 4000, checkpoint })
})

test('the longest chain that real git makes is read', async (t) => {
  const repo = createRepo(tempDir(t))
  const lines = Array.from({ length: 300 }, (_, n) => `line ${n}`)
  const stream = Array.from({ length: 4200 }, (_, n) => {
    lines[n % lines.length] = `line ${n}, changed`
    const text = lines.join('\n')
    return `blob\nmark :${n + 1}\ndata ${text.length}\n${text}\n`
  })
  const tree = stream.map((_, n) => `M 100644 :${n + 1} f${n}\n`).join('')
  const commit = 'commit refs/heads/main\ncommitter T <t> 1 +0000\ndata 0\n'
  repo.gitBytes(['fast-import', '--quiet', '--depth=4095'], {
    input: `${stream.join('')}${commit}${tree}`,
  })
  const args = ['--revs', '--depth=4095', '--delta-base-offset']
  const bytes = packObjects(repo, 'refs/heads/main\n', ...args)
  const file = path.join(repo.dir, 'chain.pack')
  writeFileSync(file, bytes)
  repo.git('index-pack', file)
  assert.match(repo.git('verify-pack', '-v', file), /chain length = 4\d{3}: /)
  const pack = await readPack(bytes)
  assertSameObjects(pack, repo, listObjects(repo, 'main'))
})

test('work that the cache cannot spare is given up when it is asked to', async () => {
  const entries = ORDERS['by offset']?.() ?? []
  let asked = 0
  const checkpoint = () => {
    if (++asked > 20_000) throw new Error('given up')
  }
  // No object is kept, so that each costs all before it: twelve million steps.
  const reading = readPack(assemblePack(entries), { cacheBytes: 0, checkpoint })
  await assert.rejects(reading, /given up/)
})

test('a delta of a few kilobytes that makes gigabytes is refused before it is followed', async () => {
  const bomb = deltaBomb(2000)
  assert.ok(bomb.length < 40_000)
  const before = process.resourceUsage().maxRSS
  const limits = { ...UNLIMITED, checkoutBytes: 2 ** 30 }
  const refusing = () =>
    assert.rejects(readPack(bomb, { limits }), failsWith('commit-too-large', /1 GiB/))
  // A gigabyte alone takes a second to be hashed.
  const cost = await cpuMsOf(refusing)
  assert.ok(cost < 2000, `${cost} ms`)
  const grown = process.resourceUsage().maxRSS - before
  assert.ok(grown < 120_000, `${grown} KB more`)
})

test('a bomb that says its size is refused before it is inflated', async () => {
  const limits = { ...UNLIMITED, checkoutBytes: 2 ** 20 }
  for (const chunkBytes of [1, 1000, 1 << 20]) {
    const read = readPack(assemblePack([zeros(2 ** 20 + 1)]), { limits, chunkBytes })
    await assert.rejects(read, failsWith('commit-too-large', /MAX_CHECKOUT_BYTES \(1 MiB\)/))
  }
})

test('a pack is no longer than it may be, in chunks of any size', async () => {
  const bytes = assemblePack([blob('x'.repeat(1000)), blob('y')])
  for (const chunkBytes of [1, 7, bytes.length]) {
    await readPack(bytes, { limits: { ...UNLIMITED, packBytes: bytes.length }, chunkBytes })
    const limits = { ...UNLIMITED, packBytes: bytes.length - 1 }
    await assert.rejects(readPack(bytes, { limits, chunkBytes }), failsWith('commit-too-large'))
  }
})
