// What is posted, how it is signed, and what each answer leads to, with real requests.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import path from 'node:path'
import { describe, test } from 'node:test'
import { systemClock } from '../../src/base/clock.js'
import { createRedactor } from '../../src/base/known-secrets.js'
import { HookRefusal } from '../../src/hooks/hook-refusal.js'
import { createHookRunner } from '../../src/hooks/hook-runner.js'
import { createPoster } from '../../src/hooks/post-hook.js'
import { parseSecrets, signatureHeaders } from '../../src/hooks/signature.js'
import type { PostHook } from '../../src/listing/hook.js'
import { createHttpClient } from '../../src/transport/http/undici-client.js'
import { atEnd } from '../helpers/at-end.js'
import { failsWith } from '../helpers/fails-with.js'
import { FakeClock } from '../helpers/fake-clock.js'
import { type TestScope, tempDir } from '../helpers/git.js'
import { startHttpServer } from '../helpers/http-server.js'
import { eventOf, postHook } from './hook-events.js'

const OID = 'a'.repeat(40)

interface Received {
  headers: IncomingMessage['headers']
  url: string | undefined
  body: string
}

/** A service that answers as `answer` does, and what it was sent. */
async function create(
  t: TestScope,
  answer: (response: ServerResponse) => void = (response) => response.end(),
  clock = systemClock,
) {
  const received: Received[] = []
  const server = await startHttpServer(t, async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    received.push({ headers: request.headers, url: request.url, body })
    answer(response)
  })
  const client = createHttpClient({ idleTimeoutMs: 5000 })
  atEnd(t, () => client.close())
  const redactor = createRedactor()
  const post = createPoster({ client, clock, redactor })
  const run = createHookRunner({ clock, post, environment: {}, onLine: () => undefined })
  const dir = tempDir(t)
  const file = (name: string, text: string) => {
    writeFileSync(path.join(dir, name), text)
    return path.join(dir, name)
  }
  const send = (hook: Partial<PostHook>, event = eventOf(OID), stop = new AbortController()) =>
    run(postHook(`${server.url}/published`, hook), {
      ...{ event, id: 'msg_1', directory: '/tmp', signal: stop.signal },
    })
  return { clock, file, received, redactor, send, server }
}

test('a signature is that of the reference libraries', () => {
  const [key] = parseSecrets('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n') ?? []
  assert.ok(key)
  const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' }
  assert.deepEqual(signatureHeaders(message, [key], 1614265330_500), {
    'webhook-id': message.id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

describe('a post', () => {
  test('says what was published', async (t) => {
    const { received, send } = await create(t)
    const summary = { subject: 'Fix "it"', author: 'A', committedAt: 0 }
    await send({}, eventOf(OID, { previousOid: 'b'.repeat(40), summary }))
    const { body = '', headers } = received[0] ?? {}
    assert.deepEqual(JSON.parse(body), {
      event: 'after',
      entry: 'site',
      repo: 'https://git.example.com/a.git',
      ref: 'refs/heads/main',
      oid: OID,
      previousOid: 'b'.repeat(40),
      path: '/tmp',
      changedCount: 1,
      changedPaths: ['a'],
      subject: 'Fix "it"',
      author: 'A',
    })
    assert.equal(headers?.['content-type'], 'application/json')
    assert.equal(headers?.['webhook-signature'], undefined)
  })

  test('is signed by each secret, and has headers from files, as they are now', async (t) => {
    const { file, received, redactor, send } = await create(t)
    const keys = ['one', 'two'].map((text) => Buffer.from(text.repeat(10)))
    const secrets = keys.map((key) => `whsec_${key.toString('base64')}`)
    const secretFile = file('secret', `${secrets.join('\n')}\n`)
    const hook = { secretFile, headerFiles: { authorization: file('token', 'Bearer abc-123-x\n') } }
    await send(hook)
    file('token', 'Bearer def-456-y\n')
    await send(hook)
    assert.deepEqual(
      received.map(({ headers }) => headers['authorization']),
      ['Bearer abc-123-x', 'Bearer def-456-y'],
    )
    const { body = '', headers = {} } = received[0] ?? {}
    const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    const expected = keys.map(
      (key) => `v1,${createHmac('sha256', key).update(content).digest('base64')}`,
    )
    assert.equal(headers['webhook-signature'], expected.join(' '))
    assert.equal(redactor.redact('it was abc-123-x'), 'it was [redacted]')
  })

  test('fills its body and its address, and no value gets out of its text', async (t) => {
    const { received, send, server } = await create(t)
    const body = { text: '{{ subject }} at {{oid}}', list: ['{{entry}}'], 'a{{oid}}': 1, n: null }
    const summary = { subject: '", "admin": true, "x": "', author: 'A', committedAt: 0 }
    const hook = { url: `${server.url}/statuses/{{oid}}?by={{author}}`, body }
    await send(hook, eventOf(OID, { summary: { ...summary, author: 'a&b/c' } }))
    assert.deepEqual(JSON.parse(received[0]?.body ?? ''), {
      text: `", "admin": true, "x": " at ${OID}`,
      list: ['site'],
      'a{{oid}}': 1,
      n: null,
    })
    assert.equal(received[0]?.url, `/statuses/${OID}?by=a%26b%2Fc`)
  })

  test('takes its address from a file, of which what is long is a secret then', async (t) => {
    const { file, received, redactor, send, server } = await create(t)
    const token = 'a0b1c2d3e4f5g6h7'
    const address = `${server.url}/services/{{entry}}/${token}?sig=${token}-2&api-version=1`
    await send({ url: undefined, urlFile: file('url', `${address}\n`) })
    const url = `/services/site/${token}?sig=${token}-2&api-version=1`
    assert.equal(received[0]?.url, url)
    assert.equal(
      redactor.redact(`POST ${url}, site, services`),
      'POST /services/site/[redacted]?sig=[redacted]&api-version=1, site, services',
    )
  })

  test('takes no address from a file that the listing may not have', async (t) => {
    const { file, received, send } = await create(t)
    const answers: [address: string, words: RegExp][] = [
      ['https://{{oid}}.example.com/', /its address may have placeholders after the host only/],
      ['https://example.com/{{sha}}', /its address has {{sha}}, a placeholder that nobody fills/],
      ['https://a:b@example.com/', /credentials in it: take them out, and give the hook headerFi/],
      ['example.com', /its address must be a URL of https/],
    ]
    for (const [address, words] of answers) {
      const hook = { url: undefined, urlFile: file('url', address) }
      await assert.rejects(send(hook), failsWith('credentials-invalid', words))
    }
    assert.deepEqual(received, [])
  })

  test('that is refused says why', async (t) => {
    const { send, server } = await create(t, (response) => {
      response.writeHead(400)
      response.end('invalid_payload\n')
    })
    const words = new RegExp(
      `after/0 \\(${server.url}\\) answers with status 400: invalid_payload$`,
    )
    await assert.rejects(send({}), (error) => {
      failsWith('hook-failed', words)(error)
      return error instanceof HookRefusal
    })
  })

  for (const status of [408, 425, 500]) {
    test(`that is answered with ${status} says nothing of what was posted`, async (t) => {
      const { send } = await create(t, (response) => {
        response.writeHead(status, { 'retry-after': '7' })
        response.end()
      })
      await assert.rejects(send({}), (error) => {
        failsWith('server-error', new RegExp(`status ${status}$`))(error)
        assert.equal((error as { retryAfterMs?: number }).retryAfterMs, 7000)
        return !(error instanceof HookRefusal)
      })
    })
  }

  test('that comes too often is to wait', async (t) => {
    const { send } = await create(t, (response) => {
      response.writeHead(429, { 'retry-after': '7' })
      response.end()
    })
    await assert.rejects(send({}), (error) => {
      failsWith('rate-limited')(error)
      assert.equal((error as { retryAfterMs?: number }).retryAfterMs, 7000)
      return true
    })
  })

  test('is not sent on to where it is redirected', async (t) => {
    const other = await create(t)
    const { send } = await create(t, (response) => {
      response.writeHead(307, { location: `${other.server.url}/elsewhere` })
      response.end()
    })
    await assert.rejects(send({}), failsWith('hook-failed', /redirect, which is not followed/))
    assert.deepEqual(other.received, [])
  })

  test('that is not answered ends with its time, or with the work', async (t) => {
    const clock = new FakeClock(Date.now())
    let hasCome: () => void = () => undefined
    const { send } = await create(t, () => hasCome(), clock)
    const come = () =>
      new Promise<void>((resolve) => {
        hasCome = resolve
      })
    let isThere = come()
    const late = send({ timeoutMs: 4000 })
    await isThere
    await Promise.all([
      assert.rejects(late, failsWith('hook-failed', /had no answer after 4 s/)),
      clock.advance(4000),
    ])
    isThere = come()
    const stop = new AbortController()
    const stopped = send({}, eventOf(OID), stop)
    await isThere
    stop.abort()
    await assert.rejects(stopped, failsWith('aborted'))
    assert.equal(clock.pendingTimers, 0)
  })

  test('that lacks its secret says which file', async (t) => {
    const { file, received, send } = await create(t)
    const secretFile = file('secret.txt', 'hunter2hunter2\n')
    await assert.rejects(send({ secretFile }), (error) => {
      failsWith('credentials-invalid', /The hook after\/0: its secretFile has a line/)(error)
      return !String(error).includes('hunter2')
    })
    const missing = { authorization: path.join(path.dirname(secretFile), 'token.txt') }
    await assert.rejects(
      send({ headerFiles: missing }),
      failsWith('credentials-invalid', /token\.txt cannot be read \(ENOENT\)/),
    )
    assert.deepEqual(received, [])
  })
})
