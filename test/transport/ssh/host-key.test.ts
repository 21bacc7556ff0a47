import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { Credential } from '../../../src/credentials/credential.js'
import { failsWith } from '../../helpers/fails-with.js'
import { createRepo, type TestScope } from '../../helpers/git.js'
import {
  createKey,
  fingerprintOf,
  knownHostsLine,
  type SshdOptions,
  startSshd,
} from '../../helpers/sshd.js'
import { createHarness, credentialFor, signal } from './ssh-harness.js'

/** A server with a repository; `poll` connects anew and expects its HEAD. */
async function serve(t: TestScope, options: SshdOptions = {}) {
  const sshd = await startSshd(t, options)
  const repo = createRepo(path.join(sshd.dir, 'repo.git'), { bare: true })
  repo.commit('first', { file: '1' })
  const poll = async (more: Credential = {}) => {
    const { session, transports } = createHarness(t)
    const refs = await session(sshd.url(repo.dir), credentialFor(sshd, more)).listRefs(
      ['HEAD'],
      signal,
    )
    assert.equal(refs[0]?.name, 'HEAD')
    await transports.close()
  }
  return { sshd, poll }
}

function escaped(text: string): string {
  return text.replace(/[+/[\]]/g, '\\$&')
}

test('a host that is not known is refused, with its fingerprint and where to add it', async (t) => {
  const { sshd, poll } = await serve(t)
  const fingerprint = fingerprintOf(path.join(sshd.dir, 'host_ed25519.pub'))
  writeFileSync(sshd.knownHosts, knownHostsLine(sshd.key, sshd.port, 'other.example'))
  await assert.rejects(poll(), (error) => {
    failsWith('host-key-unknown', new RegExp(`shows ssh-ed25519 ${escaped(fingerprint)};`))(error)
    return failsWith('host-key-unknown', new RegExp(`add it to ${sshd.knownHosts}$`))(error)
  })
  // Nothing is learnt by itself.
  await assert.rejects(poll(), failsWith('host-key-unknown'))
  assert.doesNotMatch(sshd.log(), /Accepted/)
})

test('a changed host key is refused with both fingerprints, and stalled', async (t) => {
  const { sshd, poll } = await serve(t)
  const former = createKey(path.join(sshd.dir, 'former'), 'ed25519')
  writeFileSync(sshd.knownHosts, knownHostsLine(former, sshd.port))
  const [shown, known] = [path.join(sshd.dir, 'host_ed25519.pub'), `${former}.pub`].map((file) =>
    escaped(fingerprintOf(file)),
  )
  await assert.rejects(poll(), (error) => {
    const words = new RegExp(`shows .* ssh-ed25519 ${shown}, but known is ssh-ed25519 ${known} `)
    failsWith('host-key-changed', words)(error)
    return (error as { disposition?: string }).disposition === 'stall'
  })
  assert.doesNotMatch(sshd.log(), /Accepted/)
})

test('of several host keys, the one that is known is asked for', async (t) => {
  const types = ['ed25519', 'ecdsa', 'rsa']
  const { sshd, poll } = await serve(t, { hostKeyTypes: types })
  for (const type of types) {
    writeFileSync(sshd.knownHosts, knownHostsLine(path.join(sshd.dir, `host_${type}`), sshd.port))
    await poll()
  }
})

test('hashed names, several files, and a key that is known for every port', async (t) => {
  const { sshd, poll } = await serve(t)
  const hostKey = path.join(sshd.dir, 'host_ed25519')
  const other = path.join(sshd.dir, 'other_hosts')
  writeFileSync(other, knownHostsLine(sshd.key, sshd.port, 'other.example'))
  await poll({ knownHostsFiles: [other, sshd.knownHosts] })
  execFileSync('ssh-keygen', ['-q', '-H', '-f', sshd.knownHosts], { stdio: 'ignore' })
  assert.match(readFileSync(sshd.knownHosts, 'utf8'), /^\|1\|/)
  await poll()
  writeFileSync(sshd.knownHosts, `127.0.0.* ${readFileSync(`${hostKey}.pub`, 'utf8')}`)
  await poll()
  writeFileSync(
    sshd.knownHosts,
    `!127.0.0.1,![127.0.0.1]:*,* ${readFileSync(`${hostKey}.pub`, 'utf8')}`,
  )
  await assert.rejects(poll(), failsWith('host-key-unknown'))
})

test('a revoked key is refused', async (t) => {
  const { sshd, poll } = await serve(t)
  const line = knownHostsLine(path.join(sshd.dir, 'host_ed25519'), sshd.port)
  writeFileSync(sshd.knownHosts, `${line}@revoked ${line.replace(/^\S+/, '*')}`)
  const words = new RegExp(`is marked @revoked in ${sshd.knownHosts}: .*leave that line`)
  await assert.rejects(poll(), failsWith('host-key-changed', words))
})

test('only a credential that says so trusts every host', async (t) => {
  const { poll } = await serve(t)
  await poll({ knownHostsFile: false })
})
