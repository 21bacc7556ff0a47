// The real service on volumes that get full, or vanish: what is there stays, and it goes on by
// itself once they are as they should be.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import {
  assertSameTree,
  createRepo,
  type TestRepo,
  type TestScope,
  tempDir,
} from '../helpers/git.js'
import { commitFiles } from '../helpers/git-commit.js'
import { createMounts } from '../helpers/mounts.js'
import { type Service, startService, writeListing } from '../helpers/service.js'

const MODES = ['in-place', 'symlink'] as const

test('a volume that is full from the start, and later again, is published to once it is not', async (t) => {
  const mounts = createMounts(t)
  const { base, repo, push } = createSource(t)
  const volume = path.join(base, 'volume')
  if (mounts.isAllowed) mounts.tmpfs(volume, 'size=2m')
  else mkdirSync(volume)
  const first = push(200_000)
  const shortage = createShortage(volume, mounts.isAllowed)
  shortage.begin()
  const service = await startOn(t, base, volume, repo)
  for (const mode of MODES) await service.untilFailed(`volume/${mode}`, shortage.code)
  shortage.end()
  await untilAll(service, volume, repo, first)

  for (let round = 0; round < 2; round++) {
    const shown = (await service.entry('volume/in-place')).oid as string
    shortage.begin()
    const next = push(200_000)
    for (const mode of MODES) {
      await service.untilFailed(`volume/${mode}`, shortage.code)
      assertSameTree(path.join(volume, mode), repo.dir, shown)
    }
    assert.equal((await service.get('/healthz')).status, 200)
    shortage.end()
    await untilAll(service, volume, repo, next)
  }
})

test('a volume that vanishes is not written beneath, and what is on it goes on when it is back', async (t) => {
  const mounts = createMounts(t)
  const { base, repo, push } = createSource(t)
  const [disk, volume] = [path.join(base, 'disk'), path.join(base, 'volume')]
  mkdirSync(disk)
  mkdirSync(volume)
  // Without the right to mount, what vanishes is the right to write.
  const appear = () =>
    mounts.isAllowed ? mounts.bind(disk, volume) : setPermissions(volume, 0o755)
  const vanish = () => (mounts.isAllowed ? mounts.unmount(volume) : setPermissions(volume, 0o555))
  appear()
  const first = push(1000)
  const service = await startOn(t, base, volume, repo)
  await untilAll(service, volume, repo, first)

  vanish()
  const second = push(2000)
  for (const mode of MODES) {
    const message = await service.untilFailed(`volume/${mode}`, 'volume-failed')
    if (mounts.isAllowed) assert.match(message, /is not mounted any more/)
  }
  if (mounts.isAllowed) assert.deepEqual(readdirSync(volume), [])
  appear()
  await untilAll(service, volume, repo, second)
})

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

async function untilAll(service: Service, volume: string, repo: TestRepo, oid: string) {
  for (const mode of MODES) {
    await service.untilPublished(`volume/${mode}`, oid)
    assertSameTree(path.join(volume, mode), repo.dir, oid)
  }
}

/** A volume without room; where none could be mounted, one that cannot be written. */
function createShortage(volume: string, isMounted: boolean) {
  const ballast = path.join(volume, 'ballast')
  if (!isMounted) {
    return {
      code: 'volume-failed',
      begin: () => setPermissions(volume, 0o555),
      end: () => setPermissions(volume, 0o755),
    } as const
  }
  return {
    code: 'volume-full',
    begin() {
      const file = openSync(ballast, 'w')
      try {
        for (;;) writeSync(file, Buffer.alloc(4096, 'x'))
      } catch {
        // Full.
      } finally {
        closeSync(file)
      }
    },
    end: () => rmSync(ballast),
  } as const
}

/** Of a volume, and the directories in which the service works. */
function setPermissions(volume: string, permissions: number): void {
  const own = '.git-autosync'
  const below = ['in-place', `in-place/${own}`, own, `${own}/symlink`]
  const directories = [volume, ...below.map((name) => path.join(volume, name))]
  for (const directory of directories.filter((each) => existsSync(each))) {
    chmodSync(directory, permissions)
  }
}
