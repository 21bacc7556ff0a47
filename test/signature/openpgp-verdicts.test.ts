// What gpg signs is judged as `git verify-commit` and `git verify-tag` judge it.
import assert from 'node:assert/strict'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import { fileScope } from '../helpers/file-scope.js'
import { tempDir } from '../helpers/git.js'
import { GpgHome } from '../helpers/gpg-home.js'
import {
  type SignedBody,
  type TrustedKeys,
  tagWith,
  unsignedCommit,
  unsignedTag,
  VerdictPeer,
  withSignature,
} from './verdict-peer.js'

const scope = fileScope()

/** Long ago, as gpg is told. */
const PAST = ['--faked-system-time', '20200101T000000!']
const commit = unsignedCommit()
const tag = unsignedTag()

interface Row {
  /** What is judged. */
  make: (gpg: GpgHome, keys: Record<string, string>) => SignedBody
  /** What git says to it. */
  git: 'accepts' | 'refuses'
  /** Why this service says something else. */
  stricter?: string
  format?: 'sha256'
}

const signed =
  (name: string, ...args: string[]): Row['make'] =>
  (gpg, keys) =>
    withSignature(commit, gpg.sign(commit, keys[name] ?? name, ...args))
const signedTag =
  (name: string, ...args: string[]): Row['make'] =>
  (gpg, keys) =>
    tagWith(tag, gpg.sign(tag, keys[name] ?? name, ...args))

/** A signature with one change. */
const changed =
  (change: (text: string) => string): Row['make'] =>
  (gpg, keys) =>
    withSignature(commit, change(gpg.sign(commit, keys['rsa2048'] ?? '')))
/** A commit that was signed, and then changed. */
const tampered =
  (from: string, to: string): Row['make'] =>
  (gpg, keys) => {
    const { body, type } = withSignature(commit, gpg.sign(commit, keys['rsa2048'] ?? ''))
    return { type, body: Buffer.from(body.toString('latin1').replace(from, to), 'latin1') }
  }
const of =
  (payload: Buffer): Row['make'] =>
  (gpg, keys) =>
    withSignature(payload, gpg.sign(payload, keys['ed25519'] ?? ''))

const ROWS: Record<string, Row> = {
  'RSA of 2048 bits': { make: signed('rsa2048'), git: 'accepts' },
  'RSA of 1024 bits': { make: signed('rsa1024'), git: 'accepts' },
  DSA: { make: signed('dsa2048'), git: 'accepts' },
  Ed25519: { make: signed('ed25519'), git: 'accepts' },
  'NIST P-256': { make: signed('nistp256'), git: 'accepts' },
  'NIST P-384': { make: signed('nistp384'), git: 'accepts' },
  'NIST P-521': { make: signed('nistp521'), git: 'accepts' },
  'Brainpool P-256': {
    ...{ make: signed('brainpoolP256r1'), git: 'accepts' },
    stricter: 'the library that verifies has no such curve on Node',
  },
  secp256k1: {
    ...{ make: signed('secp256k1'), git: 'accepts' },
    stricter: 'the library that verifies has no such curve on Node',
  },
  'a tag': { make: signedTag('ed25519'), git: 'accepts' },
  'a tag by RSA': { make: signedTag('rsa2048'), git: 'accepts' },
  'a subkey that signs': { make: signed('subkey'), git: 'accepts' },
  'a revoked subkey': { make: signed('revokedSubkey'), git: 'refuses' },
  'an expired subkey': { make: signed('expiredSubkey', ...PAST), git: 'refuses' },
  'a key that expired since': { make: signed('expired', ...PAST), git: 'refuses' },
  'a tag by a key that expired since': { make: signedTag('expired', ...PAST), git: 'refuses' },
  'a key whose time was prolonged since': { make: signed('renewed', ...PAST), git: 'accepts' },
  'a revoked key': { make: signed('revoked'), git: 'refuses' },
  'a key that is not given': { make: signed('stranger'), git: 'refuses' },
  'a signature that expired': {
    make: signed('ed25519', ...PAST, '--default-sig-expire', '1d'),
    git: 'refuses',
  },
  'a signature that expires later': {
    make: signed('ed25519', '--default-sig-expire', '10y'),
    git: 'accepts',
  },
  'a signature of tomorrow': {
    make: signed('ed25519', '--faked-system-time', '20991231T000000!'),
    git: 'accepts',
  },
  'a signature older than its key': {
    make: signed('ed25519', '--ignore-time-conflict', '--faked-system-time', '20100101T000000!'),
    git: 'refuses',
  },
  'SHA-512': { make: signed('rsa2048', '--digest-algo', 'SHA512'), git: 'accepts' },
  'SHA-224': { make: signed('rsa2048', '--digest-algo', 'SHA224'), git: 'accepts' },
  'SHA-1': {
    ...{ make: signed('rsa2048', '--digest-algo', 'SHA1'), git: 'accepts' },
    stricter: 'another content may be made to fit a signature of SHA-1',
  },
  'RIPEMD-160': {
    ...{ make: signed('rsa2048', '--digest-algo', 'RIPEMD160'), git: 'accepts' },
    stricter: 'another content may be made to fit it, too',
  },
  MD5: {
    make: signed('rsa2048', '--digest-algo', 'MD5', '--allow-weak-digest-algos'),
    git: 'refuses',
  },
  'a signature of text': { make: signed('rsa2048', '--textmode'), git: 'accepts' },
  'an unknown critical notation': {
    make: signed('rsa2048', '--sig-notation', '!a@example.com=b'),
    git: 'refuses',
  },
  'a notation': { make: signed('rsa2048', '--sig-notation', 'a@example.com=b'), git: 'accepts' },
  'two signatures in one': {
    git: 'refuses',
    make: (gpg, keys) =>
      withSignature(commit, gpg.sign(commit, keys['rsa2048'] ?? '', '-u', keys['ed25519'] ?? '')),
  },
  'two signatures of which one is of a stranger': {
    git: 'refuses',
    make: (gpg, keys) =>
      withSignature(commit, gpg.sign(commit, keys['rsa2048'] ?? '', '-u', keys['stranger'] ?? '')),
  },
  'two blocks in one header': {
    git: 'refuses',
    make: (gpg, keys) =>
      withSignature(
        commit,
        gpg.sign(commit, keys['rsa2048'] ?? '') + gpg.sign(commit, keys['ed25519'] ?? ''),
      ),
  },
  'two headers': {
    git: 'refuses',
    make: (gpg, keys) => {
      const once = withSignature(commit, gpg.sign(commit, keys['rsa2048'] ?? ''))
      return withSignature(once.body, gpg.sign(commit, keys['ed25519'] ?? ''))
    },
  },
  'no signature': { make: () => ({ type: 'commit', body: commit }), git: 'refuses' },
  'a tag without a signature': { make: () => ({ type: 'tag', body: tag }), git: 'refuses' },
  'a changed message': { make: tampered('A commit', 'B commit'), git: 'refuses' },
  'a changed author': { make: tampered('author T', 'author U'), git: 'refuses' },
  'a changed tree': { make: tampered('tree 4b', 'tree 5b'), git: 'refuses' },
  'a header more': { make: tampered('\ngpgsig', '\nencoding latin1\ngpgsig'), git: 'refuses' },
  'a line more after the message': { make: tampered('A commit\n', 'A commit\n\n'), git: 'refuses' },
  'a header of another gpgsig': {
    make: tampered('\ngpgsig', '\ngpgsigfoo bar\n baz\ngpgsig'),
    git: 'accepts',
  },
  'a changed tag': {
    git: 'refuses',
    make: (gpg, keys) => {
      const { body, type } = tagWith(tag, gpg.sign(tag, keys['rsa2048'] ?? ''))
      return { type, body: Buffer.from(body.toString().replace('tag v1', 'tag v2')) }
    },
  },
  'a tag without a tagger': {
    git: 'refuses',
    make: (gpg, keys) => {
      const old = Buffer.from(tag.toString().replace(/^tagger.*\n/m, ''))
      return tagWith(old, gpg.sign(old, keys['rsa2048'] ?? ''))
    },
  },
  'a tagger without a time': {
    git: 'accepts',
    make: (gpg, keys) => {
      const old = Buffer.from(tag.toString().replace(/^(tagger.*>).*\n/m, '$1\n'))
      return tagWith(old, gpg.sign(old, keys['rsa2048'] ?? ''))
    },
  },
  'a commit without a committer': {
    git: 'refuses',
    make: (gpg, keys) => {
      const old = Buffer.from(commit.toString().replace(/^committer.*\n/m, ''))
      return withSignature(old, gpg.sign(old, keys['rsa2048'] ?? ''))
    },
  },
  'the signature of another commit': {
    git: 'refuses',
    make: (gpg, keys) =>
      withSignature(commit, gpg.sign(unsignedCommit({ message: 'B' }), keys['rsa2048'] ?? '')),
  },
  'the signature of a tag on a commit': {
    git: 'refuses',
    make: (gpg, keys) => withSignature(commit, gpg.sign(tag, keys['rsa2048'] ?? '')),
  },
  'a tag that quotes a signature': {
    git: 'accepts',
    make: (gpg, keys) => {
      const quoting = unsignedTag({
        message: `It said:\n${gpg.sign(commit, keys['stranger'] ?? '')}and so on\n`,
      })
      return tagWith(quoting, gpg.sign(quoting, keys['rsa2048'] ?? ''))
    },
  },
  'words after the signature of a tag': {
    git: 'accepts',
    stricter: 'they are in no signature, and look as if they were',
    make: (gpg, keys) => tagWith(tag, `${gpg.sign(tag, keys['rsa2048'] ?? '')}and more words\n`),
  },
  'a message that is not UTF-8': {
    make: of(unsignedCommit({ message: Buffer.from([0x46, 0xfc, 0xdf, 0xe9, 0x0a]) })),
    git: 'accepts',
  },
  'a message with CRLF': {
    make: of(unsignedCommit({ message: 'A\r\n\r\nB\r\n' })),
    git: 'accepts',
  },
  'a message with blanks at the ends of lines': {
    make: of(unsignedCommit({ message: 'A  \n\nB\t\n' })),
    git: 'accepts',
  },
  'a message without an end of line': {
    make: of(unsignedCommit({ message: 'A' })),
    git: 'accepts',
  },
  'no message': { make: of(unsignedCommit({ message: '' })), git: 'accepts' },
  'headers that continue': {
    make: of(unsignedCommit({ headers: 'mergetag object x\n type y\n \n text\n' })),
    git: 'accepts',
  },
  'an encoding': { make: of(unsignedCommit({ headers: 'encoding ISO-8859-1\n' })), git: 'accepts' },
  'armour with CRLF': { make: changed((text) => text.replaceAll('\n', '\r\n')), git: 'accepts' },
  'armour with headers': {
    make: changed((text) => text.replace('-----\n', '-----\nComment: hello\n')),
    git: 'accepts',
  },
  'armour without a checksum': {
    git: 'accepts',
    make(gpg, keys) {
      // gpg reads on where no padding ends the base64: one signature of 256 is so much shorter.
      for (;;) {
        const text = gpg.sign(commit, keys['rsa2048'] ?? '')
        if (/=\n=/.test(text)) return withSignature(commit, text.replace(/^=.{4}\n/m, ''))
      }
    },
  },
  'armour that is cut': { make: changed((text) => text.slice(0, text.length / 2)), git: 'refuses' },
  'armour without base64': {
    make: changed((text) => text.replace(/^[a-z0-9]{20}/im, '%%%%')),
    git: 'refuses',
  },
  'an empty armour': {
    make: changed(() => '-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n'),
    git: 'refuses',
  },
  'armour of a message': {
    make: changed((text) => text.replaceAll('PGP SIGNATURE', 'PGP MESSAGE')),
    git: 'accepts',
    stricter: 'no tool signs so',
  },
  'armour of a public key': { make: (gpg) => withSignature(commit, gpg.export()), git: 'refuses' },
  'X.509': {
    make: () =>
      withSignature(commit, '-----BEGIN SIGNED MESSAGE-----\nMIIB\n-----END SIGNED MESSAGE-----\n'),
    git: 'refuses',
  },
  'something else': { make: () => withSignature(commit, 'trust me'), git: 'refuses' },
  'a commit of SHA-256': {
    ...{ git: 'accepts', format: 'sha256' },
    make: (gpg, keys) => {
      const plain = unsignedCommit({ format: 'sha256' })
      return withSignature(plain, gpg.sign(plain, keys['rsa2048'] ?? ''), 'gpgsig-sha256')
    },
  },
  'a commit of SHA-256 with the header of SHA-1': {
    ...{ git: 'refuses', format: 'sha256' },
    make: (gpg, keys) => {
      const plain = unsignedCommit({ format: 'sha256' })
      return withSignature(plain, gpg.sign(plain, keys['rsa2048'] ?? ''))
    },
  },
  'a commit of SHA-1 with both headers': {
    git: 'accepts',
    make: (gpg, keys) => {
      const once = withSignature(commit, gpg.sign(commit, keys['rsa2048'] ?? ''))
      return withSignature(once.body, gpg.sign(commit, keys['stranger'] ?? ''), 'gpgsig-sha256')
    },
  },
  'a tag of SHA-256': {
    ...{ git: 'accepts', format: 'sha256' },
    make: (gpg, keys) => {
      const plain = unsignedTag({ object: '0'.repeat(64) })
      return tagWith(plain, gpg.sign(plain, keys['rsa2048'] ?? ''))
    },
  },
}

describe('git and this service agree on', () => {
  const keys: Record<string, string> = {}
  const peers: Record<string, VerdictPeer> = {}
  let gpg: GpgHome
  let trusted: TrustedKeys
  /** The revoked key, before it was. */
  let stale = ''

  before(() => {
    gpg = new GpgHome(scope)
    for (const algorithm of [
      'rsa2048',
      'rsa1024',
      'dsa2048',
      'nistp256',
      'nistp384',
      'nistp521',
      'brainpoolP256r1',
      'secp256k1',
      'ed25519',
    ]) {
      keys[algorithm] = gpg.createKey(`${algorithm} <${algorithm}@example.com>`, algorithm, {
        args: PAST,
      })
    }
    keys['expired'] = gpg.createKey('expired', 'ed25519', { expires: '2d', args: PAST })
    keys['renewed'] = gpg.createKey('renewed', 'ed25519', { expires: '2d', args: PAST })
    keys['revoked'] = gpg.createKey('revoked', 'ed25519')
    for (const name of ['subkey', 'revokedSubkey', 'expiredSubkey']) {
      const key = gpg.createKey(name, 'ed25519', { args: PAST })
      const expires = name === 'expiredSubkey' ? '2d' : 'never'
      gpg.run([...PAST, '--quick-add-key', key, 'rsa2048', 'sign', expires])
      keys[name] = `${gpg.subkeysOf(key)[0]}!`
    }
    const stranger = new GpgHome(scope)
    keys['stranger'] = stranger.createKey('stranger', 'ed25519')
    const secret = stranger.run(['--export-secret-keys', keys['stranger']])
    gpg.run(['--import'], secret)
    // What is signed before it is revoked.
    bodies = Object.fromEntries(
      Object.entries(ROWS).map(([name, { make }]) => [name, make(gpg, keys)]),
    )
    gpg.run(['--quick-set-expire', keys['renewed'], '0'])
    stale = gpg.exportTo(path.join(tempDir(scope), 'stale.asc'), keys['revoked'])
    gpg.revoke(keys['revoked'])
    gpg.edit('revokedSubkey', ['key 1', 'revkey', 'y', '0', '', 'y', 'save'])
    gpg.run(['--yes', '--delete-secret-and-public-key', keys['stranger']])
    const file = path.join(tempDir(scope), 'keys.asc')
    trusted = { gnupgHome: gpg.directory, keyFiles: [gpg.exportTo(file)] }
    peers['sha1'] = new VerdictPeer(scope)
    peers['sha256'] = new VerdictPeer(scope, 'sha256')
  })
  let bodies: Record<string, SignedBody> = {}

  for (const [name, { format = 'sha1', git, stricter }] of Object.entries(ROWS)) {
    test(stricter ? `${name}, but that ${stricter}` : name, async () => {
      const body = bodies[name] as SignedBody
      const peer = peers[format] as VerdictPeer
      const theirs = peer.askGit(body, trusted)
      assert.equal(theirs.isAccepted, git === 'accepts', theirs.words)
      const ours = await peer.ask(body, trusted, Date.now())
      assert.equal(ours.isAccepted, git === 'accepts' && !stricter, ours.words)
    })
  }

  test('a revoked key, of which another file does not say so', async () => {
    const body = bodies['a revoked key'] as SignedBody
    const peer = peers['sha1'] as VerdictPeer
    const [fresh = ''] = trusted.keyFiles
    assert.equal((await peer.ask(body, { keyFiles: [stale] }, Date.now())).isAccepted, true)
    for (const keyFiles of [
      [stale, fresh],
      [fresh, stale],
    ]) {
      assert.equal((await peer.ask(body, { keyFiles }, Date.now())).isAccepted, false)
    }
  })
})
