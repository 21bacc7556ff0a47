import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { parseSshCertificate, type SshCertificate } from '../../../src/ssh/certificate.js'
import { encodeString } from '../../../src/ssh/wire-format.js'
import { certificateFault } from '../../../src/transport/ssh/certificate-fault.js'
import { type TestScope, tempDir } from '../../helpers/git.js'
import { createCertificate, createKey } from '../../helpers/sshd.js'

const FROM = Date.UTC(2024, 0, 1)
const TO = Date.UTC(2025, 0, 1)

/** A certificate for git.example from FROM to TO. */
function certify(t: TestScope, keyType: string, authorityType: string) {
  const dir = tempDir(t)
  const authority = createKey(path.join(dir, 'authority'), authorityType)
  const hostKey = createKey(path.join(dir, 'host'), keyType)
  const times = ['-V', '20240101000000Z:20250101000000Z']
  const file = createCertificate(hostKey, authority, '-h', '-n', 'git.example', ...times)
  const authorities = [readBlob(`${authority}.pub`)]
  return {
    blob: readBlob(file),
    key: readBlob(`${hostKey}.pub`),
    faultOf: (certificate: SshCertificate, nowMs = FROM, host = 'git.example') =>
      certificateFault(certificate, { host, authorities, nowMs }),
  }
}

function readBlob(file: string): Buffer {
  return Buffer.from(readFileSync(file, 'utf8').split(' ')[1] ?? '', 'base64')
}

function parse(blob: Buffer): SshCertificate {
  const certificate = parseSshCertificate(blob)
  assert.ok(certificate)
  return certificate
}

for (const keyType of ['ed25519', 'ecdsa', 'rsa']) {
  test(`${keyType}: not a byte of a certificate can be lost, added or changed`, (t) => {
    const { blob, key, faultOf } = certify(t, keyType, keyType)
    assert.equal(faultOf(parse(blob)), undefined)
    assert.deepEqual(parse(blob).key, key)
    for (let length = 0; length < blob.length; length++) {
      assert.equal(parseSshCertificate(blob.subarray(0, length)), undefined)
    }
    assert.equal(parseSshCertificate(Buffer.concat([blob, Buffer.alloc(1)])), undefined)
    for (let at = 0; at < blob.length; at++) {
      const changed = Buffer.from(blob)
      changed[at] = (changed[at] ?? 0) ^ 1
      const certificate = parseSshCertificate(changed)
      assert.ok(certificate === undefined || faultOf(certificate) !== undefined, `byte ${at}`)
    }
    assert.equal(parseSshCertificate(key), undefined)
  })
}

test('a type of key or signature that only sounds like one is none', (t) => {
  const { blob, key, faultOf } = certify(t, 'ed25519', 'ed25519')
  const certificate = parse(blob)
  const names = ['constructor', 'toString', '__proto__', 'ssh-dss', '']
  for (const name of names) {
    const suffixed = encodeString(`${name}-cert-v01@openssh.com`)
    assert.equal(parseSshCertificate(Buffer.concat([suffixed, blob])), undefined, name)
    const signature = Buffer.concat([encodeString(name), encodeString('x')])
    assert.match(faultOf({ ...certificate, signature }) ?? '', /that is forged, or of a kind/, name)
  }
  // The suffix counts at the end alone.
  const rest = blob.subarray(encodeString('ssh-ed25519-cert-v01@openssh.com').length)
  for (const type of ['-cert-v01@openssh.comssh-ed25519', 'ssh-cert-v01@openssh.com-ed25519']) {
    assert.equal(parseSshCertificate(Buffer.concat([encodeString(type), rest])), undefined, type)
  }
  assert.equal(parseSshCertificate(key), undefined)
})

test('is valid from its first second until its last, for its name in lower case', (t) => {
  const { blob, faultOf } = certify(t, 'ed25519', 'ecdsa')
  const certificate = parse(blob)
  assert.match(faultOf(certificate, FROM - 1) ?? '', /^is not valid before 2024-01-01T00:00:00/)
  assert.equal(faultOf(certificate, FROM), undefined)
  assert.equal(faultOf(certificate, TO - 1), undefined)
  assert.match(faultOf(certificate, TO) ?? '', /^expired at 2025-01-01T00:00:00/)
  assert.equal(faultOf(certificate, FROM, 'GIT.example'), undefined)
  for (const other of ['git.example.', 'git', 'xgit.example', '']) {
    assert.match(faultOf(certificate, FROM, other) ?? '', /^is for git\.example, not for /)
  }
})

test('ECDSA signatures whose numbers are short hold as well', (t) => {
  const dir = tempDir(t)
  const authority = createKey(path.join(dir, 'authority'), 'ecdsa')
  const hostKey = createKey(path.join(dir, 'host'), 'ed25519')
  const authorities = [readBlob(`${authority}.pub`)]
  const terms = { host: 'git.example', authorities, nowMs: FROM }
  const lengths = new Set<number>()
  // Each number has its top bit set, or not, by chance: 33 bytes, or 32; rarely fewer.
  for (let tries = 0; lengths.size < 2 && tries < 40; tries++) {
    const certificate = parse(
      readBlob(createCertificate(hostKey, authority, '-h', '-n', 'git.example')),
    )
    assert.equal(certificateFault(certificate, terms), undefined)
    lengths.add(certificate.signature.length)
  }
  assert.equal(lengths.size, 2)
})
