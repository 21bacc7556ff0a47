// What is signed by keys of which some are revoked is judged as git judges it by gpg.ssh.revocationFile.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { before, describe, test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import { fileScope } from '../helpers/file-scope.js'
import { SoftwareSecurityKey, writeLines } from '../helpers/ssh-signing.js'
import { sshKeys } from './ssh-keys.js'
import { type SignedBody, unsignedCommit, unsignedTag, VerdictPeer } from './verdict-peer.js'

const scope = fileScope()
const device = new SoftwareSecurityKey('ed25519')
const keys = sshKeys(unsignedCommit(), unsignedTag())
const { by, file, key } = keys
const byCertificate = keys.certified('certified')
const tagByKey = keys.tagBy('ed25519')
const onDevice = keys.onDevice(device)
const certificate = () => readFileSync(file('certified-cert.pub'), 'utf8')

/** A KRL of some keys. */
function krl(...names: string[]): Buffer {
  const args = names.map((name) => `${file(name)}.pub`)
  execFileSync('ssh-keygen', ['-q', '-k', '-f', file('krl'), ...args], { stdio: 'pipe' })
  return readFileSync(file('krl'))
}

interface Row {
  make?: () => SignedBody
  /** What the list has; undefined: there is no such file. */
  revoked: () => string | Buffer | undefined
  git: 'accepts' | 'refuses'
  /** What is said where the list cannot be used. */
  invalid?: RegExp
}

const ROWS: Record<string, Row> = {
  'the key': { revoked: () => `${key('ed25519')}\n`, git: 'refuses' },
  'another key': { revoked: () => `${key('other')}\n`, git: 'accepts' },
  'an empty list': { revoked: () => '', git: 'accepts' },
  'comments and empty lines': {
    revoked: () => `# who\n\n  # why\n${key('other')}\n \n`,
    git: 'accepts',
  },
  'the key behind comments': { revoked: () => `# who\n\n${key('ed25519')}\n`, git: 'refuses' },
  'a key that is a comment': { revoked: () => `# ${key('ed25519')}\n`, git: 'accepts' },
  'the key, with a comment': { revoked: () => `${key('ed25519')} me@home\n`, git: 'refuses' },
  'the key, with spaces before it': { revoked: () => ` \t${key('ed25519')}\n`, git: 'refuses' },
  'the key, without a line end': { revoked: () => key('ed25519'), git: 'refuses' },
  'the key in the second line': {
    revoked: () => `${key('other')}\n${key('ed25519')}\n`,
    git: 'refuses',
  },
  'the key of a tag': {
    make: tagByKey,
    revoked: () => `${key('ed25519')}\n`,
    git: 'refuses',
  },
  'another key than that of a tag': {
    make: tagByKey,
    revoked: () => `${key('rsa')}\n`,
    git: 'accepts',
  },
  RSA: { make: by('rsa'), revoked: () => `${key('rsa')}\n`, git: 'refuses' },
  ECDSA: { make: by('ecdsa'), revoked: () => `${key('ecdsa')}\n`, git: 'refuses' },
  'a security key': { make: onDevice, revoked: () => `${device.line}\n`, git: 'refuses' },
  'another security key': {
    make: onDevice,
    revoked: () => `${new SoftwareSecurityKey('ed25519').line}\n`,
    git: 'accepts',
  },
  'the key of a certificate': {
    make: byCertificate,
    revoked: () => `${key('certified')}\n`,
    git: 'refuses',
  },
  'the authority of a certificate': {
    make: byCertificate,
    revoked: () => `${key('authority')}\n`,
    git: 'refuses',
  },
  'a certificate': { make: byCertificate, revoked: certificate, git: 'refuses' },
  'another key than those of a certificate': {
    make: byCertificate,
    revoked: () => `${key('other')}\n`,
    git: 'accepts',
  },
  'a certificate, of which the key signs without it': {
    make: by('certified'),
    revoked: certificate,
    git: 'refuses',
  },
  'an authority, of which a key signs without a certificate': {
    make: by('certified'),
    revoked: () => `${key('authority')}\n`,
    git: 'accepts',
  },
  'a line that is no key': {
    revoked: () => `${key('other')}\nnone\n`,
    git: 'refuses',
    invalid: /line 2 has no public key of SSH/,
  },
  'a line of allowed_signers': {
    revoked: () => `me ${key('other')}\n`,
    git: 'refuses',
    invalid: /line 1 has no public key of SSH/,
  },
  'the key in a KRL': { revoked: () => krl('ed25519'), git: 'refuses', invalid: /is a KRL/ },
  'another key in a KRL': { revoked: () => krl('other'), git: 'accepts', invalid: /is a KRL/ },
  'a list that is missing': {
    revoked: () => undefined,
    git: 'accepts',
    invalid: /cannot be read \(ENOENT\)/,
  },
}

describe('revoked is', () => {
  let peer: VerdictPeer

  before(() => {
    peer = new VerdictPeer(scope)
    keys.create(
      scope,
      {
        ed25519: ['ed25519'],
        other: ['ed25519'],
        authority: ['ed25519'],
        rsa: ['rsa'],
        ecdsa: ['ecdsa'],
      },
      { certified: { authority: 'authority', args: ['-n', 'me@example.com'] } },
    )
    const trusted = [...['ed25519', 'rsa', 'ecdsa', 'certified'].map(key), device.line]
    writeLines(
      file('signers'),
      ...[...trusted, `cert-authority ${key('authority')}`].map((line) => `me@example.com ${line}`),
    )
  })

  for (const [name, { git, invalid, make = by('ed25519'), revoked }] of Object.entries(ROWS)) {
    test(name, async () => {
      const body = make()
      const list = file(`${name}.revoked`)
      const content = revoked()
      if (content !== undefined) writeFileSync(list, content)
      const [allowedSigners, keyFiles] = [file('signers'), [file('signers')]]
      const trusted = { allowedSigners, keyFiles, revoked: list }
      const theirs = peer.askGit(body, trusted)
      assert.equal(theirs.isAccepted, git === 'accepts', theirs.words)
      const ours = peer.ask(body, trusted, Date.now())
      if (invalid) {
        await assert.rejects(ours, (error) => {
          assert.ok(error instanceof SyncError)
          assert.equal(error.code, 'keys-invalid')
          assert.match(error.message, invalid)
          return true
        })
        return
      }
      const { isAccepted, words } = await ours
      assert.equal(isAccepted, git === 'accepts', words)
      if (!isAccepted) assert.match(words, /is revoked/)
    })
  }

  test('what is accepted is told without it', async () => {
    const list = file('told.revoked')
    writeFileSync(list, `${key('ed25519')}\n`)
    const trusted = { keyFiles: [file('signers')], revoked: list }
    const { words } = await peer.ask(by('ed25519')(), trusted, Date.now())
    const [, accepted = ''] = words.split('accepted: ')
    assert.equal(accepted.match(/me@example\.com/g)?.length, 5)
  })
})
