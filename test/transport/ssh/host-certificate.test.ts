// Host certificates as a real sshd shows them. Where ssh2 changes what certificate-offer.ts
// relies on, the tests of what is accepted fail.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { failsWith } from '../../helpers/fails-with.js'
import { createRepo, type TestScope, tempDir } from '../../helpers/git.js'
import {
  createCertificate,
  createKey,
  fingerprintOf,
  knownHostsLine,
  startSshd,
} from '../../helpers/sshd.js'
import { bytesOf, createHarness, credentialFor, signal } from './ssh-harness.js'

const LOOPBACK = ['-h', '-n', '127.0.0.1']

interface HostOptions {
  /** As for ssh-keygen. @default ['ed25519'] */
  keyType?: readonly string[]
  /** As for ssh-keygen. @default ['ed25519'] */
  authorityType?: readonly string[]
  /** Further lines of the configuration. */
  config?: readonly string[]
}

/** A server with one host key and a certificate of it, which `args` say. */
async function serve(t: TestScope, args: readonly string[], options: HostOptions = {}) {
  const { keyType = ['ed25519'], authorityType = ['ed25519'], config = [] } = options
  const keys = tempDir(t)
  const create = (name: string, [type = '', ...more]: readonly string[]) =>
    createKey(path.join(keys, name), type, ...more)
  const authority = create('authority', authorityType)
  const hostKey = create('host', keyType)
  const certificate = createCertificate(hostKey, authority, ...args)
  const sshd = await startSshd(t, {
    hostKeyTypes: [],
    config: [`HostKey ${hostKey}`, `HostCertificate ${certificate}`, ...config],
  })
  const repo = createRepo(path.join(sshd.dir, 'repo.git'), { bare: true })
  repo.commit('first', { file: randomBytes(1 << 19).toString('base64') })
  const trust = (...lines: string[]) => writeFileSync(sshd.knownHosts, lines.join(''))
  const authorityLine = `@cert-authority ${knownHostsLine(authority, sshd.port)}`
  trust(authorityLine)
  const connect = (host = '127.0.0.1') => {
    const { session } = createHarness(t, {
      lookup: (_host, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
    })
    return session(sshd.url(repo.dir).replace('127.0.0.1', host), credentialFor(sshd))
  }
  const poll = async (host?: string) => {
    const [head] = await connect(host).listRefs(['HEAD'], signal)
    assert.equal(head?.oid, repo.oid('HEAD'))
  }
  /** Has the server show another certificate. */
  const certify = async (by: string, ...others: string[]) => {
    createCertificate(hostKey, by, ...others)
    await sshd.stop()
    await sshd.start()
  }
  return { sshd, repo, authority, authorityLine, hostKey, create, trust, connect, poll, certify }
}

/** Accepts only a refusal that says so, after which a renewed certificate is found by itself. */
function refuses(words: string): (error: unknown) => true {
  const pattern = new RegExp(words.replace(/[+/[\].*?()]/g, '\\$&'))
  return (error) => {
    failsWith('host-certificate-refused', pattern)(error)
    assert.equal((error as { disposition?: string }).disposition, 'wait')
    return true
  }
}

const PAIRS: readonly (readonly [
  keyType: readonly string[],
  authorityType: readonly string[],
  signature: readonly string[],
])[] = [
  [['ed25519'], ['ed25519'], []],
  [['ecdsa', '-b', '256'], ['rsa'], ['-t', 'rsa-sha2-512']],
  [['ecdsa', '-b', '384'], ['rsa'], ['-t', 'rsa-sha2-256']],
  [['ecdsa', '-b', '521'], ['ecdsa', '-b', '256'], []],
  [['rsa'], ['ecdsa', '-b', '384'], []],
  [['rsa'], ['ecdsa', '-b', '521'], []],
]

for (const [keyType, authorityType, signature] of PAIRS) {
  const name = `${keyType.join(' ')} signed by ${[...authorityType, ...signature].join(' ')}`
  test(`a certificate of a known authority is enough: ${name}`, async (t) => {
    const { poll } = await serve(t, [...LOOPBACK, ...signature], { keyType, authorityType })
    await poll()
  })
}

test('an RSA host that signs with SHA-256 only', async (t) => {
  const config = ['HostKeyAlgorithms rsa-sha2-256-cert-v01@openssh.com']
  const { poll } = await serve(t, LOOPBACK, { keyType: ['rsa'], config })
  await poll()
})

test('a certificate holds for each later exchange of keys on the connection', async (t) => {
  const config = ['RekeyLimit 128K', 'LogLevel DEBUG1']
  const { sshd, repo, connect } = await serve(t, LOOPBACK, { config })
  const wants = [repo.oid('HEAD')]
  await bytesOf(await connect().fetch({ wants, haves: [], thinPack: false }, signal))
  const exchanges = sshd.log().match(/rekey in after/g) ?? []
  assert.ok(exchanges.length > 1, `${exchanges.length} exchanges`)
})

test('a certificate with a group exchange, which goes another way through ssh2', async (t) => {
  const config = ['KexAlgorithms diffie-hellman-group-exchange-sha256']
  const { poll } = await serve(t, LOOPBACK, { config })
  await poll()
})

test('a certificate that does not hold is refused, and says why', async (t) => {
  const { poll, authority, certify, create, hostKey, sshd } = await serve(t, [
    '-h',
    '-n',
    'a.example,b.example',
  ])
  const shown = `a certificate for its host key ssh-ed25519 ${fingerprintOf(`${hostKey}.pub`)}, `
  const signed = `signed by ssh-ed25519 ${fingerprintOf(`${authority}.pub`)}, that `
  const refusesAs = (words: string) => refuses(`${shown}${signed}${words}; ask who runs it`)
  await assert.rejects(poll(), refusesAs('is for a.example, b.example, not for 127.0.0.1'))
  await certify(authority, '-h')
  await assert.rejects(poll(), refusesAs('names no host'))
  await certify(authority, ...LOOPBACK, '-V', '20200101000000Z:20210101000000Z')
  await assert.rejects(poll(), refusesAs('expired at 2021-01-01T00:00:00.000Z'))
  await certify(authority, ...LOOPBACK, '-V', '20900101000000Z:20910101000000Z')
  await assert.rejects(poll(), refusesAs('is not valid before 2090-01-01T00:00:00.000Z'))
  await certify(authority, '-n', '127.0.0.1')
  await assert.rejects(poll(), refusesAs('is for a user, not for a host'))
  await certify(authority, ...LOOPBACK, '-O', 'critical:only@example=1')
  await assert.rejects(poll(), refusesAs('has an unknown critical option, only@example'))
  const other = create('other', ['ed25519'])
  await certify(other, ...LOOPBACK)
  await assert.rejects(
    poll(),
    refuses(
      `signed by ssh-ed25519 ${fingerprintOf(`${other}.pub`)}, that is not signed by the known ssh-ed25519 ${fingerprintOf(`${authority}.pub`)}; `,
    ),
  )
  assert.doesNotMatch(sshd.log(), /Accepted/)
  await certify(authority, ...LOOPBACK, '-V', '-1h:+1h')
  await poll()
})

test('a certificate that SHA-1 signs is refused', async (t) => {
  const { poll } = await serve(t, [...LOOPBACK, '-t', 'ssh-rsa'], { authorityType: ['rsa'] })
  await assert.rejects(poll(), refuses('has a signature (ssh-rsa) that is forged, or of a kind'))
})

test('a revoked authority or key is refused, even where the key is known', async (t) => {
  const { poll, trust, authority, authorityLine, hostKey, sshd } = await serve(t, LOOPBACK)
  for (const bad of [authority, hostKey]) {
    const line = `@revoked * ${readFileSync(`${bad}.pub`, 'utf8')}`
    trust(authorityLine, knownHostsLine(hostKey, sshd.port), line)
    const fingerprint = fingerprintOf(`${bad}.pub`).replace(/[+/]/g, '\\$&')
    await assert.rejects(poll(), failsWith('host-key-changed', new RegExp(`${fingerprint}, which`)))
  }
  assert.doesNotMatch(sshd.log(), /Accepted/)
})

test('a key that is known needs no certificate that holds', async (t) => {
  const { poll, trust, authorityLine, hostKey, create, sshd } = await serve(t, [
    '-h',
    '-n',
    'other',
  ])
  const known = knownHostsLine(hostKey, sshd.port)
  trust(known)
  await poll()
  trust(authorityLine, known)
  await poll()
  trust(authorityLine, knownHostsLine(create('former', ['ed25519']), sshd.port))
  await assert.rejects(poll(), refuses('is for other, not for 127.0.0.1'))
})

test('an authority counts for the hosts of its line: hashed, with wildcards, with a port', async (t) => {
  const { poll, trust, authority, sshd } = await serve(t, ['-h', '-n', 'git.example,127.0.0.1'])
  const key = readFileSync(`${authority}.pub`, 'utf8')
  for (const pattern of ['*.example', `[*.example]:${sshd.port}`, 'git.example', '*,!other']) {
    trust(`@cert-authority ${pattern} ${key}`)
    await poll('git.example')
    await poll('GIT.example')
  }
  trust(`git.example ${key}`)
  execFileSync('ssh-keygen', ['-q', '-H', '-f', sshd.knownHosts], { stdio: 'ignore' })
  trust(`@cert-authority ${readFileSync(sshd.knownHosts, 'utf8')}`)
  assert.match(readFileSync(sshd.knownHosts, 'utf8'), /^@cert-authority \|1\|/)
  await poll('git.example')
  // It is not asked for a certificate then, and shows its key alone.
  await assert.rejects(poll(), failsWith('host-key-unknown', /is not known: it shows ssh-ed25519 /))
  // Within a certificate, a name is a name.
  const { poll: pollOther } = await serve(t, ['-h', '-n', '*,*.example,127.0.0.?'])
  await assert.rejects(pollOther(), refuses('is for *, *.example, 127.0.0.?, not for 127.0.0.1'))
})

test('a host without a certificate is told from one with a wrong one', async (t) => {
  const sshd = await startSshd(t)
  writeFileSync(sshd.knownHosts, `@cert-authority ${knownHostsLine(sshd.key, sshd.port)}`)
  const { session } = createHarness(t)
  const remote = session(sshd.url('/none'), credentialFor(sshd))
  const fingerprint = fingerprintOf(`${sshd.key}.pub`).replace(/[+/]/g, '\\$&')
  await assert.rejects(
    remote.listRefs(['HEAD'], signal),
    failsWith(
      'host-key-unknown',
      new RegExp(`nor does it show a certificate of ssh-ed25519 ${fingerprint}: `),
    ),
  )
})
