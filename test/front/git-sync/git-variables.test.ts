// What git finds in its environment, against a server that wants a client certificate.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { createCa } from '../../helpers/certificates.js'
import { tempDir } from '../../helpers/git.js'
import { linkedTo, startGitSync } from '../../helpers/git-sync.js'
import { setUp } from '../../helpers/git-sync-setup.js'

test("git's own variables name the CA, and the certificate that is shown", async (t) => {
  const ca = createCa(tempDir(t), 'ca')
  const { cert, key } = ca.issue('server')
  const tls = {
    cert: readFileSync(cert),
    key: readFileSync(key),
    ca: readFileSync(ca.cert),
    requestCert: true,
    rejectUnauthorized: true,
  }
  const { args, first, link } = await setUp(t, { a: '1' }, { tls })
  const env = {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.sslCAInfo',
    GIT_CONFIG_VALUE_0: ca.cert,
  }
  const flags = [...args, '--one-time', '--git-config=http.sslCAInfo:/none']
  const unknown = startGitSync(t, flags, env)
  assert.equal(await unknown.exitCode(), 1)
  assert.match(unknown.stderr, /wants a client certificate.* http\.sslCert and http\.sslKey"/)
  const client = ca.issue('client')
  const known = startGitSync(t, flags, {
    ...env,
    GIT_SSL_CERT: client.cert,
    GIT_SSL_KEY: client.key,
  })
  assert.equal(await known.exitCode(), 0, known.stderr)
  assert.equal(linkedTo(link), first)
})
