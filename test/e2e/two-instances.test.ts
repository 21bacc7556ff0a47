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
import { runProgram, type Service, startService, until } from '../helpers/service.js'

const SERVICE = path.join(makeScratchDirectory(), 'lease-service.mjs')
const PROGRAM = fileURLToPath(new URL('../helpers/lease-service.js', import.meta.url))
/** The service with leases that expire so soon, in milliseconds. */
const expiring = (afterMs: number) => ({ program: [SERVICE, String(afterMs)] })
/** Who takes over from one of these saw that its holder was gone, or had given it up. */
const LASTING = expiring(3_600_000)
const SHORT = expiring(3000)

before(() => bundleService(PROGRAM, SERVICE))
after(() => rmSync(path.dirname(SERVICE), { recursive: true }))

async function setUp(t: TestScope, publish: string) {
  const files = { file: '1', 'a/b': 'b' }
  const served = await serveOneEntry(t, { files, entry: { publish } })
  return { ...served, first: served.repo.oid('HEAD') }
}

/** Starts a second instance, and waits until it waits for the first. */
async function startWaiting(t: TestScope, options: Parameters<typeof startService>[1]) {
  const service = await startService(t, options)
  await until(async () => (await service.entry('out')).state === 'waiting', 'the second waits')
  return service
}

async function untilTakenOver(service: Service, oid: string): Promise<void> {
  await service.untilPublished('out', oid)
  await until(async () => (await service.get('/readyz')).status === 200, 'it is ready')
}

function linesOf(service: Service, text: string): number {
  return service.logs.filter(({ message }) => message.includes(text)).length
}

for (const publish of ['in-place', 'symlink']) {
  describe(publish, () => {
    test('the second waits, live and not ready, and follows when the first stops', async (t) => {
      const { first, listingPath, out, repo } = await setUp(t, publish)
      const one = await startService(t, { listingPath, ...LASTING })
      await one.untilPublished('out', first)
      const two = await startWaiting(t, { listingPath, ...LASTING })
      assert.equal((await two.get('/healthz')).status, 200)
      const readiness = await two.get('/readyz')
      assert.equal(readiness.status, 503)
      assert.match(JSON.parse(readiness.body).waiting.out, /\(process \d+\) publishes this entry/)
      const { error } = await two.entry('out')
      assert.equal(error?.code, 'lease-held')
      assert.ok(error?.message.includes(`(process ${one.process.pid})`), error?.message)

      const second = repo.commit('second', { file: '2' })
      await one.untilPublished('out', second)
      assert.equal(linesOf(two, 'published'), 0)
      assert.equal(await one.stop(), 0)
      await untilTakenOver(two, second)
      const third = repo.commit('third', { file: '3' })
      await two.untilPublished('out', third)
      assertSameTree(out, repo.dir, third)
      assert.deepEqual(
        [linesOf(two, 'waiting for it'), linesOf(two, 'took over')],
        [1, 1],
        'each is said once',
      )
      await two.stop()
      const beside = publish === 'in-place' ? out : path.join(path.dirname(out), '.git-autosync')
      const own = path.join(beside, publish === 'in-place' ? '.git-autosync' : 'out')
      assert.equal(existsSync(path.join(own, 'lease')), false)
    })

    test('the second takes over at once when the first was killed', async (t) => {
      const { first, listingPath, out, repo } = await setUp(t, publish)
      const one = await startService(t, { listingPath, ...LASTING })
      await one.untilPublished('out', first)
      const two = await startWaiting(t, { listingPath, ...LASTING })
      one.signal('SIGKILL')
      const second = repo.commit('second', { file: '2' })
      await untilTakenOver(two, second)
      assertSameTree(out, repo.dir, second)
    })

    test('the second takes over from one that hangs, which finds out when it goes on', async (t) => {
      const { first, listingPath, out, repo } = await setUp(t, publish)
      const options = { listingPath, ...SHORT }
      const one = await startService(t, options)
      await one.untilPublished('out', first)
      const two = await startWaiting(t, options)
      one.signal('SIGSTOP')
      atEnd(t, () => one.signal('SIGCONT'))
      const second = repo.commit('second', { file: '2' })
      await untilTakenOver(two, second)
      one.signal('SIGCONT')
      await until(async () => (await one.entry('out')).state === 'waiting', 'the first waits now')
      assert.equal((await one.get('/readyz')).status, 503)
      for (const content of ['3', '4']) {
        const next = repo.commit(content, { file: content })
        await two.untilPublished('out', next)
        assertSameTree(out, repo.dir, next)
      }
      assert.equal(linesOf(one, 'published'), 1)
    })
  })
}

test('a killed one that starts again takes over at once from itself', async (t) => {
  const { first, listingPath, repo } = await setUp(t, 'in-place')
  const one = await startService(t, { listingPath, ...LASTING })
  await one.untilPublished('out', first)
  one.signal('SIGKILL')
  await one.stop()
  const again = await startService(t, { listingPath, ...LASTING })
  const second = repo.commit('second', { file: '2' })
  await untilTakenOver(again, second)
})

test('a one-time run waits, too, and in the end says for whom', async (t) => {
  const { first, listingPath } = await setUp(t, 'in-place')
  const one = await startService(t, { listingPath })
  await one.untilPublished('out', first)
  const env = { LISTING_PATH: listingPath, ONE_TIME: 'true', HTTP_PORT: '0', SYNC_TIMEOUT: '1s' }
  const run = await runProgram([], { ...env, HTTP_HOST: '127.0.0.1' })
  assert.equal(run.code, 1)
  assert.match(run.stdout, /"errorCode":"lease-held","error":"[^"]*publishes this entry/)
  const waiting = runProgram([], { ...env, HTTP_HOST: '127.0.0.1', SYNC_TIMEOUT: '10m' })
  await one.stop()
  assert.equal((await waiting).code, 0)
})
