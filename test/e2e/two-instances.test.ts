// Two instances on one volume, as while a deployment is rolled over: one publishes, the other
// waits, and takes over when the first has stopped, was killed, or hangs.
import assert from 'node:assert/strict'
import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { atEnd } from '../helpers/at-end.js'
import { bundleService } from '../helpers/bundled-service.js'
import { assertSameTree, type TestScope } from '../helpers/git.js'
import { serveOneEntry } from '../helpers/one-entry.js'
import { makeScratchDirectory } from '../helpers/scratch.js'
import { runProgram, type Service, startService, until, writeListing } from '../helpers/service.js'

const SERVICE = path.join(makeScratchDirectory(), 'lease-service.mjs')
const PROGRAM = fileURLToPath(new URL('../helpers/lease-service.js', import.meta.url))
/** The service with leases that expire so soon, in milliseconds. */
const expiring = (afterMs: number) => ({ program: [SERVICE, String(afterMs)] })
/** Who takes over from one of these saw that its holder was gone, or had given it up. */
const LASTING = expiring(3_600_000)
const SHORT = expiring(3000)

before(() => bundleService(PROGRAM, SERVICE))
after(() => rmSync(path.dirname(SERVICE), { recursive: true }))

const MODES = ['in-place', 'symlink'] as const
type Mode = (typeof MODES)[number]

/** A repository that is published at a path for each mode, of that name. */
async function setUp(t: TestScope, modes: readonly Mode[] = MODES) {
  const served = await serveOneEntry(t, { files: { file: '1', 'a/b': 'b' } })
  const repo = `${served.server.url}/one`
  writeListing(
    served.listingPath,
    modes.map((publish) => ({ path: publish, repo, publish })),
  )
  return {
    ...served,
    first: served.repo.oid('HEAD'),
    async untilPublished(service: Service, oid: string): Promise<void> {
      for (const mode of modes) await service.untilPublished(mode, oid)
    },
    assertSame: (oid: string) => {
      for (const mode of modes) assertSameTree(path.join(served.dir, mode), served.repo.dir, oid)
    },
    /** Waits until each entry waits for another instance. */
    async untilWaiting(service: Service): Promise<void> {
      for (const mode of modes) {
        await until(async () => (await service.entry(mode)).state === 'waiting', `${mode} waits`)
      }
    },
    async untilTakenOver(service: Service, oid: string): Promise<void> {
      for (const mode of modes) await service.untilPublished(mode, oid)
      await until(async () => (await service.get('/readyz')).status === 200, 'it is ready')
    },
  }
}

/** How many lines of an entry have this text. */
function linesOf({ logs }: Service, mode: Mode, text: string): number {
  return logs.filter(({ entry, message }) => entry === mode && message.includes(text)).length
}

describe('in each mode', () => {
  test('the second waits, live and not ready, and follows when the first stops', async (t) => {
    const site = await setUp(t)
    const { dir, first, listingPath, repo } = site
    const one = await startService(t, { listingPath, ...LASTING })
    await site.untilPublished(one, first)
    const two = await startService(t, { listingPath, ...LASTING })
    await site.untilWaiting(two)
    assert.equal((await two.get('/healthz')).status, 200)
    const readiness = await two.get('/readyz')
    assert.equal(readiness.status, 503)
    for (const mode of MODES) {
      const { waiting } = JSON.parse(readiness.body)
      assert.match(waiting[mode], /\(process \d+\) publishes this entry/)
      const { error } = await two.entry(mode)
      assert.equal(error?.code, 'lease-held')
      assert.ok(error?.message.includes(`(process ${one.process.pid})`), error?.message)
    }

    const second = repo.commit('second', { file: '2' })
    await site.untilPublished(one, second)
    for (const mode of MODES) assert.equal(linesOf(two, mode, 'published'), 0)
    assert.equal(await one.stop(), 0)
    await site.untilTakenOver(two, second)
    const third = repo.commit('third', { file: '3' })
    await site.untilPublished(two, third)
    site.assertSame(third)
    for (const mode of MODES) {
      assert.deepEqual(
        [linesOf(two, mode, 'waiting for it'), linesOf(two, mode, 'took over')],
        [1, 1],
        'each is said once',
      )
    }
    await two.stop()
    for (const own of ['in-place/.git-autosync', '.git-autosync/symlink'])
      assert.equal(existsSync(path.join(dir, own, 'lease')), false)
  })

  test('the second takes over at once when the first was killed', async (t) => {
    const site = await setUp(t)
    const { first, listingPath, repo } = site
    const one = await startService(t, { listingPath, ...LASTING })
    await site.untilPublished(one, first)
    const two = await startService(t, { listingPath, ...LASTING })
    await site.untilWaiting(two)
    one.signal('SIGKILL')
    const second = repo.commit('second', { file: '2' })
    await site.untilTakenOver(two, second)
    site.assertSame(second)
  })

  test('the second takes over from one that hangs, which finds out when it goes on', async (t) => {
    const site = await setUp(t)
    const { first, listingPath, repo } = site
    const options = { listingPath, ...SHORT }
    const one = await startService(t, options)
    await site.untilPublished(one, first)
    const two = await startService(t, options)
    await site.untilWaiting(two)
    one.signal('SIGSTOP')
    atEnd(t, () => one.signal('SIGCONT'))
    const second = repo.commit('second', { file: '2' })
    await site.untilTakenOver(two, second)
    one.signal('SIGCONT')
    await site.untilWaiting(one)
    assert.equal((await one.get('/readyz')).status, 503)
    for (const content of ['3', '4']) {
      const next = repo.commit(content, { file: content })
      await site.untilPublished(two, next)
      site.assertSame(next)
    }
    for (const mode of MODES) assert.equal(linesOf(one, mode, 'published'), 1)
  })
})

test('a killed one that starts again takes over at once from itself', async (t) => {
  const { first, listingPath, repo, untilTakenOver } = await setUp(t, ['in-place'])
  const one = await startService(t, { listingPath, ...LASTING })
  await one.untilPublished('in-place', first)
  one.signal('SIGKILL')
  await one.stop()
  const again = await startService(t, { listingPath, ...LASTING })
  const second = repo.commit('second', { file: '2' })
  await untilTakenOver(again, second)
})

test('a one-time run waits, too, and in the end says for whom', async (t) => {
  const { first, listingPath } = await setUp(t, ['in-place'])
  const one = await startService(t, { listingPath })
  await one.untilPublished('in-place', first)
  const env = { LISTING_PATH: listingPath, ONE_TIME: 'true', HTTP_PORT: '0', SYNC_TIMEOUT: '1s' }
  const run = await runProgram([], { ...env, HTTP_HOST: '127.0.0.1' })
  assert.equal(run.code, 1)
  assert.match(run.stdout, /"errorCode":"lease-held","error":"[^"]*publishes this entry/)
  const waiting = runProgram([], { ...env, HTTP_HOST: '127.0.0.1', SYNC_TIMEOUT: '10m' })
  await one.stop()
  assert.equal((await waiting).code, 0)
})
