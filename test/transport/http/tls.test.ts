import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import type { ServerOptions } from 'node:https'
import path from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { namedIn } from '../../../src/base/file-name.js'
import type { TlsIdentity } from '../../../src/credentials/tls-identity.js'
import {
  createHttpClient,
  type HttpClientOptions,
} from '../../../src/transport/http/undici-client.js'
import { atEnd } from '../../helpers/at-end.js'
import { type CertificateFiles, createCa } from '../../helpers/certificates.js'
import { failsWith } from '../../helpers/fails-with.js'
import { type TestScope, tempDir } from '../../helpers/git.js'
import { startHttpsServer } from '../../helpers/https-server.js'

const serving = ({ cert, key }: CertificateFiles): ServerOptions => ({
  cert: readFileSync(cert),
  key: readFileSync(key),
})

const identityOf = ({ cert, key }: CertificateFiles, passphraseFile?: string): TlsIdentity => ({
  origin: { name: 'The credential for this host', folder: '/' },
  clientCertFile: cert,
  clientKeyFile: key,
  clientKeyPassphraseFile: passphraseFile,
})

function createClient(t: TestScope, options: Partial<HttpClientOptions> = {}) {
  const client = createHttpClient({ idleTimeoutMs: 60_000, ...options })
  atEnd(t, () => client.close())
  const get = async (url: string, identity?: TlsIdentity) => {
    const response = await client.request({ url, identity })
    const chunks: Uint8Array[] = []
    for await (const chunk of response.body) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }
  return { ...client, get }
}

test('an unknown CA is refused, and known once CA_FILE has it', async (t) => {
  const dir = tempDir(t)
  const ca = createCa(dir, 'ca')
  const server = await startHttpsServer(t, serving(ca.issue('server')))
  const unknown = failsWith(
    'tls-failed',
    /CA that issued the certificate of 127\.0\.0\.1:\d+ is not known here: name .* CA_FILE$/,
  )
  await assert.rejects(createClient(t).get(server.url), unknown)

  const caFile = path.join(dir, 'bundle.pem')
  copyFileSync(createCa(dir, 'other').cert, caFile)
  const client = createClient(t, { caFile: namedIn('/', caFile) })
  await assert.rejects(client.get(server.url), unknown)
  writeFileSync(caFile, `${readFileSync(caFile)}\n# ours\n${readFileSync(ca.cert)}`)
  assert.equal(await client.get(server.url), 'fine')
  assert.equal(await client.get(server.url), 'fine')
  assert.equal(server.connections, 1)

  copyFileSync(path.join(dir, 'other.pem'), caFile)
  await assert.rejects(client.get(server.url), unknown)
  // As a Secret's `data` is, written where its `stringData` belongs.
  writeFileSync(caFile, readFileSync(ca.cert).toString('base64'))
  assert.equal(await client.get(server.url), 'fine')
})

test('verification cannot be turned off by the environment', async (t) => {
  const server = await startHttpsServer(t, serving(createCa(tempDir(t), 'ca').issue('server')))
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
  atEnd(t, () => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before
  })
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
  await assert.rejects(createClient(t).get(server.url), failsWith('tls-failed'))
  assert.equal(server.requests.length, 0)
})

test('an expired certificate, one for another name, and an old version are told apart', async (t) => {
  const ca = createCa(tempDir(t), 'ca')
  const client = createClient(t, { caFile: namedIn('/', ca.cert) })
  const expired = await startHttpsServer(t, serving(ca.issue('expired', { days: 0 })))
  const names = ['DNS:git.example']
  const other = await startHttpsServer(t, serving(ca.issue('other', { names })))
  const old = await startHttpsServer(t, {
    ...serving(ca.issue('old')),
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  })
  for (const [server, words] of [
    [expired, /not valid at this time: renew it there, or correct the clock here$/],
    [other, /is for another name: use one of its names as the host of repo/],
    [old, /speaks only versions of TLS older than 1\.2: update it$/],
  ] as const) {
    await assert.rejects(client.get(server.url), failsWith('tls-failed', words))
    assert.equal(server.requests.length, 0)
  }
})

test('a CA_FILE that cannot be used is named, and read again', async (t) => {
  const dir = tempDir(t)
  const ca = createCa(dir, 'ca')
  const server = await startHttpsServer(t, serving(ca.issue('server')))
  const caFile = path.join(dir, 'late.pem')
  const client = createClient(t, { caFile: namedIn('/', caFile) })
  await assert.rejects(client.get(server.url), failsWith('tls-failed', /^CA_FILE .*ENOENT/))
  writeFileSync(caFile, 'no certificate')
  await assert.rejects(client.get(server.url), failsWith('tls-failed', /no certificate in PEM/))
  writeFileSync(caFile, readFileSync(ca.cert, 'utf8').replace(/\n[A-Za-z]{4}/, '\nAAAA'))
  await assert.rejects(client.get(server.url), failsWith('tls-failed', /cannot be parsed/))
  copyFileSync(ca.cert, caFile)
  assert.equal(await client.get(server.url), 'fine')
})

test('a CA_FILE that may be a secret is not shown', async (t) => {
  const server = await startHttpsServer(t, serving(createCa(tempDir(t), 'ca').issue('server')))
  const client = createClient(t, { caFile: namedIn('/none', 's3cret') })
  await assert.rejects(client.get(server.url), (error) => {
    assert.doesNotMatch(inspect(error), /s3cret/)
    return failsWith('tls-failed', /^CA_FILE \(not shown: .*\) cannot be read \(ENOENT/)(error)
  })
})

test('what is under way while a file changes comes to its end', async (t) => {
  const dir = tempDir(t)
  const ca = createCa(dir, 'ca')
  const waiting: ServerResponse[] = []
  const server = await startHttpsServer(t, serving(ca.issue('server')), (request, response) => {
    if (request.url === '/slow') waiting.push(response.writeHead(200))
    else response.end('fine')
  })
  const client = createClient(t, { caFile: namedIn('/', ca.cert) })
  const arrived = once(server.server, 'request')
  const slow = client.get(`${server.url}/slow`)
  await arrived
  writeFileSync(ca.cert, `# renewed\n${readFileSync(ca.cert)}`)
  assert.equal(await client.get(server.url), 'fine')
  assert.equal(server.connections, 2)
  for (const response of waiting) response.end('slow, but whole')
  assert.equal(await slow, 'slow, but whole')
})

test('each client certificate has connections of its own, and is read again when it changes', async (t) => {
  const dir = tempDir(t)
  const ca = createCa(dir, 'ca')
  const server = await startHttpsServer(t, {
    ...serving(ca.issue('server')),
    ca: readFileSync(ca.cert),
    requestCert: true,
    rejectUnauthorized: true,
  })
  const client = createClient(t, { caFile: namedIn('/', ca.cert) })
  const first = ca.issue('first')
  const second = ca.issue('second', { passphrase: 'of the key' })
  const passphraseFile = path.join(dir, 'passphrase')
  writeFileSync(passphraseFile, 'of the key\n')
  for (let round = 0; round < 2; round++) {
    await client.get(server.url, identityOf(first))
    await client.get(server.url, identityOf(second, passphraseFile))
  }
  assert.deepEqual(server.clients, ['first', 'second', 'first', 'second'])
  assert.equal(server.connections, 2)

  // As secret stores hand them out.
  const third = ca.issue('third')
  for (const file of [third.cert, third.key]) {
    const line = readFileSync(file, 'utf8').replaceAll('\n', '\\n')
    writeFileSync(file, Buffer.from(line).toString('base64'))
  }
  await client.get(server.url, identityOf(third))
  assert.equal(server.clients.at(-1), 'third')

  const renewed = ca.issue('renewed')
  copyFileSync(renewed.cert, first.cert)
  await assert.rejects(
    client.get(server.url, identityOf(first)),
    failsWith('credentials-invalid', /client certificate .* must be PEM and belong together/),
  )
  copyFileSync(renewed.key, first.key)
  await client.get(server.url, identityOf(first))
  assert.equal(server.clients.at(-1), 'renewed')

  await assert.rejects(
    client.get(server.url, identityOf(second)),
    failsWith('credentials-invalid', /clientKeyPassphraseFile/),
  )
  // The name may be the passphrase itself, put into the wrong field.
  for (const field of ['clientKeyFile', 'clientKeyPassphraseFile']) {
    const identity = { ...identityOf(second), [field]: 's3cret' }
    await assert.rejects(client.get(server.url, identity), (error) => {
      assert.doesNotMatch(inspect(error), /s3cret/)
      const words = `this host: its ${field} \\(not shown.*\\) cannot be read \\(ENOENT\\)`
      return failsWith('credentials-invalid', new RegExp(words))(error)
    })
  }
})

for (const version of ['tls1_2', 'tls1_3']) {
  test(`a client certificate that is missing or not trusted, by ${version}`, async (t) => {
    const dir = tempDir(t)
    const ca = createCa(dir, 'ca')
    const url = await startOpenssl(t, [`-${version}`, '-CAfile', ca.cert], ca.issue('server'))
    const client = createClient(t, { caFile: namedIn('/', ca.cert) })
    const words = /clientCertFile and clientKeyFile of (?:a|the) credential/
    await assert.rejects(client.get(url), failsWith('tls-failed', words))
    const stranger = identityOf(createCa(dir, 'other').issue('stranger'))
    await assert.rejects(client.get(url, stranger), failsWith('tls-failed', words))
    assert.match(await client.get(url, identityOf(ca.issue('friend'))), /CN ?= ?friend/)
  })
}

test('a client certificate does not follow a redirect to another origin', async (t) => {
  const ca = createCa(tempDir(t), 'ca')
  const options = {
    ...serving(ca.issue('server')),
    ca: readFileSync(ca.cert),
    requestCert: true,
    rejectUnauthorized: false,
  }
  const other = await startHttpsServer(t, options)
  const server = await startHttpsServer(t, options, (_, response) => {
    response.writeHead(302, { location: other.url }).end()
  })
  const client = createClient(t, { caFile: namedIn('/', ca.cert) })
  assert.equal(await client.get(server.url, identityOf(ca.issue('client'))), 'fine')
  assert.deepEqual([server.clients, other.clients], [['client'], ['']])
})

/** OpenSSL's own server, which insists on a client certificate and tells its reason. */
async function startOpenssl(t: TestScope, options: string[], { cert, key }: CertificateFiles) {
  const strict = ['-Verify', '1', '-verify_return_error', '-www']
  const files = ['-cert', cert, '-key', key]
  const accept = ['-accept', '127.0.0.1:0', '-naccept', '10']
  const server = spawn('openssl', ['s_server', ...accept, ...strict, ...files, ...options], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  atEnd(t, () => server.kill())
  let output = ''
  for await (const text of server.stdout) {
    output += text
    const [, port] = /ACCEPT 127\.0\.0\.1:(\d+)/.exec(output) ?? []
    if (port !== undefined) return `https://127.0.0.1:${port}`
  }
  throw new Error(`openssl s_server does not listen: ${output}`)
}
