// Start, stop and restart: exit codes, signals, the one-time mode, and what is found in
// place again.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, readdirSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { isDeepStrictEqual, promisify } from 'node:util'
import { assertSameTree, type TestScope } from '../helpers/git.js'
import { type OneEntry, serveOneEntry } from '../helpers/one-entry.js'
import { runProgram, startService, until, writeListing } from '../helpers/service.js'
import { stateNames } from '../helpers/snapshots.js'

function setUp(t: TestScope, entry: object = {}): Promise<OneEntry> {
  return serveOneEntry(t, { files: { file: '1', 'a/b': 'b' }, entry })
}

const MODES = ['in-place', 'symlink'] as const

/** {@link setUp}, published in each mode at a path of that name. */
async function setUpModes(t: TestScope): Promise<OneEntry> {
  const one = await setUp(t)
  const entries = MODES.map((publish) => ({
    path: publish,
    repo: `${one.server.url}/one`,
    publish,
  }))
  writeListing(one.listingPath, entries)
  return one
}

describe('in each mode', () => {
  test('SIGTERM during a sync: exit 0 within 5 s, nothing torn, nothing left over', async (t) => {
    const { dir, repo, listingPath } = await setUpModes(t)
    const first = repo.oid('HEAD')
    const service = await startService(t, { listingPath })
    for (const mode of MODES) await service.untilPublished(mode, first)
    const files = Object.fromEntries(
      Array.from({ length: 1500 }, (_, index) => [`many/d${index % 50}/f${index}`, `${index}\n`]),
    )
    const second = repo.commit('many', { ...files, file: '2' })
    await service.untilLogged('new revision found')
    // Another code, were it not done within its own time.
    assert.equal(await service.stop(), 0)

    const settings = { WORKTREE_GRACE_PERIOD: '0s' }
    const restarted = await startService(t, { listingPath, settings })
    for (const mode of MODES) {
      await restarted.untilPublished(mode, second)
      await until(
        () =>
          restarted.logs.some(
            ({ entry, message }) => entry === mode && /published|unchanged/.test(message),
          ),
        'a line',
      )
      assertSameTree(path.join(dir, mode), repo.dir, second)
      await until(() => isTidy(dir, mode, second), 'nothing temporary is left')
    }
    await restarted.stop()
    for (const mode of MODES)
      assert.ok(isTidy(dir, mode, second), `${mode}: nothing temporary is left after the end`)
  })

  test('SIGTERM while the server stalls', async (t) => {
    const { server, listingPath } = await setUpModes(t)
    server.onRequest = () => true
    const service = await startService(t, { listingPath })
    await until(() => server.requests.length > 0, 'a request')
    // Another code, were it not done within its own time.
    assert.equal(await service.stop(), 0)
  })

  test('a restart finds what is in place: ready at once, though the remote is down', async (t) => {
    const { dir, repo, server, listingPath } = await setUpModes(t)
    const first = repo.oid('HEAD')
    const service = await startService(t, { listingPath })
    for (const mode of MODES) await service.untilPublished(mode, first)
    const inodes = () => MODES.map((mode) => lstatSync(path.join(dir, mode, 'file')).ino)
    const before = inodes()
    await service.stop()

    server.onRequest = (_request, response) => {
      response.writeHead(500).end()
      return true
    }
    const restarted = await startService(t, { listingPath })
    await until(async () => (await restarted.get('/readyz')).status === 200, 'ready')
    assert.equal((await restarted.get('/startupz')).status, 200)
    for (const mode of MODES) assert.equal((await restarted.entry(mode)).oid, first)
    server.onRequest = undefined
    for (const mode of MODES)
      await until(async () => (await restarted.entry(mode)).state === 'synced', 'synced')
    assert.deepEqual(inodes(), before)
    assert.ok(!server.requests.some(({ bytesIn }) => bytesIn > 250 && restarted.logs.length === 0))
  })
})

test('the probes: 503 until the first content is there', async (t) => {
  const { server, listingPath } = await setUp(t)
  let isOpen = false
  server.onRequest = (_request, response) => {
    if (!isOpen) response.writeHead(500).end()
    return !isOpen
  }
  const service = await startService(t, { listingPath })
  assert.equal((await service.get('/healthz')).status, 200)
  assert.equal((await service.get('/startupz')).status, 503)
  assert.equal((await service.get('/readyz')).status, 503)
  isOpen = true
  await until(async () => (await service.get('/readyz')).status === 200, 'ready')
  assert.equal((await service.get('/startupz')).status, 200)
})

test('one-time mode: exit 0 once all is synced, 1 when any entry failed', async (t) => {
  const { dir, repo, server, listingPath } = await setUp(t)
  const env = {
    LISTING_PATH: listingPath,
    ONE_TIME: 'true',
    HTTP_PORT: '0',
    HTTP_HOST: '127.0.0.1',
  }
  assert.equal((await runProgram([], env)).code, 0)
  assertSameTree(path.join(dir, 'out'), repo.dir, 'HEAD')
  writeListing(listingPath, [
    { path: 'out', repo: `${server.url}/one` },
    { path: 'bad', repo: `${server.url}/none` },
  ])
  repo.commit('second', { file: '2' })
  assert.equal((await runProgram([], env)).code, 1)
  assertSameTree(path.join(dir, 'out'), repo.dir, 'HEAD')
})

test('SIGHUP looks at the listing and polls every remote now', async (t) => {
  const { repo, listingPath } = await setUp(t, { interval: '1h' })
  const service = await startService(t, { listingPath })
  await service.untilPublished('out', repo.oid('HEAD'))
  const second = repo.commit('second', { file: '2' })
  service.signal('SIGHUP')
  await service.untilPublished('out', second)
})

test('SIGUSR1 ends it, and opens no debugger', async (t) => {
  const { listingPath } = await setUp(t, { interval: '1h' })
  const service = await startService(t, { listingPath })
  const exited = once(service.process, 'exit')
  service.signal('SIGUSR1')
  assert.deepEqual(await exited, [128 + constants.signals.SIGUSR1, null])
})

test('bad settings and a bad listing: exit 2 with every fault', async (t) => {
  const { listingPath } = await setUp(t)
  const env = { LISTING_PATH: listingPath }
  const settings = await runProgram(['--scrape-intervall', '5s', '--jitter', '7'], env)
  assert.equal(settings.code, 2)
  assert.match(settings.stderr, /scrape-interval/)
  assert.match(settings.stderr, /jitter/i)

  writeFileSync(
    listingPath,
    '[{"path":"a","repo":"x","branch":"m","tag":"t"},{"path":"a","repo":1}]',
  )
  const listing = await runProgram([], env)
  assert.equal(listing.code, 2)
  assert.match(listing.stdout, /\/0/)
  assert.match(listing.stdout, /\/1\/repo/)
})

test('a port that is taken: what was started is stopped again', async (t) => {
  const { listingPath, server } = await setUp(t)
  // Only a start that gives up all of its work lets the process end by itself.
  server.onRequest = () => true
  const script = `
    const load = (name) => import(new URL(name, ${JSON.stringify(import.meta.url)}))
    const { startDaemon } = await load('../../src/daemon.js')
    const { createLogger } = await load('../../src/observe/logging.js')
    const { parseCommand } = await load('../../src/front/git-autosync/command.js')
    const { settings } = parseCommand([], process.env, process.cwd())
    await startDaemon(settings, createLogger({ level: 'error', format: 'json' }))
      .catch(({ message }) => process.stdout.write(message))`
  const env = {
    LISTING_PATH: listingPath,
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: new URL(server.url).port,
  }
  const args = ['--input-type=module', '-e', script]
  const run = await promisify(execFile)(process.execPath, args, { env })
  assert.match(run.stdout, /^Cannot serve HTTP on 127\.0\.0\.1 port .* set another HTTP_HOST/)
})

test('STATE_DIR inside of what is published: exit 2 with a sentence', async (t) => {
  const { dir, listingPath } = await setUp(t)
  for (const STATE_DIR of [path.join(dir, 'out'), path.join(dir, 'out/state')]) {
    const { code, stdout } = await runProgram([], { LISTING_PATH: listingPath, STATE_DIR })
    assert.equal(code, 2)
    assert.match(stdout, /\/0\/path: has STATE_DIR .* in it, .* keep state outside/)
  }
})

test('a STATE_DIR that cannot be used is named, in one line without a stack', async (t) => {
  const { dir, listingPath } = await setUp(t)
  writeFileSync(path.join(dir, 'file'), '')
  const STATE_DIR = path.join(dir, 'file/state')
  const service = await startService(t, { listingPath, settings: { STATE_DIR } })
  const message = await service.untilFailed('out', 'path-blocked')
  assert.ok(message.includes(`on the way to ${dir}/file`), message)
  const failed = await until(() => {
    const lines = service.logs.filter(({ errorCode }) => errorCode === 'path-blocked')
    return lines.length > 0 && lines
  }, 'it is told')
  for (const line of failed) assert.doesNotMatch(JSON.stringify(line), /node:|\.js:|"stack"/)
})

/** Whether there is nothing but what is published, its state, a standby, and a worktree to spare. */
function isTidy(dir: string, name: string, oid: string): boolean {
  const notTheLease = (name: string) => name !== 'lease' && name !== 'boot'
  const inPlace = path.join(dir, name, '.git-autosync')
  if (existsSync(inPlace))
    return isDeepStrictEqual(stateNames(readdirSync(inPlace).filter(notTheLease)), ['snapshot'])
  const beside = path.join(dir, '.git-autosync', name)
  const spares = readdirSync(beside).filter((name) => /^spare-[0-9a-f]{40}$/.test(name))
  const worktrees = [oid, 'standby', ...spares.slice(0, 1)]
  const names = worktrees.flatMap((name) => [name, `${name}.state`])
  return (
    isDeepStrictEqual(readdirSync(beside).filter(notTheLease).sort(), names.sort()) &&
    worktrees.every((name) =>
      isDeepStrictEqual(stateNames(readdirSync(path.join(beside, `${name}.state`))), ['snapshot']),
    )
  )
}
