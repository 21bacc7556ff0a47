import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { namedIn } from '../../../src/base/file-name.js'
import type { ConnectionSettings } from '../../../src/transport/http/connection-settings.js'
import { parseProxy } from '../../../src/transport/http/proxy.js'
import { createHttpClient } from '../../../src/transport/http/undici-client.js'
import { atEnd } from '../../helpers/at-end.js'
import { createCa } from '../../helpers/certificates.js'
import { failsWith } from '../../helpers/fails-with.js'
import { startForwardProxy } from '../../helpers/forward-proxy.js'
import { type TestScope, tempDir } from '../../helpers/git.js'
import { startHttpServer } from '../../helpers/http-server.js'
import { startHttpsServer } from '../../helpers/https-server.js'

/** What answers a client for whose URLs these settings count, by what they contain. */
function createClient(t: TestScope, settings: Record<string, ConnectionSettings>) {
  const settingsFor = ({ href }: URL) =>
    Object.entries(settings).find(([part]) => href.includes(part))?.[1] ?? {}
  const client = createHttpClient({ idleTimeoutMs: 60_000, settingsFor })
  atEnd(t, () => client.close())
  return async (url: string) => {
    const response = await client.request({ url })
    for await (const _chunk of response.body);
    return response.statusCode
  }
}

test('one host is trusted by its own CA, another not at all, and the others as ever', async (t) => {
  const dir = tempDir(t)
  const ca = createCa(dir, 'ca')
  const { cert, key } = ca.issue('server')
  const tls = { cert: readFileSync(cert), key: readFileSync(key) }
  const server = await startHttpsServer(t, tls)
  const get = createClient(t, {
    '/named': { caFile: namedIn('/', ca.cert) },
    '/any': { skipTlsVerification: true },
  })
  const unknown = failsWith('tls-failed', /is not known here/)
  await assert.rejects(get(`${server.url}/other`), unknown)
  assert.equal(await get(`${server.url}/named`), 200)
  assert.equal(await get(`${server.url}/any`), 200)
  await assert.rejects(get(`${server.url}/other`), unknown)
})

test('each path has its own proxy, or none', async (t) => {
  const server = await startHttpServer(t, (_request, response) => response.end())
  const proxy = await startForwardProxy(t, { resolve: () => Number(new URL(server.url).port) })
  const get = createClient(t, {
    '/far': { proxy: parseProxy(proxy.url) },
    '/near': { proxy: false },
  })
  for (const path of ['near', 'far', 'other', 'far']) {
    assert.equal(await get(`${server.url}/${path}`), 200)
  }
  assert.deepEqual(proxy.asked, [`GET ${server.url}/far`, `GET ${server.url}/far`])
})
