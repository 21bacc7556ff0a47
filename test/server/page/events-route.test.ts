// What listeners are sent, and that nothing is done while there are none.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { PageReport } from '../../../src/server/page/page-report.js'
import { createServer } from '../../../src/server/server.js'
import { atEnd } from '../../helpers/at-end.js'
import { FakeClock } from '../../helpers/fake-clock.js'
import type { TestScope } from '../../helpers/git.js'
import { lazyPage } from '../../helpers/lazy-report.js'
import { publishedEntry, REPORTS, reportOf } from '../../helpers/page-reports.js'
import { until } from '../../helpers/service.js'
import { serverSource } from '../../helpers/test-server.js'

/** A server that counts how often it is asked for what the page shows. */
async function serve(t: TestScope) {
  const clock = new FakeClock()
  const shown = { report: REPORTS['three']!(), asked: 0 }
  const page = () => {
    shown.asked++
    return lazyPage(shown.report)
  }
  const app = createServer(serverSource({ page }), {
    clock,
    maxConnections: 100,
    onError: (error) => assert.fail(error),
  })
  atEnd(t, () => app.close())
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  return { app, clock, shown, listen: () => listen(t, port) }
}

/** Listens; `told` is all that was sent until now. */
async function listen(t: TestScope, port: number) {
  const request = http.get({ host: '127.0.0.1', port, path: '/events', agent: false })
  atEnd(t, () => request.destroy())
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const listener = { response, told: '', leave: () => request.destroy() }
  response.setEncoding('utf8')
  response.on('error', () => {})
  response.on('data', (text: string) => {
    listener.told += text
  })
  return listener
}

const dataOf = (told: string, type: string) =>
  [...told.matchAll(new RegExp(`^event: ${type}\ndata: (.*)\n$`, 'gm'))].map(
    ([, data]) => JSON.parse(data as string) as PageReport,
  )

test('the whole report comes first, and then what changes', async (t) => {
  const { clock, listen, shown } = await serve(t)
  const heard = await listen()
  assert.equal(heard.response.headers['content-type'], 'text/event-stream; charset=utf-8')
  await until(() => dataOf(heard.told, 'report').length === 1, 'the report')
  assert.deepEqual(dataOf(heard.told, 'report'), [JSON.parse(JSON.stringify(shown.report))])
  const [kept, , changed] = shown.report.entries
  const other = { ...publishedEntry(9), advice: null, failingHooks: [], lagMs: 3 }
  const now = { ...changed!, subject: 'Another' }
  shown.report = { ...shown.report, entries: [kept!, now, other] }
  await clock.advance(1000)
  await until(() => dataOf(heard.told, 'change').length === 1, 'the change')
  assert.deepEqual(dataOf(heard.told, 'change'), [
    JSON.parse(JSON.stringify({ entries: [now, other], removed: ['/srv/content/site-1'] })),
  ])
})

test('where nothing changes, a comment keeps the connection', async (t) => {
  const { clock, listen } = await serve(t)
  const listener = await listen()
  await until(() => listener.told.includes('event: report'), 'the report')
  const before = listener.told
  await clock.advance(15_000)
  await until(() => listener.told !== before, 'the comment')
  assert.equal(listener.told.slice(before.length), ': nothing new\n\n')
})

test('nothing is looked at while nobody listens', async (t) => {
  const { clock, listen, shown } = await serve(t)
  await clock.advance(60_000)
  assert.equal(shown.asked, 0)
  const listener = await listen()
  await clock.advance(1000)
  assert.equal(shown.asked, 2)
  listener.leave()
  await until(async () => {
    const before = shown.asked
    await clock.advance(1000)
    return shown.asked === before
  }, 'nobody asks')
})

test('all that listen are looked for at once, and too many are refused', async (t) => {
  const { clock, listen, shown } = await serve(t)
  const listeners = await Promise.all(Array.from({ length: 50 }, listen))
  assert.ok(listeners.every(({ response }) => response.statusCode === 200))
  const before = shown.asked
  await clock.advance(1000)
  assert.equal(shown.asked, before + 1)
  const refused = await listen()
  assert.equal(refused.response.statusCode, 503)
  assert.equal(refused.response.headers['retry-after'], '60')
})

test('whoever does not read is cut off, and holds nothing up', async (t) => {
  const { app, clock, listen, shown } = await serve(t)
  const slow = await listen()
  slow.response.pause()
  const closed = new Promise((resolve) => slow.response.on('close', resolve))
  const connections = () =>
    new Promise<number>((resolve) => app.server.getConnections((_error, count) => resolve(count)))
  let round = 0
  await until(async () => {
    const subject = 'x'.repeat(1000) + round++
    shown.report = reportOf(Array.from({ length: 1000 }, (_, n) => publishedEntry(n, { subject })))
    await clock.advance(1000)
    return (await connections()) === 0
  }, 'it is cut off')
  slow.response.resume()
  await closed
})

test('a close of the server does not wait for those that listen', async (t) => {
  const { app, listen } = await serve(t)
  const listener = await listen()
  const closed = new Promise((resolve) => listener.response.on('close', resolve))
  await app.close()
  await closed
})
