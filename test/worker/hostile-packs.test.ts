// Commits that lie, or that make much of little: refused with a code that says why, within
// bounded memory and time, and nothing of them is published.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { Limits } from '../../src/git/limits.js'
import { failsWith } from '../helpers/fails-with.js'
import {
  commitOf,
  deltaBomb,
  objectOf,
  tagOf,
  treeBomb,
  treeOf,
  zeros,
} from '../helpers/hostile-objects.js'
import { assemblePack, blob } from '../helpers/packs.js'
import { readTree } from '../helpers/same-tree.js'
import { IS_WHOLE } from '../helpers/seed.js'
import { createUnpackSite } from '../helpers/unpack-site.js'

const MIB = 2 ** 20
const LIMITS: Limits = { packBytes: 4 * MIB, checkoutBytes: 64 * MIB, files: 20_000 }
const EMPTY = blob('')
const FILE = blob('a file')

interface Attack {
  pack: Buffer
  want: string
  expected: Parameters<typeof failsWith>
}

function attackOf(
  objects: readonly ReturnType<typeof objectOf>[],
  ...expected: Attack['expected']
): Attack {
  return { pack: assemblePack(objects), want: objects[0]?.oid ?? '', expected }
}

const deep = treeBomb(2, 30, EMPTY)
const wide = treeBomb(10, 10, EMPTY)
const directories = treeBomb(10, 10, treeOf([]))
const megabyte = objectOf('blob', Buffer.alloc(MIB))
const megabytes = treeOf(Array.from({ length: 100 }, (_, n) => [`f${100 + n}`, megabyte] as const))
const crowd = treeOf(Array.from({ length: 20_001 }, (_, n) => [`f${100_000 + n}`, EMPTY] as const))
const bombed = (body: number) => commitOf(treeOf([['bomb', objectOf('blob', Buffer.alloc(body))]]))
const noise = objectOf('blob', randomBytes(5 * MIB))
const fileTree = treeOf([['f', FILE]])

const ATTACKS: Record<string, Attack> = {
  'a ref that names a tree': attackOf([fileTree, FILE], 'not-a-commit', /names the tree/),
  'a ref that names a tag of a blob': attackOf([tagOf(FILE), FILE], 'not-a-commit', /the blob/),
  'a commit whose tree is a blob': attackOf([commitOf(FILE), FILE], 'pack-corrupt', /is a blob/),
  'a commit whose tree is itself a commit': attackOf(
    [commitOf(commitOf(FILE)), commitOf(FILE)],
    'pack-corrupt',
    /is a commit, where a tree belongs/,
  ),
  'a commit whose tree is not there': attackOf([commitOf(fileTree)], 'pack-incomplete'),
  'a commit that starts with a line of a megabyte': attackOf(
    [objectOf('commit', `tree ${'0'.repeat(MIB)}\n`)],
    'pack-corrupt',
    /does not start with its tree/,
  ),
  'a tag of an object that is not there': attackOf([tagOf(FILE)], 'pack-incomplete'),
  'a file whose blob is a commit': attackOf(
    [commitOf(treeOf([['f', { oid: commitOf(FILE).oid, type: 'blob' }]])), commitOf(FILE)].concat(
      treeOf([['f', { oid: commitOf(FILE).oid, type: 'blob' }]]),
    ),
    'pack-corrupt',
    /is a commit, where a blob belongs/,
  ),
  'ten trees that stand for ten billion files': attackOf(
    [commitOf(wide[0] as typeof EMPTY), ...wide, EMPTY],
    'commit-too-large',
    /more files and directories than MAX_FILES \(20000\)/,
  ),
  'thirty trees that stand for a billion files': attackOf(
    [commitOf(deep[0] as typeof EMPTY), ...deep, EMPTY],
    'commit-too-large',
    /MAX_FILES/,
  ),
  'ten trees that stand for ten billion directories': attackOf(
    [commitOf(directories[0] as typeof EMPTY), ...directories, treeOf([])],
    'commit-too-large',
    /MAX_FILES/,
  ),
  'a tree of too many files': attackOf(
    [commitOf(crowd), crowd, EMPTY],
    'commit-too-large',
    /MAX_FILES/,
  ),
  'a hundred files of one large blob': attackOf(
    [commitOf(megabytes), megabytes, megabyte],
    'commit-too-large',
    /unpacks to more than MAX_CHECKOUT_BYTES \(64 MiB\)/,
  ),
  'a blob that inflates to too much': {
    pack: assemblePack([zeros(65 * MIB)]),
    want: bombed(0).oid,
    expected: ['commit-too-large', /MAX_CHECKOUT_BYTES/],
  },
  'blobs that inflate to too much together': {
    pack: assemblePack(Array.from({ length: 65 }, (_, n) => zeros(MIB + n))),
    want: bombed(0).oid,
    expected: ['commit-too-large', /MAX_CHECKOUT_BYTES/],
  },
  'a few kilobytes of a delta that make gigabytes': {
    pack: deltaBomb(512),
    want: bombed(0).oid,
    expected: ['commit-too-large', /MAX_CHECKOUT_BYTES/],
  },
  'a pack that is too long': attackOf(
    [commitOf(fileTree), noise, fileTree],
    'commit-too-large',
    /larger than MAX_PACK_BYTES \(4 MiB\)/,
  ),
  'a pack that announces billions of objects': {
    pack: assemblePack([FILE], { count: 2 ** 32 - 1 }),
    want: FILE.oid,
    expected: ['commit-too-large', /MAX_FILES/],
  },
}

describe('nothing is published of', () => {
  for (const mode of ['in-place', 'symlink'] as const) {
    for (const [at, [what, { pack, want, expected }]] of Object.entries(ATTACKS).entries()) {
      // The pack is read before there is a mode: each attack takes one of them, and in a sweep both.
      if (!IS_WHOLE && (mode === 'symlink') !== (at % 2 === 1)) continue
      test(`${what}, ${mode}`, async (t) => {
        const target = createUnpackSite(t, { mode })
        const first = target.commitOf({ kept: 'what was published before' })
        await target.unpack(target.fullPack(first), { want: first })
        const before = readTree(target.volume)
        const peakBefore = process.resourceUsage().maxRSS
        for (const have of [undefined, first]) {
          await assert.rejects(
            target.unpack(pack, { want, have, limits: LIMITS }),
            failsWith(...expected),
          )
          assert.deepEqual(readTree(target.volume), before)
          assert.deepEqual(target.leftOvers(), [])
        }
        const grown = process.resourceUsage().maxRSS - peakBefore
        assert.ok(grown < 150_000, `${grown} KB more`)
      })
    }
  }
})

describe('what is large, but honest, is published:', () => {
  test('very many entries of one tree', async (t) => {
    const names = Array.from({ length: IS_WHOLE ? 100_000 : 30_000 }, (_, n) => `f${100_000 + n}`)
    const tree = treeOf(names.map((name) => [name, EMPTY] as const))
    const commit = commitOf(tree)
    const target = createUnpackSite(t)
    await target.unpack(assemblePack([commit, tree, EMPTY]), { want: commit.oid })
    assert.deepEqual(readdirSync(target.directory).sort(), ['.git-autosync', ...names])
  })

  // Real git writes up to 2,047 of them, where paths become too long.
  test('a tree 1,000 directories deep', async (t) => {
    const target = createUnpackSite(t)
    const want = target.commitOf({ [`${'d/'.repeat(1000)}file`]: 'deep', other: 'flat' })
    await target.unpack(target.fullPack(want), { want })
    target.assertCommit(want)
    const deeper = target.commitOf({ [`${'d/'.repeat(1001)}file`]: 'deep' })
    await assert.rejects(
      target.unpack(target.fullPack(deeper), { want: deeper }),
      failsWith('unsafe-tree', /more than 1000 directories deep/),
    )
    target.assertCommit(want)
  })

  test('exactly as many files and bytes as the limits allow', async (t) => {
    const target = createUnpackSite(t)
    const want = target.commitOf({ a: '1234', 'd/b': '5678' })
    const pack = target.fullPack(want)
    const oids = target.repo.gitBytes(['rev-list', '--objects', '--no-object-names', want])
    const sizes = target.repo.gitBytes(['cat-file', '--batch-check=%(objectsize)'], { input: oids })
    const checkoutBytes = sizes
      .toString()
      .split('\n')
      .reduce((sum, size) => sum + Number(size), 0)
    const exact: Limits = { packBytes: pack.length, checkoutBytes, files: 4 }
    await target.unpack(pack, { want, limits: exact })
    for (const limit of ['packBytes', 'checkoutBytes', 'files'] as const) {
      const limits = { ...exact, [limit]: exact[limit] - 1 }
      const other = createUnpackSite(t)
      await assert.rejects(other.unpack(pack, { want, limits }), failsWith('commit-too-large'))
    }
  })
})
