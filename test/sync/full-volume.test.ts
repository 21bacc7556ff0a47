// A volume that gets full at any stage of a publication: what is there stays whole, and once
// there is room again the next attempt makes it right, with no restart.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { UNLIMITED } from '../../src/git/limits.js'
import type { Oid } from '../../src/git/oid.js'
import type { PublishMode, Target } from '../../src/publish/target.js'
import { unpack } from '../../src/worker/receive.js'
import { commitStore } from '../helpers/commit-store.js'
import { failsWith } from '../helpers/fails-with.js'
import { type TestScope, tempDir } from '../helpers/git.js'
import type { CommitFiles } from '../helpers/git-commit.js'
import { intactCommit } from '../helpers/intact-commit.js'
import { memoryOf } from '../helpers/memory.js'
import { createMounts } from '../helpers/mounts.js'
import { needsMounts } from '../helpers/needs.js'
import { packObjects } from '../helpers/packs.js'
import { readTree, type Tree, treeDifferences } from '../helpers/same-tree.js'
import { mountSmallVolume, SHORTAGES, type Shortage } from '../helpers/small-volume.js'
import { split } from '../helpers/spilled-packs.js'
import { points } from '../helpers/sweep.js'
import { tidyNow } from '../helpers/tidy-now.js'
import { chunksOf } from '../helpers/unpack-site.js'

/** Files, directories and symlinks, some of more than a page. */
const FILES: CommitFiles[] = [
  { same: 'same', a: noise(9000), 'd/b': 'b', gone: '1', l: { symlink: 'a' }, 'x/y': 'y' },
  { same: 'same', a: noise(5000), 'd/b': 'c', 'x/z': noise(5000), 'd/e/f': 'f', g: noise(9000) },
  { same: 'same', a: noise(5000), 'd/b': 'c', 'new/e/f': noise(9000), l: { symlink: 'd' }, x: 'x' },
]
/** So much that the pack does not stay in memory. */
const LARGE: CommitFiles[] = [
  { same: 'same', a: noise(600_000), b: noise(500_000) },
  { same: 'same', a: noise(500_000), c: noise(600_000) },
  { same: 'same', b: noise(500_000), c: noise(600_000) },
]

interface Commit {
  oid: Oid
  pack: Buffer
  tree: Tree
}

interface Sweep {
  volume: string
  mode: PublishMode
  /** In turn, as an earlier worktree would cost nothing. */
  commits: Commit[]
  shortage: Shortage
  /** That of each attempt, growing. */
  rooms: Iterable<number>
}

for (const mode of ['in-place', 'symlink'] as const) {
  describe(`a full volume, ${mode}`, needsMounts(), () => {
    for (const [size, files, stride] of [
      ['small', FILES, 1],
      ['large', LARGE, 60],
    ] as const) {
      for (const [name, shortage] of Object.entries(SHORTAGES)) {
        test(`${name} at every stage of a ${size} commit, then room again`, async (t) => {
          const volume = createVolume(t)
          const commits = files.map(commitOf)
          const rooms = points(t.name, { stride, among: stride === 1 ? 3 : 1 })
          const failures = await sweep({ volume, mode, commits, shortage, rooms })
          assert.ok(failures >= (stride === 1 ? 3 : 1), `only ${failures} failures`)
        })
      }
    }
  })
}

/** Publishes commits in turn with more and more room, until there is enough. */
async function sweep({ volume, mode, commits, shortage, rooms }: Sweep): Promise<number> {
  const target: Target = { directory: path.join(volume, 'site'), mode, stateRoot: undefined }
  const [first] = commits as [Commit]
  await receive(target, first)
  tidyNow(target)
  let failures = 0
  let turn = 0
  for (const room of rooms) {
    const current = commits[turn % commits.length] as Commit
    const next = commits[++turn % commits.length] as Commit
    let isEnough = false
    await shortage(volume, room, async () => {
      try {
        await receive(target, next)
        tidyNow(target)
        isEnough = true
      } catch (error) {
        failures++
        failsWith('volume-full')(error)
      }
    })
    const shown = readTree(target.directory)
    const differences = [current, next].map(({ tree }) => treeDifferences(shown, tree))
    assert.ok(
      differences.some(({ length }) => length === 0),
      `with room for ${room}: ${JSON.stringify(differences)}`,
    )
    await receive(target, next)
    tidyNow(target)
    assert.deepEqual(treeDifferences(readTree(target.directory), next.tree), [])
    assert.equal(intactCommit(target), next.oid)
    assert.deepEqual(leftOvers(target), [])
    if (isEnough) break
  }
  return failures
}

async function receive(target: Target, { oid, pack }: Commit): Promise<void> {
  await unpack(chunksOf(split(pack, [64 * 1024])), {
    target,
    want: oid,
    have: undefined,
    memoryBytes: 1,
    limits: UNLIMITED,
    memory: memoryOf(),
    checkpoint: () => undefined,
  })
}

function createVolume(t: TestScope): string {
  const volume = path.join(tempDir(t), 'small')
  mountSmallVolume(createMounts(t), volume)
  return volume
}

const packs = new Map<Oid, Buffer>()

function commitOf(files: CommitFiles): Commit {
  const store = commitStore('sha1')
  const oid = store.commitOf(files)
  const pack = packs.get(oid) ?? packObjects(store.repo, `${oid}\n`, '--revs')
  packs.set(oid, pack)
  return { oid, pack, tree: store.checkout(oid) }
}

/** What is beside the published files for work under way. */
function leftOvers({ directory, mode }: Target): string[] {
  const own =
    mode === 'in-place'
      ? path.join(directory, '.git-autosync')
      : path.join(path.dirname(directory), '.git-autosync', path.basename(directory))
  return readdirSync(own).filter((name) =>
    /incoming|staging|\.next|\.new|\.link|journal/.test(name),
  )
}

function noise(bytes: number): Buffer {
  return randomBytes(bytes)
}
