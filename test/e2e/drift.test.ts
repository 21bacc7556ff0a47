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
import { test } from 'node:test'
import { encodePkt } from '../../src/git/pkt-line.js'
import { assertSameTree, type TestScope } from '../helpers/git.js'
import { serveOneEntry } from '../helpers/one-entry.js'
import { checkedOutTree, differencesTo } from '../helpers/same-tree.js'
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

const MODES = ['in-place', 'symlink']

/** A service that publishes the same repository at several paths, in each of the modes. */
async function serve(t: TestScope, names: readonly string[]) {
  const { dir, repo, server, listingPath } = await serveOneEntry(t, { files: FILES })
  const entries = MODES.flatMap((publish) =>
    names.map((name) => ({ path: `${publish}/${name}`, repo: `${server.url}/one`, publish })),
  )
  writeListing(listingPath, entries)
  const paths = entries.map((entry) => entry.path)
  return {
    repo,
    server,
    paths,
    /** Starts the service, and waits until all is in place. */
    async start(verifyInterval: string): Promise<Service> {
      const settings = { VERIFY_INTERVAL: verifyInterval }
      const service = await startService(t, { listingPath, settings })
      for (const each of paths) await service.untilPublished(each, repo.oid('HEAD'))
      return service
    },
    at: (...parts: string[]) => path.join(dir, ...parts),
    /** Takes something away in one step, and not bit by bit while it is repaired. */
    remove: (from: string) => renameSync(from, path.join(dir, `removed-${removed++}`)),
    /** Puts something in the place of what is there, which the service may be quicker to repair. */
    replace(target: string, create: (file: string) => void): void {
      const made = path.join(dir, `made-${removed++}`)
      create(made)
      for (;;) {
        try {
          rmSync(target, { recursive: true, force: true })
          renameSync(made, target)
          return
        } catch (error) {
          const { code } = error as { code: string }
          assert.ok(['EISDIR', 'EEXIST', 'ENOTDIR', 'ENOTEMPTY'].includes(code))
        }
      }
    },
    async untilSame(published: string): Promise<void> {
      const expected = checkedOutTree(repo.dir, 'HEAD')
      const differences = () => differencesTo(expected, path.join(dir, published))
      await until(
        () => differences().length === 0,
        async () => `${differences()}`,
      )
    },
    assertSame: (published: string) => assertSameTree(path.join(dir, published), repo.dir, 'HEAD'),
    /** The bytes of the longest answer since the last call: how many polls there were is no matter. */
    longestAnswer: () => Math.max(0, ...server.requests.splice(0).map(({ bytesOut }) => bytesOut)),
  }
}

let removed = 0

type Site = Awaited<ReturnType<typeof serve>>

async function repaired(service: Service, published: string): Promise<number> {
  return (await service.metric(`git_autosync_drift_repaired_total{entry="${published}"}`)) ?? 0
}

async function untilRepaired(
  service: Service,
  published: string,
  more: number,
  change: () => void,
): Promise<void> {
  const before = await repaired(service, published)
  change()
  await until(
    async () => (await repaired(service, published)) >= before + more,
    async () => `repaired ${(await repaired(service, published)) - before} of ${more}`,
  )
}

const WHOLESALE: Record<string, (site: Site, out: string) => void> = {
  'it is deleted': ({ remove }, out) => remove(out),
  'it is replaced by a file': ({ replace }, out) =>
    replace(out, (file) => writeFileSync(file, 'a file')),
  'it is replaced by a symlink of others': ({ replace }, out) =>
    replace(out, (file) => symlinkSync('/nowhere', file)),
}

test('drift while the service runs', { concurrency: true }, async (t) => {
  const cases = ['files', 'content', 'blocked', ...Object.keys(WHOLESALE).map((_, n) => `all-${n}`)]
  const site = await serve(t, cases)
  const { at, assertSame, longestAnswer, remove, replace, untilSame } = site
  const service = await site.start('250ms')
  longestAnswer()

  for (const publish of MODES) {
    await t.test(`of some files is repaired with just those, ${publish}`, async () => {
      const published = `${publish}/files`
      const { ino } = lstatSync(at(published, 'big'))
      // However many looks and repairs come between, each is told once.
      await untilRepaired(service, published, 3, () => {
        writeFileSync(at(published, 'd/a'), 'edited')
        remove(at(published, 'e'))
        chmodSync(at(published, 'run'), 0o644)
      })
      assertSame(published)
      assert.equal(lstatSync(at(published, 'big')).ino, ino)
      const bytes = longestAnswer()
      assert.ok(bytes < 20_000, `${bytes} bytes`)
      const lines = service.logs.filter(
        ({ entry, message }) => entry === published && message === 'drift repaired',
      )
      assert.ok(lines.every(({ level }) => level === 'warn'))
      const named = lines.flatMap((line) => line['firstPaths'] as string[])
      assert.deepEqual(named.sort(), ['d/a', 'e/f/g', 'run'])
      assert.equal((await service.entry(published)).state, 'synced')
    })
  }

  // What each waits for passes while others wait.
  const tests = MODES.flatMap((publish) => [
    t.test(`that leaves every status as it was is found by the content, ${publish}`, async () => {
      const published = `${publish}/content`
      const file = at(published, 'big')
      await untilRepaired(service, published, 1, () => {
        // To the nanosecond, which Node's utimes is not.
        const time = at(`${publish}.time`)
        execFileSync('touch', ['-r', file, time])
        const bytes = readFileSync(file)
        bytes[1000]! ^= 1
        writeFileSync(file, bytes)
        execFileSync('touch', ['-r', time, file])
      })
      assertSame(published)
    }),

    ...Object.entries(WHOLESALE).map(([name, change], n) =>
      t.test(`of the whole path, where ${name}, ${publish}`, async () => {
        const published = `${publish}/all-${n}`
        change(site, at(published))
        // Told as drift, or as a publication where it is found first that the lease is gone, too.
        await untilSame(published)
        const fallbacks = `git_autosync_fetch_fallbacks_total{entry="${published}"}`
        assert.equal(await service.metric(fallbacks), 0)
      }),
    ),

    t.test(`of a file that a directory of others replaced harms nothing, ${publish}`, async () => {
      const published = `${publish}/blocked`
      replace(at(published, 'run'), (directory) => {
        mkdirSync(directory)
        writeFileSync(path.join(directory, 'foreign'), 'foreign')
      })
      assert.match(await service.untilFailed(published, 'path-blocked'), /run\/foreign/)
      assert.equal(readFileSync(at(published, 'run/foreign'), 'utf8'), 'foreign')
      await untilRepaired(service, published, 1, () => remove(at(published, 'run')))
      assertSame(published)
      await until(async () => (await service.entry(published)).state === 'synced', 'synced')
    }),
  ])
  await Promise.all(tests)
  assert.equal((await service.get('/readyz')).status, 200)
})

test('drift during a stop is repaired after the restart, with just what is missing', async (t) => {
  const { assertSame, at, paths, longestAnswer, start } = await serve(t, ['out'])
  await (await start('0')).stop()
  for (const published of paths) writeFileSync(at(published, 'd/a'), 'edited')
  const before = paths.map((published) => lstatSync(at(published, 'big')).ino)
  longestAnswer()
  const second = await start('0')
  for (const published of paths) {
    await until(async () => (await repaired(second, published)) === 1, 'repaired')
    assertSame(published)
  }
  const after = paths.map((published) => lstatSync(at(published, 'big')).ino)
  assert.deepEqual(after, before)
  const bytes = longestAnswer()
  assert.ok(bytes < 5000, `${bytes} bytes`)
})

test('drift is repaired by a new commit that comes first', async (t) => {
  const { assertSame, at, paths, longestAnswer, repo, start } = await serve(t, ['out'])
  await (await start('10m')).stop()
  for (const published of paths) writeFileSync(at(published, 'd/a'), 'edited')
  repo.commit('second', { 'd/b': 'new' })
  longestAnswer()
  const second = await start('10m')
  for (const published of paths) {
    assertSame(published)
    assert.equal(await repaired(second, published), 1)
  }
  const bytes = longestAnswer()
  assert.ok(bytes < 20_000, `${bytes} bytes`)
})

test('drift is left alone where nothing is to be verified', async (t) => {
  const { at, paths, start } = await serve(t, ['out'])
  const service = await start('0')
  for (const published of paths) writeFileSync(at(published, 'd/a'), 'edited')
  for (const published of paths) {
    const line = `git_autosync_polls_total{entry="${published}",result="unchanged"}`
    const polls = async () => (await service.metric(line)) as number
    const before = await polls()
    await until(async () => (await polls()) > before + 3, 'polls go on')
    assert.equal(readFileSync(at(published, 'd/a'), 'utf8'), 'edited')
  }
})

test('a server that refuses single blobs is asked for the whole commit', async (t) => {
  const options = { files: FILES, server: { protocol: 0 } } as const
  const { out, repo, server, listingPath } = await serveOneEntry(t, options)
  const service = await startService(t, { listingPath, settings: { VERIFY_INTERVAL: '1s' } })
  await service.untilPublished('out', repo.oid('HEAD'))
  // Polls are no POST where the server has no protocol v2.
  server.onRequest = ({ method }, response) => {
    if (method !== 'POST') return false
    server.onRequest = undefined
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' })
    response.end(encodePkt('ERR upload-pack: not our ref'))
    return true
  }
  await untilRepaired(service, 'out', 1, () => writeFileSync(path.join(out, 'd/a'), 'edited'))
  assertSameTree(out, repo.dir, 'HEAD')
  assert.equal(await service.metric('git_autosync_fetch_fallbacks_total{entry="out"}'), 1)
})

test('a repository on this disk is asked for just the blobs, too', async (t) => {
  const { dir, out, repo, listingPath } = await serveOneEntry(t, { files: FILES })
  writeListing(listingPath, [{ path: 'out', repo: path.join(dir, 'repos/one') }])
  const service = await startService(t, { listingPath, settings: { VERIFY_INTERVAL: '1s' } })
  await service.untilPublished('out', repo.oid('HEAD'))
  await untilRepaired(service, 'out', 1, () => writeFileSync(path.join(out, 'd/a'), 'edited'))
  assertSameTree(out, repo.dir, 'HEAD')
  assert.equal(await service.metric('git_autosync_fetch_fallbacks_total{entry="out"}'), 0)
})
