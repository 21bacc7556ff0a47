// Fetching objects of Git LFS over HTTP: what a server is asked, what goes along, and what it means
// when it refuses.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import { parseRemoteUrl } from '../../src/git/remote-url.js'
import { createLfsFetch, LFS_DOWNLOADS } from '../../src/lfs/lfs-session.js'
import { withAuthorization } from '../../src/transport/http/authorized-client.js'
import { refusalOf } from '../../src/transport/http/response-check.js'
import { createHttpClient } from '../../src/transport/http/undici-client.js'
import { atEnd } from '../helpers/at-end.js'
import { failsWith } from '../helpers/fails-with.js'
import { type TestScope, tempDir } from '../helpers/git.js'
import { startHttpServer } from '../helpers/http-server.js'
import { type BatchObject, startLfsServer } from '../helpers/lfs-server.js'
import { until } from '../helpers/service.js'

const OURS = { authorization: `Basic ${Buffer.from('me:secret').toString('base64')}` }

/** A server with these contents, and what fetches them as `me:secret`. */
async function setUp(t: TestScope, ...contents: string[]) {
  const server = await startLfsServer(t, tempDir(t))
  const objects = contents.map((content, at) => {
    const body = Buffer.from(content)
    const oid = createHash('sha256').update(body).digest('hex')
    server.objects.set(oid, body)
    return { oid, size: body.length, path: `file${at}` }
  })
  const client = createHttpClient({ idleTimeoutMs: 60_000 })
  atEnd(t, () => client.close())
  const clock = { now: 1_000_000 }
  const told: Record<string, string>[] = []
  const hostAnswer = { text: '{}' }
  const open = (repo = `${server.git.url}/one`) =>
    createLfsFetch(parseRemoteUrl(repo, '/'), {
      loginAt: ({ url }) => ({
        client: withAuthorization(client, url, async ({ rejected }) => (rejected ? {} : OURS)),
        refusalOf: (response) => refusalOf(response, clock.now, undefined),
      }),
      askHost: async () =>
        (async function* () {
          yield Buffer.from(hostAnswer.text)
        })(),
      findGitDir: async () => assert.fail(),
      onHeaders: (headers) => told.push(headers),
      now: () => clock.now,
    })
  const start = (signal = new AbortController().signal, config?: string) =>
    open()({ objects, config }, signal)
  return { clock, hostAnswer, objects, open, server, start, told }
}

async function read(stream: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream ?? []) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** `object` with other fields of its download. */
function changed(object: BatchObject, fields: object): BatchObject {
  const download = { href: '', ...object.actions?.['download'], ...fields }
  return { ...object, actions: { download } }
}

describe('fetching', () => {
  test('asks for all at once, and gives each', async (t) => {
    const { objects, server, start } = await setUp(t, 'one', 'two', 'three')
    assert.deepEqual(await Promise.all(start().map(read)), ['one', 'two', 'three'])
    assert.deepEqual(server.batches, [objects.map(({ oid }) => oid)])
  })

  test('logs in as the repository does, at its origin', async (t) => {
    const { server, start } = await setUp(t, 'one')
    server.auth = 'me:secret'
    assert.deepEqual(await Promise.all(start().map(read)), ['one'])
    assert.equal(server.downloads[0]?.authorization, OURS.authorization)
  })

  test('sends the headers of the answer, and tells of them', async (t) => {
    const { server, start, told } = await setUp(t, 'one')
    const header = { Authorization: 'RemoteAuth 12345678', 'Content-Length': '5', Host: 'other' }
    server.onBatch = (object) => changed(object, { header })
    assert.deepEqual(await Promise.all(start().map(read)), ['one'])
    assert.equal(server.downloads[0]?.authorization, 'RemoteAuth 12345678')
    assert.deepEqual(told, [{ authorization: 'RemoteAuth 12345678' }])
  })

  test('sends nothing of ours to another origin', async (t) => {
    const { server, start } = await setUp(t, 'one')
    const other = await startHttpServer(t, (_request, response) => {
      response.end('one')
    })
    server.auth = 'me:secret'
    server.onBatch = (object) =>
      changed(object, { href: `${other.url}/one?sig=1`, header: { 'x-theirs': 'yes' } })
    assert.deepEqual(await Promise.all(start().map(read)), ['one'])
    const [request] = other.requests
    assert.equal(request?.headers.authorization, undefined)
    assert.equal(request?.headers['x-theirs'], 'yes')
    assert.equal(request?.url, '/one?sig=1')
  })

  test('asks again where the answer has run out', async (t) => {
    const { clock, server, start } = await setUp(t, 'one', 'two')
    server.onBatch = (object) => changed(object, { expires_in: 60 })
    const [first, second] = start()
    assert.equal(await read(first), 'one')
    assert.equal(server.batches.length, 1)
    clock.now += 56_000
    assert.equal(await read(second), 'two')
    assert.equal(server.batches.length, 2)
  })

  test('believes what is in force for its own clock only', async (t) => {
    const { server, start } = await setUp(t, 'one')
    server.onBatch = (object) => changed(object, { expires_at: '1970-01-01T00:00:01Z' })
    assert.deepEqual(await Promise.all(start().map(read)), ['one'])
    assert.equal(server.batches.length, 2)
  })

  test('has eight on their way at most', async (t) => {
    const contents = Array.from({ length: 20 }, (_, n) => `content ${n}`)
    const { server, start } = await setUp(t, ...contents)
    const waiting: (() => void)[] = []
    let most = 0
    server.onRequest = async (request) => {
      if (!request.url?.startsWith('/lfs-objects/')) return false
      await new Promise<void>((resolve) => {
        most = Math.max(most, waiting.push(resolve))
      })
      return false
    }
    const reading = Promise.all(start().map(read))
    for (let answered = 0; answered < contents.length; answered++) {
      const due = Math.min(LFS_DOWNLOADS, contents.length - answered)
      await until(() => waiting.length === due, 'all that may be are on their way')
      waiting.shift()?.()
    }
    assert.deepEqual(await reading, contents)
    assert.equal(most, LFS_DOWNLOADS)
  })

  test('ends with its signal', async (t) => {
    const { server, start } = await setUp(t, 'one')
    const stop = new AbortController()
    let hasAsked = false
    server.onRequest = (request) => {
      hasAsked = request.url?.startsWith('/lfs-objects/') ?? false
      return hasAsked
    }
    const reading = read(start(stop.signal)[0])
    await until(() => hasAsked, 'it is asked for')
    stop.abort()
    await assert.rejects(reading, failsWith('aborted'))
  })

  test('asks an SSH host where objects are, and takes its headers along', async (t) => {
    const { hostAnswer, objects, open, server } = await setUp(t, 'one')
    const seen: (string | undefined)[] = []
    server.onBatch = (object, request) => {
      seen.push(request.headers.authorization)
      return object
    }
    const href = `${server.git.url}/one/info/lfs/`
    hostAnswer.text = JSON.stringify({ href, header: { Authorization: 'theirs' }, expires_in: 1 })
    const fetchLfs = open('git@host:org/one.git')
    const { signal } = new AbortController()
    const streams = fetchLfs({ objects, config: undefined }, signal)
    assert.deepEqual(await Promise.all(streams.map(read)), ['one'])
    assert.deepEqual(seen, ['theirs'])
  })
})

describe('a refusal', () => {
  const batchAnswers = (status: number, headers: Record<string, string> = {}, body = '') =>
    [status, headers, body] as const
  const cases = [
    [batchAnswers(401), 'authentication-required', /wants credentials/],
    [batchAnswers(403), 'access-denied', /right to read/],
    [batchAnswers(404), 'lfs-unavailable', /no Git LFS server at .*info\/lfs \(404/],
    [batchAnswers(501), 'lfs-unavailable', /501/],
    [batchAnswers(429, { 'retry-after': '7' }), 'rate-limited', /fewer requests/],
    [batchAnswers(500), 'server-error', /fault of its own/],
    [batchAnswers(200, {}, '<html>'), 'lfs-unavailable', /not JSON/],
    [batchAnswers(200, {}, '[]'), 'lfs-unavailable', /no list/],
    [batchAnswers(200, {}, '{"transfer":"tus","objects":[]}'), 'lfs-unavailable', /transfer/],
    [batchAnswers(200, {}, '{"hash_algo":"md5","objects":[]}'), 'lfs-unavailable', /hash/],
    [batchAnswers(200, {}, '{"objects":[]}'), 'lfs-object-missing', /file0/],
    [batchAnswers(200, {}, ' '.repeat(1_100_000)), 'lfs-unavailable', /more than/],
  ] as const
  for (const [[status, headers, body], code, words] of cases) {
    test(`of a batch with ${status} ${body.slice(0, 40).trim()} is ${code}`, async (t) => {
      const { server, start } = await setUp(t, 'one')
      server.onRequest = (_request, response) => {
        response.writeHead(status, headers).end(body)
        return true
      }
      await assert.rejects(read(start()[0]), (error) => {
        assert.ok(error instanceof SyncError)
        assert.deepEqual(error.dependency, { lfsHost: new URL(server.git.url).host })
        return failsWith(code, words)(error)
      })
    })
  }

  test('says how long it lasts', async (t) => {
    const { server, start } = await setUp(t, 'one')
    server.onRequest = (_request, response) => {
      response.writeHead(429, { 'retry-after': '7' }).end()
      return true
    }
    await assert.rejects(read(start()[0]), (error) => {
      assert.equal((error as { retryAfterMs?: number }).retryAfterMs, 7000)
      return true
    })
  })

  for (const code of [404, 410, 422]) {
    test(`of objects with ${code} names their paths`, async (t) => {
      const { server, start } = await setUp(t, 'one', 'two')
      server.onBatch = ({ oid, size }) => ({ oid, size, error: { code, message: 'not here' } })
      const words = /file0 .*, file1 .*not here/
      await assert.rejects(read(start()[0]), failsWith('lfs-object-missing', words))
    })
  }

  test('with a code that is no number is one all the same', async (t) => {
    const { server, start } = await setUp(t, 'one')
    for (const code of [{ toString: 1, valueOf: 1 }, [], 'not here', null]) {
      server.onBatch = ({ oid, size }) => ({ oid, size, error: { code, message: 'not here' } })
      await assert.rejects(read(start()[0]), failsWith('lfs-object-missing', /file0 .*not here/))
    }
  })

  test('of a download that is not there names its path', async (t) => {
    const { server, start } = await setUp(t, 'one')
    server.onRequest = (request, response) => {
      if (!request.url?.startsWith('/lfs-objects/')) return false
      response.writeHead(410).end()
      return true
    }
    await assert.rejects(read(start()[0]), failsWith('lfs-object-missing', /file0/))
  })

  test('is an address that is none', async (t) => {
    const { server, start } = await setUp(t, 'one')
    for (const href of ['file:///etc/passwd', 'nothing', '']) {
      server.onBatch = (object) => changed(object, { href })
      await assert.rejects(read(start()[0]), failsWith('lfs-unavailable', /address/))
    }
    server.onBatch = (object) => changed(object, { header: { 'x-a': 'b\r\nhost: c' } })
    await assert.rejects(read(start()[0]), failsWith('lfs-unavailable', /header/))
  })
})
