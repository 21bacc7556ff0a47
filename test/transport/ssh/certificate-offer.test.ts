// Who shows a certificate must also have its key: that signature is ssh2's to verify. No sshd
// shows a certificate of a key that it does not have, so this server is made of ssh2's own.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import ssh2 from 'ssh2'
import { systemClock } from '../../../src/base/clock.js'
import { parsePrivateKey } from '../../../src/credentials/ssh/private-key.js'
import { toSshCredential } from '../../../src/credentials/ssh/ssh-credential.js'
import { parseRemoteUrl } from '../../../src/git/remote-url.js'
import { offerHostCertificates } from '../../../src/transport/ssh/certificate-offer.js'
import { connect } from '../../../src/transport/ssh/connect.js'
import { atEnd } from '../../helpers/at-end.js'
import { failsWith } from '../../helpers/fails-with.js'
import { type TestScope, tempDir } from '../../helpers/git.js'
import { createCertificate, createKey, knownHostsLine } from '../../helpers/sshd.js'
import { foundIn, NOWHERE, signal } from './ssh-harness.js'

interface ServerProtocol {
  _kex: { negotiated: { serverHostKey: string } }
}

interface Impostor {
  /** Of the certificate. */
  shown: string
  /** Signs the exchange of keys. */
  signer: string
  /** What it says that the signature is. */
  signatureType: string
}

/** Starts a server that lets everyone in; returns its port. */
async function serve(t: TestScope, { shown, signer, signatureType }: Impostor): Promise<number> {
  const key = parsePrivateKey(readFileSync(signer, 'utf8'), undefined)
  const [type, base64 = ''] = readFileSync(`${shown}-cert.pub`, 'utf8').split(' ')
  let protocol: ServerProtocol | undefined
  const certified = Object.create(key, {
    type: { value: type },
    getPublicSSH: { value: () => Buffer.from(base64, 'base64') },
    sign: {
      value(exchange: Buffer) {
        // Else it would call its signature what was agreed on, which is the certificate.
        if (protocol) protocol._kex.negotiated.serverHostKey = signatureType
        return key.sign(exchange)
      },
    },
  })
  const server = new ssh2.Server({ hostKeys: [{ key: certified, passphrase: '' }] }, (client) => {
    protocol = Reflect.get(client, '_protocol')
    client.on('error', () => {})
    client.on('authentication', (context) => context.accept())
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', () => resolve(undefined)))
  atEnd(t, () => server.close())
  return (server.address() as AddressInfo).port
}

test('a certificate is worth nothing without its key', async (t) => {
  const dir = tempDir(t)
  const [authority = '', host = '', thief = ''] = ['authority', 'host', 'thief'].map((name) =>
    createKey(path.join(dir, name), 'ed25519'),
  )
  createCertificate(host, authority, '-h', '-n', '127.0.0.1')
  const logIn = async (signer: string, signatureType = 'ssh-ed25519') => {
    const port = await serve(t, { shown: host, signer, signatureType })
    const knownHosts = path.join(dir, 'known_hosts')
    writeFileSync(knownHosts, `@cert-authority ${knownHostsLine(authority, port)}`)
    const remote = parseRemoteUrl(`ssh://git@127.0.0.1:${port}/repo`, '/')
    const credential = { knownHostsFile: knownHosts }
    const { client } = await connect(
      { host: '127.0.0.1', port, user: 'git' },
      toSshCredential(remote, foundIn(credential)),
      { clock: systemClock, defaults: NOWHERE, connectTimeoutMs: 60_000, loginTimeoutMs: 60_000 },
      signal,
    )
    client.end()
  }
  await logIn(host)
  await assert.rejects(logIn(thief), failsWith('ssh-failed', /signature verification failed/))
  await assert.rejects(
    logIn(host, 'ssh-ed25519-cert-v01@openssh.com'),
    failsWith('ssh-failed', /Wrong signature type/),
  )
  await assert.rejects(logIn(host, 'rsa-sha2-256'), failsWith('ssh-failed', /Wrong signature type/))
})

test('an ssh2 that is built otherwise is told from one that is not', () => {
  // It has its protocol only once it connects.
  const others = [
    {},
    { _offer: {}, _kex: {} },
    { _offer: { lists: { serverHostKey: ['a'] } }, _kex: 1 },
  ]
  const list = { array: ['ssh-ed25519'] }
  const plain = { _offer: { lists: { kex: list, serverHostKey: list } }, _kex: undefined }
  for (const protocol of [undefined, null, 'x', ...others, plain]) {
    const client = new ssh2.Client()
    if (protocol !== undefined) Reflect.set(client, '_protocol', protocol)
    assert.throws(() => offerHostCertificates(client), failsWith('internal', /ssh2 1\.17\.0/))
  }
})
