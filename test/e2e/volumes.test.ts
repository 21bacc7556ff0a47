// The real service on volumes that get full, or vanish: what is there stays, and it goes on by
// itself once they are as they should be.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { errnoOf } from '../../src/base/errno.js'
import {
  assertSameTree,
  createRepo,
  type TestRepo,
  type TestScope,
  tempDir,
} from '../helpers/git.js'
import { commitFiles } from '../helpers/git-commit.js'
import { untilHolds } from '../helpers/kept-repository.js'
import { createMounts } from '../helpers/mounts.js'
import { needsMounts } from '../helpers/needs.js'
import { type Service, startService, writeListing } from '../helpers/service.js'

const MODES = ['in-place', 'symlink'] as const
const NEEDS_MOUNTS = needsMounts()

test(
  'a volume that is full from the start, and later again, is published to once it is not',
  NEEDS_MOUNTS,
  async (t) => {
    const mounts = createMounts(t)
    const { base, repo, push } = createSource(t)
    const volume = path.join(base, 'volume')
    mounts.tmpfs(volume, 'size=2m')
    const first = push(200_000)
    const ballast = path.join(volume, 'ballast')
    fill(ballast)
    const service = await startOn(t, base, volume, repo)
    for (const mode of MODES) await service.untilFailed(`volume/${mode}`, 'volume-full')
    rmSync(ballast)
    await untilAll(service, volume, repo, first)

    for (let round = 0; round < 2; round++) {
      const shown = (await service.entry('volume/in-place')).oid as string
      fill(ballast)
      const next = push(200_000)
      for (const mode of MODES) {
        await service.untilFailed(`volume/${mode}`, 'volume-full')
        assertSameTree(path.join(volume, mode), repo.dir, shown)
      }
      assert.equal((await service.get('/healthz')).status, 200)
      rmSync(ballast)
      await untilAll(service, volume, repo, next)
    }
  },
)

test(
  'a volume that vanishes is not written beneath, and what is on it goes on when it is back',
  NEEDS_MOUNTS,
  async (t) => {
    const { disk, mounts, push, repo, service, volume } = await startOnDisk(t)

    // What is tidied after a publication is held open until it is done.
    await untilHolds(() => mounts.unmount(volume), 'nothing is open any more')
    const second = push(2000)
    for (const mode of MODES) {
      const message = await service.untilFailed(`volume/${mode}`, 'volume-failed')
      assert.match(message, /is not mounted any more/)
    }
    assert.deepEqual(readdirSync(volume), [])
    mounts.bind(disk, volume)
    await untilAll(service, volume, repo, second)
  },
)

test(
  'a volume that is read-only shows what is on it at a start, and is published to once it is writable',
  NEEDS_MOUNTS,
  async (t) => {
    const { base, first, mounts, push, repo, service: before, volume } = await startOnDisk(t)
    assert.equal(await before.stop(), 0)

    mounts.remount(volume, 'ro')
    const service = await startOn(t, base, volume, repo)
    await untilAll(service, volume, repo, first)
    assert.equal((await service.get('/readyz')).status, 200)
    const second = push(2000)
    for (const mode of MODES) {
      const message = await service.untilFailed(`volume/${mode}`, 'volume-failed')
      assert.match(message, /read-only/)
    }
    await untilAll(service, volume, repo, first)
    mounts.remount(volume, 'rw')
    await untilAll(service, volume, repo, second)
  },
)

interface Source {
  base: string
  repo: TestRepo
  /** Commits a file of so many bytes to `main`, and returns the commit. */
  push(bytes: number): string
}

function createSource(t: TestScope): Source {
  const base = tempDir(t)
  const repo = createRepo(path.join(base, 'repo'), { bare: true })
  const push = (bytes: number) => {
    const oid = commitFiles(repo, { same: 'same', 'd/noise': randomBytes(bytes) })
    repo.git('update-ref', 'refs/heads/main', oid)
    return oid
  }
  return { base, repo, push }
}

async function startOn(
  t: TestScope,
  base: string,
  volume: string,
  repo: TestRepo,
): Promise<Service> {
  const listingPath = path.join(base, 'listing.json')
  const entries = MODES.map((publish) => ({
    path: `${path.basename(volume)}/${publish}`,
    repo: repo.dir,
    branch: 'main',
    publish,
  }))
  writeListing(listingPath, entries)
  // Of the state of an earlier commit, nothing is to take room.
  return startService(t, { listingPath, settings: { WORKTREE_GRACE_PERIOD: '0s' } })
}

/** The service with a first commit on a volume, which is a disk that is mounted there. */
async function startOnDisk(t: TestScope) {
  const mounts = createMounts(t)
  const { base, repo, push } = createSource(t)
  const [disk, volume] = [path.join(base, 'disk'), path.join(base, 'volume')]
  mkdirSync(disk)
  mkdirSync(volume)
  mounts.bind(disk, volume)
  const first = push(1000)
  const service = await startOn(t, base, volume, repo)
  await untilAll(service, volume, repo, first)
  return { base, disk, first, mounts, push, repo, service, volume }
}

async function untilAll(service: Service, volume: string, repo: TestRepo, oid: string) {
  for (const mode of MODES) {
    await service.untilPublished(`volume/${mode}`, oid)
    assertSameTree(path.join(volume, mode), repo.dir, oid)
  }
}

/** Writes a file as large as there is room for. */
function fill(ballast: string): void {
  const file = openSync(ballast, 'w')
  try {
    for (;;) writeSync(file, Buffer.alloc(4096, 'x'))
  } catch (error) {
    assert.equal(errnoOf(error), 'ENOSPC')
  } finally {
    closeSync(file)
  }
}
