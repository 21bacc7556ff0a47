import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { describe, test } from 'node:test'
import { entryStatus } from '../helpers/entry-status.js'
import { lazily } from '../helpers/lazy-report.js'
import { createTestServer, serverSource } from '../helpers/test-server.js'

const HOUR_MS = 3_600_000
const ROUTES = ['/', '/healthz', '/livez', '/startupz', '/readyz', '/metrics', '/status']

test('a head is waited for briefly, and a body of many bytes for longer', () => {
  const { headersTimeout, requestTimeout } = createTestServer().app.server
  assert.deepEqual([headersTimeout, requestTimeout], [10_000, 60_000])
})

describe('probes', () => {
  test('answer 200 while all is well', async () => {
    const { app } = createTestServer()
    for (const url of ['/healthz', '/livez', '/startupz', '/readyz']) {
      const response = await app.inject(url)
      assert.equal(response.statusCode, 200, url)
      assert.deepEqual(response.json(), { status: 'ok' })
      assert.equal(response.headers['content-type'], 'application/json; charset=utf-8')
      assert.equal(response.headers['cache-control'], 'no-store')
    }
  })

  test('health depends on the heartbeat alone', async () => {
    let heartbeatAgeMs = 30_000
    const { app } = createTestServer({
      heartbeatAgeMs: () => heartbeatAgeMs,
      starting: () => ['a'],
      missing: () => ['a'],
    })
    const urls = ['/healthz', '/livez']
    for (const url of urls) assert.equal((await app.inject(url)).statusCode, 200)
    heartbeatAgeMs++
    for (const url of urls) {
      const response = await app.inject(url)
      assert.equal(response.statusCode, 503)
      assert.deepEqual(response.json(), { status: 'stalled', heartbeatAgeMs: 30_001 })
    }
  })

  test('liveness fails where no work can be done any more, as too many threads hang', async () => {
    let isExhausted = false
    const { app } = createTestServer({ isExhausted: () => isExhausted })
    assert.equal((await app.inject('/healthz')).statusCode, 200)
    isExhausted = true
    const response = await app.inject('/healthz')
    assert.equal(response.statusCode, 503)
    assert.deepEqual(response.json(), { status: 'volume-hangs' })
  })

  test('startup waits for the first publications, and names what is missing', async () => {
    const starting = ['repos/a']
    const { app } = createTestServer({ starting: () => starting })
    const response = await app.inject('/startupz')
    assert.equal(response.statusCode, 503)
    assert.deepEqual(response.json(), { status: 'starting', missing: ['repos/a'] })
    starting.pop()
    assert.equal((await app.inject('/startupz')).statusCode, 200)
  })

  test('readiness names the entries without content', async () => {
    const { app } = createTestServer({ missing: () => ['repos/a', 'repos/b'] })
    const response = await app.inject('/readyz')
    assert.equal(response.statusCode, 503)
    assert.deepEqual(response.json(), { status: 'not ready', missing: ['repos/a', 'repos/b'] })
  })
})

test('readiness names the entries that wait for another instance, and which', async () => {
  const waiting = { 'repos/a': 'pod-a (process 7) publishes this entry' }
  const { app } = createTestServer({ waiting: () => waiting })
  const response = await app.inject('/readyz')
  assert.equal(response.statusCode, 503)
  assert.deepEqual(response.json(), { status: 'not ready', missing: [], waiting })
})

describe('metrics and status', () => {
  test('metrics are the rendered text under its own type', async () => {
    const response = await createTestServer().app.inject('/metrics')
    assert.equal(response.body, 'up 1\n')
    assert.equal(response.headers['content-type'], 'text/plain; version=0.0.4')
  })

  test('status is the report, without a credential in any string', async () => {
    const entry = entryStatus({
      repo: 'https://me:hunter2@host/a.git',
      state: 'failing',
      error: { code: 'server-error', message: 'https://me:hunter2@host answered 500.' },
    })
    const report = { ...serverSource().status(), entries: lazily([entry]) }
    const response = await createTestServer({ status: () => report }).app.inject('/status')
    assert.equal(response.headers['content-type'], 'application/json; charset=utf-8')
    assert.deepEqual(response.json(), {
      ...report,
      entries: [
        {
          ...entry,
          repo: 'https://host/a.git',
          error: { code: 'server-error', message: 'https://host answered 500.' },
        },
      ],
    })
  })
})

describe('other requests', () => {
  test('HEAD answers as GET does, without a body', async () => {
    const { app } = createTestServer({ missing: () => ['a'] })
    for (const url of ROUTES) {
      const [get, head] = [await app.inject(url), await app.inject({ method: 'HEAD', url })]
      assert.equal(head.statusCode, get.statusCode, url)
      assert.equal(head.headers['content-type'], get.headers['content-type'])
      assert.equal(head.body, '')
    }
  })

  test('an unknown route is a 404 in JSON', async () => {
    for (const url of [
      '/x',
      '/page/',
      '/page/x.js',
      '/healthz/x',
      '/HEALTHZ',
      '/../etc/passwd',
      '/__proto__',
    ]) {
      const response = await createTestServer().app.inject(url)
      assert.equal(response.statusCode, 404, url)
      assert.deepEqual(response.json(), { error: 'not found' })
    }
  })

  test('another method is a 405, whatever its body', async () => {
    const { app, errors } = createTestServer()
    const bodies = [undefined, '{"not json', 'x'.repeat(2 ** 21)]
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const) {
      for (const payload of bodies) {
        const headers = { 'content-type': 'application/json' }
        const url = '/readyz?verbose'
        const response = await app.inject({ method, url, headers, ...(payload && { payload }) })
        assert.equal(response.statusCode, 405, `${method} ${payload?.length}`)
        assert.equal(response.headers['allow'], 'GET, HEAD')
        assert.deepEqual(response.json(), { error: 'method not allowed' })
      }
    }
    assert.equal((await app.inject({ method: 'POST', url: '/nowhere' })).statusCode, 404)
    assert.deepEqual(errors, [])
  })

  test('a fault is a 500 without its words, and is reported', async () => {
    const fail = () => {
      throw new Error('hunter2 at line 3')
    }
    const { app, errors } = createTestServer({
      heartbeatAgeMs: fail,
      starting: fail,
      missing: fail,
      metrics: { render: fail, contentType: 'text/plain' },
      status: fail,
    })
    for (const url of ROUTES) {
      const response = await app.inject(url)
      assert.equal(response.statusCode, 500, url)
      assert.deepEqual(response.json(), { error: 'internal error' })
    }
    assert.deepEqual(errors, Array(ROUTES.length).fill('hunter2 at line 3'))
  })

  test('a URL that cannot be decoded is refused', async () => {
    const { app, errors } = createTestServer()
    const response = await app.inject('/%zz')
    assert.ok([400, 404].includes(response.statusCode))
    assert.doesNotMatch(response.body, /\n\s+at /)
    assert.deepEqual(errors, [])
  })
})

describe('on a real socket', () => {
  test('answers, keeps the connection, and closes without waiting for it', async () => {
    const { app } = createTestServer()
    // It is not waited for.
    app.server.keepAliveTimeout = HOUR_MS
    const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
    const idle = net.connect(Number(url.port), url.hostname)
    const kept = net.connect(Number(url.port), url.hostname)
    try {
      await Promise.all([once(idle, 'connect'), once(kept, 'connect')])
      kept.setEncoding('utf8').write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n')
      const [answer] = await once(kept, 'data')
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
      const ends = Promise.all([once(idle, 'close'), once(kept, 'close')])
      await app.close()
      await ends
    } finally {
      idle.destroy()
      kept.destroy()
      await app.close()
    }
  })
})
