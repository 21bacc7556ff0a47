import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { namedIn } from '../../src/base/file-name.js'
import { createCredentials } from '../../src/credentials/credentials.js'
import { createCredentialsParser } from '../../src/credentials/file/parser.js'
import { parseRemoteUrl } from '../../src/git/remote-url.js'
import { failsWith } from '../helpers/fails-with.js'
import { tempDir } from '../helpers/git.js'

test('a credential names its certificate by files beside the credentials file', async (t) => {
  const dir = tempDir(t)
  const file = path.join(dir, 'credentials.json')
  const clientCert = { clientCertFile: 'tls/cert.pem', clientKeyFile: '/keys/key.pem' }
  writeFileSync(
    file,
    JSON.stringify([
      { url: 'https://git.example/', ...clientCert },
      { url: 'https://git.example/plain', token: 'x' },
      { name: 'deep', url: 'https://git.example/deep', ...clientCert },
      { name: 'own', ...clientCert, token: 'x', clientKeyPassphraseFile: 'pass' },
    ]),
  )
  const credentials = createCredentials({ path: namedIn('/', file) })
  const identityFor = (url: string, name?: string) =>
    credentials.identityFor(parseRemoteUrl(url, '/'), name)
  const origin = (which: string) => ({ name: `The credential ${which} in ${file}`, folder: dir })
  assert.deepEqual(await identityFor('https://git.example/team/app'), {
    origin: origin('for https://git.example/'),
    ...clientCert,
    clientKeyPassphraseFile: undefined,
  })
  assert.equal(await identityFor('https://git.example/plain'), undefined)
  assert.equal(await identityFor('https://other.example/'), undefined)
  assert.deepEqual(await identityFor('https://other.example/', 'own'), {
    origin: origin('"own"'),
    ...clientCert,
    clientKeyPassphraseFile: 'pass',
  })
  const byCommit = (url: string, name: string) =>
    credentials.identityFor(parseRemoteUrl(url, '/'), name, { fallsBack: true })
  assert.equal(await byCommit('https://git.example/plain', 'deep'), undefined)
  assert.deepEqual((await byCommit('https://git.example/deep/x', 'deep'))?.origin, origin('"deep"'))
  const none = createCredentials({ path: undefined })
  assert.equal(await none.identityFor(parseRemoteUrl('https://a/b', '/'), undefined), undefined)
})

test('half a client certificate is a fault', () => {
  const parse = createCredentialsParser()
  const check = (fields: object) => () =>
    parse(JSON.stringify([{ name: 'a', ...fields }]), namedIn('/', 'c.json'))
  const both = failsWith('credentials-invalid', /\/0 needs both clientCertFile and clientKeyFile/)
  assert.throws(check({ clientCertFile: 'c' }), both)
  assert.throws(check({ clientKeyFile: 'k' }), both)
  assert.throws(
    check({ clientKeyPassphraseFile: 'p' }),
    failsWith('credentials-invalid', /clientKeyPassphraseFile without a clientKeyFile/),
  )
  assert.equal(check({ clientCertFile: 'c', clientKeyFile: 'c' })().length, 1)
})
