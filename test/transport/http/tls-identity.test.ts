import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpRequest } from '../../../src/transport/http/http-client.js'
import { withIdentity } from '../../../src/transport/http/tls-identity.js'

const IDENTITY = {
  origin: { name: 'The credential', folder: '/' },
  clientCertFile: '/c',
  clientKeyFile: '/k',
  clientKeyPassphraseFile: undefined,
}

test('a certificate is shown to the origin of the remote, and to no other', async () => {
  const sent: HttpRequest[] = []
  const response = { method: 'GET', statusCode: 200, statusMessage: '', headers: {} }
  const inner = {
    async request(request: HttpRequest) {
      sent.push(request)
      return { ...response, url: request.url, body: (async function* () {})() }
    },
  }
  const client = withIdentity(inner, 'https://git.example/repo', async () => IDENTITY)
  const urls = ['https://git.example/x', 'https://git.example:8443/x', 'https://other.example/x']
  for (const url of urls) await client.request({ url })
  assert.deepEqual(
    sent.map(({ identity }) => identity),
    [IDENTITY, undefined, undefined],
  )
  assert.equal(withIdentity(inner, 'http://git.example/repo', assert.fail), inner)
  assert.equal(withIdentity(inner, 'file:///srv/repo', assert.fail), inner)
})
