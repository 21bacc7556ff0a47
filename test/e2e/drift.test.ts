// Published files that something else changed are found and put right while the service
// runs, and after a restart; only what is missing is fetched.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { encodePkt } from '../../src/git/pkt-line.js'
import { assertSameTree, type TestScope } from '../helpers/git.js'
import { type OneEntry, serveOneEntry } from '../helpers/one-entry.js'
import { type Service, startService, until, writeListing } from '../helpers/service.js'

/** Too large to be sent again unnoticed. */
const BIG = Array.from({ length: 20_000 }, (_, line) => `${line * 7919}`).join('\n')

const FILES = {
  big: BIG,
  'd/a': 'a\n',
  'd/b': 'b\n',
  run: { content: 'x', executable: true },
  'e/f/g': 'g',
}

function setUp(t: TestScope, publish: string): Promise<OneEntry> {
  return serveOneEntry(t, { files: FILES, entry: { publish } })
}

async function repaired(service: Service): Promise<number> {
  return (await service.metric('git_autosync_drift_repaired_total{entry="out"}')) ?? 0
}

async function untilRepaired(service: Service, more: number, change: () => void): Promise<void> {
  const before = await repaired(service)
  change()
  await until(
    async () => (await repaired(service)) >= before + more,
    async () => `repaired ${(await repaired(service)) - before} of ${more}`,
  )
}

const WHOLESALE: Record<string, (out: string) => void> = {
  'it is deleted': (out) => rmSync(out, { recursive: true }),
  'it is replaced by a file': (out) => {
    writeFileSync(`${out}.new`, 'a file')
    replace(out)
  },
  'it is replaced by a symlink of others': (out) => {
    symlinkSync('/nowhere', `${out}.new`)
    replace(out)
  },
}

/** The service may be quicker than the second step. */
function replace(out: string): void {
  for (;;) {
    rmSync(out, { recursive: true, force: true })
    try {
      renameSync(`${out}.new`, out)
      return
    } catch (error) {
      assert.ok(['EISDIR', 'EEXIST', 'ENOTEMPTY'].includes((error as { code: string }).code))
    }
  }
}

for (const publish of ['in-place', 'symlink']) {
  describe(`drift, ${publish}`, () => {
    test('of some files while the service runs is repaired with just those', async (t) => {
      const { dir, out, repo, server, listingPath } = await setUp(t, publish)
      const service = await startService(t, { listingPath, settings: { VERIFY_INTERVAL: '100ms' } })
      await service.untilPublished('out', repo.oid('HEAD'))
      const { ino } = lstatSync(path.join(out, 'big'))
      server.requests.length = 0
      // However many looks and repairs come between, each is told once.
      await untilRepaired(service, 3, () => {
        writeFileSync(path.join(out, 'd/a'), 'edited')
        // In one step: what is half removed when it is repaired is there again to be removed.
        renameSync(path.join(out, 'e'), path.join(dir, 'removed'))
        chmodSync(path.join(out, 'run'), 0o644)
      })
      assertSameTree(out, repo.dir, 'HEAD')
      assert.equal(lstatSync(path.join(out, 'big')).ino, ino)
      const received = server.requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0)
      assert.ok(received < 20_000, `${received} bytes`)
      const lines = service.logs.filter(({ message }) => message === 'drift repaired')
      assert.ok(lines.every(({ level }) => level === 'warn'))
      const named = new Set(lines.flatMap((line) => line['firstPaths'] as string[]))
      assert.deepEqual([...named].sort(), ['d/a', 'e/f/g', 'run'])
      assert.equal((await service.entry('out')).state, 'synced')
    })

    test('that leaves every status as it was is found by the content', async (t) => {
      const { out, repo, listingPath } = await setUp(t, publish)
      const service = await startService(t, { listingPath, settings: { VERIFY_INTERVAL: '50ms' } })
      await service.untilPublished('out', repo.oid('HEAD'))
      await untilRepaired(service, 1, () => {
        const file = path.join(out, 'big')
        // To the nanosecond, which Node's utimes is not.
        execFileSync('touch', ['-r', file, `${out}.time`])
        const bytes = readFileSync(file)
        bytes[1000]! ^= 1
        writeFileSync(file, bytes)
        execFileSync('touch', ['-r', `${out}.time`, file])
      })
      assertSameTree(out, repo.dir, 'HEAD')
    })

    test('during a stop is repaired after the restart, with just what is missing', async (t) => {
      const { out, repo, server, listingPath } = await setUp(t, publish)
      const first = await startService(t, { listingPath })
      await first.untilPublished('out', repo.oid('HEAD'))
      await first.stop()
      writeFileSync(path.join(out, 'd/a'), 'edited')
      const { ino } = lstatSync(path.join(out, 'big'))
      server.requests.length = 0
      const second = await startService(t, { listingPath, settings: { VERIFY_INTERVAL: '0' } })
      await until(async () => (await repaired(second)) === 1, 'repaired')
      assertSameTree(out, repo.dir, 'HEAD')
      assert.equal(lstatSync(path.join(out, 'big')).ino, ino)
      const received = server.requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0)
      assert.ok(received < 5000, `${received} bytes`)
    })

    test('is repaired by a new commit that comes first', async (t) => {
      const { out, repo, server, listingPath } = await setUp(t, publish)
      const first = await startService(t, { listingPath })
      await first.untilPublished('out', repo.oid('HEAD'))
      await first.stop()
      writeFileSync(path.join(out, 'd/a'), 'edited')
      repo.commit('second', { 'd/b': 'new' })
      server.requests.length = 0
      const second = await startService(t, { listingPath })
      await second.untilPublished('out', repo.oid('HEAD'))
      assertSameTree(out, repo.dir, 'HEAD')
      assert.equal(await repaired(second), 1)
      const received = server.requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0)
      assert.ok(received < 20_000, `${received} bytes`)
    })

    for (const [name, change] of Object.entries(WHOLESALE)) {
      test(`of the whole path, where ${name}`, async (t) => {
        const { out, repo, listingPath } = await setUp(t, publish)
        const settings = { VERIFY_INTERVAL: '100ms' }
        const service = await startService(t, { listingPath, settings })
        await service.untilPublished('out', repo.oid('HEAD'))
        await untilRepaired(service, 1, () => change(out))
        assertSameTree(out, repo.dir, 'HEAD')
        assert.equal((await service.get('/readyz')).status, 200)
        const fallbacks = 'git_autosync_fetch_fallbacks_total{entry="out"}'
        assert.equal(await service.metric(fallbacks), 0)
      })
    }

    test('of a file that a directory of others replaced is an error, and harms nothing', async (t) => {
      const { out, repo, listingPath } = await setUp(t, publish)
      const service = await startService(t, { listingPath, settings: { VERIFY_INTERVAL: '100ms' } })
      await service.untilPublished('out', repo.oid('HEAD'))
      rmSync(path.join(out, 'run'))
      mkdirSync(path.join(out, 'run'))
      writeFileSync(path.join(out, 'run/foreign'), 'foreign')
      assert.match(await service.untilFailed('out', 'path-blocked'), /run\/foreign/)
      assert.equal(readFileSync(path.join(out, 'run/foreign'), 'utf8'), 'foreign')
      await untilRepaired(service, 1, () => rmSync(path.join(out, 'run'), { recursive: true }))
      assertSameTree(out, repo.dir, 'HEAD')
      await until(async () => (await service.entry('out')).state === 'synced', 'synced')
    })

    test('is left alone where nothing is to be verified', async (t) => {
      const { out, repo, listingPath } = await setUp(t, publish)
      const service = await startService(t, { listingPath, settings: { VERIFY_INTERVAL: '0' } })
      await service.untilPublished('out', repo.oid('HEAD'))
      writeFileSync(path.join(out, 'd/a'), 'edited')
      const polls = () => service.metric('git_autosync_polls_total{entry="out",result="unchanged"}')
      const before = (await polls()) as number
      await until(async () => ((await polls()) as number) > before + 3, 'polls go on')
      assert.equal(readFileSync(path.join(out, 'd/a'), 'utf8'), 'edited')
    })
  })
}

test('a server that refuses single blobs is asked for the whole commit', async (t) => {
  const options = { files: FILES, server: { protocol: 0 } } as const
  const { out, repo, server, listingPath } = await serveOneEntry(t, options)
  const service = await startService(t, { listingPath, settings: { VERIFY_INTERVAL: '100ms' } })
  await service.untilPublished('out', repo.oid('HEAD'))
  // Polls are no POST where the server has no protocol v2.
  server.onRequest = ({ method }, response) => {
    if (method !== 'POST') return false
    server.onRequest = undefined
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' })
    response.end(encodePkt('ERR upload-pack: not our ref'))
    return true
  }
  await untilRepaired(service, 1, () => writeFileSync(path.join(out, 'd/a'), 'edited'))
  assertSameTree(out, repo.dir, 'HEAD')
  assert.equal(await service.metric('git_autosync_fetch_fallbacks_total{entry="out"}'), 1)
})

test('a repository on this disk is asked for just the blobs, too', async (t) => {
  const { dir, out, repo, listingPath } = await setUp(t, 'in-place')
  writeListing(listingPath, [{ path: 'out', repo: path.join(dir, 'repos/one') }])
  const service = await startService(t, { listingPath, settings: { VERIFY_INTERVAL: '100ms' } })
  await service.untilPublished('out', repo.oid('HEAD'))
  await untilRepaired(service, 1, () => writeFileSync(path.join(out, 'd/a'), 'edited'))
  assertSameTree(out, repo.dir, 'HEAD')
  assert.equal(await service.metric('git_autosync_fetch_fallbacks_total{entry="out"}'), 0)
})
