// What the route takes and what it refuses, whatever the forge; and what that costs.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import net from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { TokenBuckets } from '../../../src/server/webhooks/token-bucket.js'
import { atEnd } from '../../helpers/at-end.js'
import { FakeClock } from '../../helpers/fake-clock.js'
import { until } from '../../helpers/service.js'
import { createTestServer } from '../../helpers/test-server.js'
import { createWebhookServer, type WebhookServerOptions } from '../../helpers/webhook-server.js'
import { hmacHex } from '../../helpers/webhooks.js'

const SECRET = 'a-secret-of-webhooks'
const HEADERS = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' }
const MIB = 2 ** 20

const announcing = (padding = 0) =>
  JSON.stringify({ repo: 'https://git.example.com/team/site', padding: 'x'.repeat(padding) })

test('without a secret, neither route is there', async () => {
  const { app } = createTestServer()
  for (const url of ['/webhook', '/sync']) {
    const answer = await app.inject({ method: 'POST', url, headers: HEADERS, payload: '{}' })
    assert.deepEqual([answer.statusCode, answer.json()], [404, { error: 'not found' }])
  }
})

test('another method is a 405 that names the one there is', async () => {
  const { app } = createWebhookServer({ secrets: [SECRET] })
  for (const url of ['/webhook', '/sync']) {
    const answer = await app.inject(url)
    assert.deepEqual([answer.statusCode, answer.headers['allow']], [405, 'POST'])
  }
})

test('where no secret can be read, it is said so', async () => {
  const { send, results } = createWebhookServer({ secrets: [] })
  const answer = await send({ url: '/webhook', headers: HEADERS, body: announcing() })
  assert.deepEqual([answer.statusCode, results], [503, ['generic unavailable']])
})

test('secrets are replaced one after the other', async () => {
  const { send, secrets } = createWebhookServer({ secrets: [SECRET] })
  const status = async (secret: string) => {
    const headers = { authorization: `Bearer ${secret}` }
    return (await send({ url: '/webhook', headers, body: announcing() })).statusCode
  }
  secrets.push('the next secret')
  assert.deepEqual([await status(SECRET), await status('the next secret')], [202, 202])
  secrets.shift()
  assert.deepEqual([await status(SECRET), await status('the next secret')], [401, 202])
})

test('a repository that nothing follows is no fault of the forge', async () => {
  const { send, results } = createWebhookServer({ secrets: [SECRET], matched: 0 })
  const answer = await send({ url: '/webhook', headers: HEADERS, body: announcing() })
  assert.deepEqual([answer.statusCode, answer.json()], [202, { matched: 0 }])
  assert.deepEqual(results, ['generic unmatched'])
})

test('what is not JSON is malformed', async () => {
  const { send, announced, errors } = createWebhookServer({ secrets: [SECRET] })
  for (const body of ['', '{', '{"repo":', '\0', '[', '"\uD800', '['.repeat(100_000)]) {
    const answer = await send({ url: '/webhook', headers: HEADERS, body })
    assert.equal(answer.statusCode, 400, body.slice(0, 10))
  }
  assert.deepEqual([announced, errors], [[], []])
})

test('JSON that curl sends, which calls it a form, is read as what a form holds is', async () => {
  const { send, announced } = createWebhookServer({ secrets: [SECRET] })
  const headers = { ...HEADERS, 'content-type': 'application/x-www-form-urlencoded' }
  const json = JSON.stringify({ repo: 'https://git.example.com/team/a%26b?x=1&y', ref: 'main' })
  const form = new URLSearchParams({ payload: json }).toString()
  for (const body of [json, form]) {
    assert.equal((await send({ url: '/webhook', headers, body })).statusCode, 202, body)
  }
  assert.equal(announced.length, 2)
  assert.deepEqual(announced[0], announced[1])
})

test('a long body is read as a short one is, and one that is too long is refused', async () => {
  const { send, announced, results } = createWebhookServer({ secrets: [SECRET] })
  const statuses: number[] = []
  for (const bytes of [0, 256 * 1024, 2 * MIB, 25 * MIB]) {
    const body = announcing(bytes)
    statuses.push((await send({ url: '/webhook', headers: HEADERS, body })).statusCode)
  }
  assert.deepEqual(statuses, [202, 202, 202, 413])
  assert.equal(announced.length, 3)
  assert.deepEqual(announced[0], announced[2])
  assert.equal(results.at(-1), 'generic too-large')
})

test('a long body that is not JSON is malformed as well', async () => {
  const { send } = createWebhookServer({ secrets: [SECRET] })
  const body = announcing(MIB).slice(0, -1)
  assert.equal((await send({ url: '/webhook', headers: HEADERS, body })).statusCode, 400)
})

describe('a flood', () => {
  const unsigned = { url: '/webhook', headers: {}, body: 'x' }
  const signed = (body: string, key = SECRET) => {
    const headers = {
      'x-github-event': 'ping',
      'x-hub-signature-256': `sha256=${hmacHex(key, body)}`,
    }
    return { url: '/webhook', headers, body }
  }

  test('without a secret is refused beyond a number at once, and so many each second', async () => {
    const { clock, expected, send, results } = createWebhookServer({ secrets: [SECRET] })
    const flood = async (count: number) => {
      results.length = 0
      for (let sent = 0; sent < count; sent++) await send(unsigned)
      return results.filter((result) => result === 'generic unauthorized').length
    }
    assert.equal(await flood(300), 200)
    assert.equal(results.at(-1), 'generic throttled')
    assert.equal((await send(unsigned)).statusCode, 429)
    assert.equal(expected.length, 200)
    await clock.advance(1_000)
    assert.equal(await flood(150), 100)
    await clock.advance(60_000)
    assert.equal(await flood(250), 200)
  })

  test('keeps nothing out that shows a secret, and that costs nothing', async () => {
    const { send, announced, results } = createWebhookServer({ secrets: [SECRET] })
    const shown = { url: '/webhook', headers: HEADERS, body: announcing() }
    for (let sent = 0; sent < 300; sent++) await send(shown)
    assert.equal(announced.length, 300)
    for (let sent = 0; sent < 200; sent++) await send(unsigned)
    assert.equal(results.at(-1), 'generic unauthorized')
    assert.equal((await send(unsigned)).statusCode, 429)
    assert.equal((await send(shown)).statusCode, 202)
    assert.equal((await send({ ...shown, body: announcing(2 * MIB) })).statusCode, 202)
    assert.equal((await send(signed(announcing()))).statusCode, 202)
    assert.equal((await send({ ...shown, url: '/sync' })).statusCode, 202)
  })

  test('of long bodies with a wrong signature is refused before they are read, and lets short ones in', async () => {
    const { clock, send, results } = createWebhookServer({ secrets: [SECRET] })
    const long = signed(announcing(20 * MIB), 'another secret')
    for (let sent = 0; sent < 3; sent++) await send(long)
    assert.deepEqual(results, ['github unauthorized', 'github unauthorized', 'github throttled'])
    assert.equal((await send(signed(announcing(MIB)))).statusCode, 429)
    assert.equal((await send(signed(announcing(100_000)))).statusCode, 202)
    await clock.advance(2_000)
    assert.equal((await send(signed(announcing(20 * MIB)))).statusCode, 202)
    assert.equal((await send(signed(announcing(20 * MIB)))).statusCode, 202)
  })

  test('from many addresses takes no memory, and each is counted by itself', () => {
    const clock = new FakeClock()
    const buckets = new TokenBuckets({ clock, burst: 2, perSecond: 1 })
    assert.deepEqual(
      [1, 2, 3].map(() => buckets.take('one')),
      [true, true, false],
    )
    assert.ok(buckets.take('other'))
    for (let count = 0; count < 5_000; count++) buckets.take(`address ${count}`)
    assert.ok(buckets.size <= 1_000)
  })
})

describe('on a real socket', () => {
  /** Sends the start of a request, and resolves with the first of what is answered. */
  async function connect(t: TestContext, url: string) {
    const { hostname, port } = new URL(url)
    const socket = net.connect(Number(port), hostname).on('error', () => undefined)
    atEnd(t, () => socket.destroy())
    await once(socket, 'connect')
    return socket
  }

  const head = (length: number, authorization = HEADERS.authorization) =>
    `POST /webhook HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\nauthorization: ${authorization}\r\n\r\n`

  async function listen(t: TestContext, options: Partial<WebhookServerOptions> = {}) {
    const server = createWebhookServer({ secrets: [SECRET], ...options })
    const url = await server.app.listen({ host: '127.0.0.1', port: 0 })
    atEnd(t, () => server.app.close())
    return { ...server, url }
  }

  test('what shows no secret is refused before its body is there', async (t) => {
    const { url } = await listen(t)
    const socket = await connect(t, url)
    socket.write(head(20 * MIB, 'Bearer none of the secrets'))
    const [answer] = await once(socket, 'data')
    assert.match(String(answer), /^HTTP\/1\.1 401 /)
    assert.match(String(answer), /^connection: close\r$/im, 'what is left of it is not read')
  })

  test('more bodies at once than there may be are refused, and those that are there go on', async (t) => {
    const { app, url, announced } = await listen(t)
    const body = announcing()
    // Of ten connections one.
    const first = await connect(t, url)
    const asked = once(app.server, 'request')
    first.write(head(body.length) + body.slice(0, 5))
    await asked
    const late = await connect(t, url)
    late.write(head(body.length) + body.slice(0, 5))
    const [refused] = await once(late, 'data')
    assert.match(String(refused), /^HTTP\/1\.1 503 /)
    first.write(body.slice(5))
    const [answer] = await once(first, 'data')
    assert.match(String(answer), /^HTTP\/1\.1 202 /)
    assert.equal(announced.length, 1)
  })

  test('a sender that goes away in the middle leaves nothing behind', async (t) => {
    const { url, announced, errors, send } = await listen(t)
    for (let count = 0; count < 5; count++) {
      const socket = await connect(t, url)
      socket.write(`${head(1000)}{"re`)
      socket.destroy()
      await once(socket, 'close')
    }
    // The other side learns of it a moment later.
    await until(async () => {
      const answer = await send({ url: '/webhook', headers: HEADERS, body: announcing() })
      return answer.statusCode === 202
    }, 'there is room again')
    assert.deepEqual([announced.length, errors], [1, []])
  })

  for (const [what, bytes] of [
    ['a part', 5],
    ['all', undefined],
  ] as const) {
    test(`a sender that goes away while secrets are read, and had sent ${what}, leaves nothing behind`, async (t) => {
      const held: (() => void)[] = []
      let isHeld = true
      const beforeSecrets = () =>
        new Promise<void>((resolve) => (isHeld ? held.push(resolve) : resolve()))
      const { app, url, announced, errors, results, send } = await listen(t, { beforeSecrets })
      const body = announcing()
      const asked = once(app.server, 'request')
      const socket = await connect(t, url)
      socket.write(head(body.length) + body.slice(0, bytes))
      const [request] = (await asked) as [IncomingMessage]
      await until(() => held.length === 1 && request.complete === (bytes === undefined), 'it came')
      const closed = new Promise((resolve) => request.once('close', resolve))
      socket.destroy()
      await closed
      isHeld = false
      for (const go of held) go()
      await until(async () => {
        const answer = await send({ url: '/webhook', headers: HEADERS, body })
        return answer.statusCode === 202
      }, 'there is room again')
      assert.deepEqual([announced.length, errors], [1, []])
      assert.equal(results.at(-1), 'generic matched')
    })
  }
})

describe('POST /sync', () => {
  const paths = ['repos/a', 'repos/b c']
  const sync = (url: string, authorization = HEADERS.authorization) => {
    const server = createWebhookServer({ secrets: ['other secret', SECRET], paths })
    return server.app
      .inject({ method: 'POST', url, headers: { authorization } })
      .then((answer) => ({ answer, polled: server.polled, results: server.results }))
  }

  test('polls all, or one entry', async () => {
    const all = await sync('/sync')
    assert.deepEqual([all.answer.statusCode, all.answer.json()], [202, { entries: 2 }])
    assert.deepEqual(all.polled, [undefined])
    const one = await sync('/sync?entry=repos/b%20c')
    assert.deepEqual([one.answer.statusCode, one.answer.json()], [202, { entries: 1 }])
    assert.deepEqual(one.polled, ['repos/b c'])
  })

  test('an entry that is not there is a 404 that says what to do', async () => {
    const { answer } = await sync('/sync?entry=a')
    assert.equal(answer.statusCode, 404)
    assert.match(answer.json().error, /as the listing does.*\/status/)
  })

  test('without one of the secrets nothing is polled', async () => {
    for (const authorization of ['', 'Bearer ', 'Bearer other', `Basic ${SECRET}`, SECRET]) {
      const { answer, polled, results } = await sync('/sync', authorization)
      assert.deepEqual([answer.statusCode, polled], [401, []], authorization)
      assert.equal(answer.headers['www-authenticate'], 'Bearer')
      assert.deepEqual(results, ['sync unauthorized'])
    }
  })

  test('more than one entry is malformed, and not all of them', async () => {
    const { answer, polled } = await sync('/sync?entry=repos/a&entry=repos/a')
    assert.deepEqual([answer.statusCode, polled], [400, []])
  })

  test('where no secret can be read, it is said so', async () => {
    const { send } = createWebhookServer({ secrets: [] })
    const answer = await send({ url: '/sync', headers: HEADERS, body: '' })
    assert.equal(answer.statusCode, 503)
  })

  test('without a secret counts with the webhooks of an address', async () => {
    const { send, results } = createWebhookServer({ secrets: [SECRET] })
    for (let sent = 0; sent < 200; sent++) {
      const url = sent % 2 === 0 ? '/webhook' : '/sync'
      await send({ url, headers: {}, body: announcing() })
    }
    const answer = await send({ url: '/sync', headers: {}, body: '' })
    assert.deepEqual([answer.statusCode, results.at(-1)], [429, 'sync throttled'])
  })
})
