// The transport over HTTP: what it asks for, and of whom observers are told.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import type { HttpClient } from '../../../src/transport/http/http-client.js'
import type { CheckResponse } from '../../../src/transport/http/response-check.js'
import { createHttpTransport } from '../../../src/transport/http/transport.js'
import { createHttpClient } from '../../../src/transport/http/undici-client.js'
import type { ObservedRequest } from '../../../src/transport/transport.js'
import { atEnd } from '../../helpers/at-end.js'
import { startHttpServer } from '../../helpers/http-server.js'

test('every request counts for the remote, wherever redirects lead', async (t) => {
  const other = await startHttpServer(t, (_, response) => response.end('0000'))
  const first = await startHttpServer(t, ({ url }, response) => {
    response.writeHead(302, { location: `${other.url}${url}` }).end()
  })
  const observed: ObservedRequest[] = []
  const client = createHttpClient({
    idleTimeoutMs: 60_000,
    observe: (request) => observed.push(request),
  })
  atEnd(t, () => client.close())
  const check: CheckResponse = async ({ body }) => body
  const transport = createHttpTransport({
    url: `${first.url}/site`,
    client,
    check,
    loginAt: () => assert.fail('nobody asks for credentials'),
  })
  const { signal } = new AbortController()
  for await (const _ of await transport.advertise(signal));
  for await (const _ of await transport.exchange(Buffer.from('0000'), 2, signal));
  assert.deepEqual(
    other.requests.map(({ url }) => url),
    ['/site/info/refs?service=git-upload-pack', '/site/git-upload-pack'],
  )
  const service = 'git-upload-pack'
  const { host } = new URL(first.url)
  assert.deepEqual(
    observed,
    ['302', '200', '200'].map((code) => ({ host, service, code })),
  )
})

test('what a redirect led to is asked with its own login, also while it is discovered anew', async () => {
  const there = 'https://there.example/site'
  const asked: string[] = []
  const answering = (who: string, statusCode: number): HttpClient => ({
    async request({ method = 'GET', url }) {
      asked.push(`${who} ${method}`)
      const at = method === 'GET' ? `${there}/info/refs?service=git-upload-pack` : url
      return {
        url: at,
        method,
        statusCode,
        statusMessage: '',
        headers: {},
        body: Readable.from([]),
      }
    },
  })
  const check: CheckResponse = async ({ body }) => body
  const transport = createHttpTransport({
    url: 'https://here.example/site',
    client: answering('here', 401),
    check,
    loginAt: () => ({ client: answering('there', 200), check, hasCredentials: async () => true }),
  })
  const { signal } = new AbortController()
  await transport.advertise(signal)
  const anew = transport.advertise(signal)
  await transport.exchange(Buffer.from('0000'), 2, signal)
  await anew
  assert.deepEqual(
    asked.filter((each) => each.endsWith('POST')),
    ['there POST'],
  )
})
