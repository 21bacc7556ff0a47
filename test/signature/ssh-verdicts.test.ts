// What ssh-keygen signs is judged as `git verify-commit` and `git verify-tag` judge it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, createPrivateKey, sign } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { before, describe, test } from 'node:test'
import { encodeString } from '../../src/ssh/wire-format.js'
import { fileScope } from '../helpers/file-scope.js'
import {
  armourSshSig,
  composeSshSig,
  SoftwareSecurityKey,
  sshSign,
  writeLines,
} from '../helpers/ssh-signing.js'
import { sshKeys } from './ssh-keys.js'
import {
  type SignedBody,
  tagWith,
  unsignedCommit,
  unsignedTag,
  VerdictPeer,
  withSignature,
} from './verdict-peer.js'

const scope = fileScope()

/** Of 2024-01-01. */
const commit = unsignedCommit()
const tag = unsignedTag()
const KEYS = {
  ed25519: ['ed25519'],
  rsa: ['rsa'],
  rsa1024: ['rsa', '-b', '1024'],
  ecdsa256: ['ecdsa', '-b', '256'],
  ecdsa384: ['ecdsa', '-b', '384'],
  ecdsa521: ['ecdsa', '-b', '521'],
  dsa: ['dsa'],
  other: ['ed25519'],
  authority: ['ed25519'],
  rsaAuthority: ['rsa'],
} as const

/** Each of a key of its own. */
const MINE = ['-n', 'me@example.com']
const CERTIFICATES = {
  certified: { authority: 'authority', args: MINE },
  certifiedByRsa: { authority: 'rsaAuthority', args: MINE },
  certifiedRsa: { authority: 'authority', type: 'rsa', args: MINE },
  nameless: { authority: 'authority', args: [] },
  host: { authority: 'authority', args: ['-h', ...MINE] },
  atThatTime: { authority: 'authority', args: [...MINE, '-V', '20230101:20250101'] },
  later: { authority: 'authority', args: [...MINE, '-V', '20240601:20990101'] },
  earlier: { authority: 'authority', args: [...MINE, '-V', '20220101:20230101'] },
}

const keys = sshKeys(commit, tag)
const { by, certified, file, key, tagBy } = keys
const devices = {
  ed25519: new SoftwareSecurityKey('ed25519'),
  ecdsa: new SoftwareSecurityKey('ecdsa'),
}

interface Row {
  make: () => SignedBody
  /** The lines of allowed_signers. @default the key of ed25519, for me */
  allowed?: () => string[]
  git: 'accepts' | 'refuses'
  /** Why this service says something else. */
  stricter?: string
}

const mine =
  (options = '') =>
  () => [`me@example.com ${options}${options && ' '}${key('ed25519')}`]
const authority =
  (principals = 'me@example.com') =>
  () => [`${principals} cert-authority ${key('authority')}`]

/** A signature of ed25519, of parts that ssh-keygen does not make. */
function composed(
  parts: { hash?: string; namespace?: string; publicKey?: Buffer } = {},
  payload = commit,
): string {
  const publicKey = Buffer.from(key('ed25519').split(' ')[1] ?? '', 'base64')
  return composeSshSig({ publicKey, ...parts, sign: ed25519Signature }, payload)
}

function ed25519Signature(signed: Buffer): Buffer {
  // The format of OpenSSH is none that node:crypto reads: its seed is.
  const text = readFileSync(file('ed25519'), 'utf8').replace(/-----.*/g, '')
  const blob = Buffer.from(text, 'base64')
  const publicKey = Buffer.from(key('ed25519').split(' ')[1] ?? '', 'base64').subarray(-32)
  const at = blob.lastIndexOf(publicKey)
  const seed = blob.subarray(at - 32, at)
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  return Buffer.concat(
    ['ssh-ed25519', sign(null, signed, privateKey)].map((each) => encodeString(each)),
  )
}

const onDevice = (kind: keyof typeof devices, flags?: number) => keys.onDevice(devices[kind], flags)
const changed = (change: (text: string) => string) => () =>
  withSignature(commit, change(sshSign(file('ed25519'), commit)))
/** A signature of which one byte of the blob is another. */
const flipped = (at: (blob: Buffer) => number, bits = 1) =>
  changed((text) => {
    const blob = Buffer.from(text.replace(/-----.*/g, ''), 'base64')
    const index = at(blob)
    blob[index] = (blob[index] ?? 0) ^ bits
    return armourSshSig(blob)
  })
const madeAt = (at: number) => () => {
  const then = unsignedCommit({ at })
  return withSignature(then, sshSign(file('ed25519'), then))
}
const JANUARY = 1704067200

const ROWS: Record<string, Row> = {
  Ed25519: { make: by('ed25519'), git: 'accepts' },
  'RSA of 2048 bits': { make: by('rsa'), allowed: () => [`me ${key('rsa')}`], git: 'accepts' },
  'RSA of 1024 bits': {
    make: by('rsa1024'),
    allowed: () => [`me ${key('rsa1024')}`],
    git: 'accepts',
  },
  'NIST P-256': { make: by('ecdsa256'), allowed: () => [`me ${key('ecdsa256')}`], git: 'accepts' },
  'NIST P-384': { make: by('ecdsa384'), allowed: () => [`me ${key('ecdsa384')}`], git: 'accepts' },
  'NIST P-521': { make: by('ecdsa521'), allowed: () => [`me ${key('ecdsa521')}`], git: 'accepts' },
  'a security key, Ed25519': {
    make: onDevice('ed25519'),
    allowed: () => [`me ${devices.ed25519.line}`],
    git: 'accepts',
  },
  'a security key, ECDSA': {
    make: onDevice('ecdsa'),
    allowed: () => [`me ${devices.ecdsa.line}`],
    git: 'accepts',
  },
  'a security key that nobody touched': {
    make: onDevice('ed25519', 0),
    allowed: () => [`me ${devices.ed25519.line}`],
    git: 'accepts',
  },
  'another security key': {
    make: onDevice('ed25519'),
    allowed: () => [`me ${devices.ecdsa.line}`],
    git: 'refuses',
  },
  'a security key for another application': {
    git: 'refuses',
    allowed: () => [`me ${devices.ed25519.line}`],
    make: () => {
      const { publicKey } = devices.ed25519
      const other = new SoftwareSecurityKey('ed25519', 'ssh:other')
      return withSignature(
        commit,
        composeSshSig({ publicKey, sign: (signed) => other.sign(signed) }, commit),
      )
    },
  },
  'a tag': { make: tagBy('ed25519'), git: 'accepts' },
  'a tag by RSA': { make: tagBy('rsa'), allowed: () => [`me ${key('rsa')}`], git: 'accepts' },
  'a key that is not given': { make: by('other'), git: 'refuses' },
  'the second line': {
    make: by('ed25519'),
    allowed: () => [`you ${key('other')}`, ...mine()()],
    git: 'accepts',
  },
  'comments and empty lines': {
    make: by('ed25519'),
    allowed: () => ['# who', '', ...mine()(), '  '],
    git: 'accepts',
  },
  'several principals': {
    make: by('ed25519'),
    allowed: () => [`a@b,c@d ${key('ed25519')}`],
    git: 'accepts',
  },
  'a pattern as principal': {
    make: by('ed25519'),
    allowed: () => [`*@example.com ${key('ed25519')}`],
    git: 'accepts',
  },
  'a negated principal': {
    make: by('ed25519'),
    allowed: () => [`!me,* ${key('ed25519')}`],
    git: 'accepts',
  },
  'only a negated principal': {
    make: by('ed25519'),
    allowed: () => [`!me ${key('ed25519')}`],
    git: 'refuses',
  },
  'a principal in quotes': {
    make: by('ed25519'),
    allowed: () => [`"me too" ${key('ed25519')}`],
    git: 'accepts',
  },
  'a key with a comment': {
    make: by('ed25519'),
    allowed: () => [`me ${key('ed25519')} my key`],
    git: 'accepts',
  },
  'the namespace git': { make: by('ed25519'), allowed: mine('namespaces="git"'), git: 'accepts' },
  'the namespaces file and git': {
    make: by('ed25519'),
    allowed: mine('namespaces="file,git"'),
    git: 'accepts',
  },
  'a pattern of namespaces': {
    make: by('ed25519'),
    allowed: mine('namespaces="g*"'),
    git: 'accepts',
  },
  'another namespace is allowed': {
    make: by('ed25519'),
    allowed: mine('namespaces="file"'),
    git: 'refuses',
  },
  'not the namespace git': {
    make: by('ed25519'),
    allowed: mine('namespaces="*,!git"'),
    git: 'refuses',
  },
  'signed in another namespace': {
    make: () => withSignature(commit, sshSign(file('ed25519'), commit, 'file')),
    git: 'refuses',
  },
  'another namespace is allowed, and signed in': {
    ...{ git: 'refuses', allowed: mine('namespaces="file"') },
    make: () => withSignature(commit, sshSign(file('ed25519'), commit, 'file')),
  },
  'one key in two lines, of which the first is for files': {
    ...{ make: by('ed25519'), git: 'refuses' },
    allowed: () => [`a namespaces="file" ${key('ed25519')}`, `b ${key('ed25519')}`],
  },
  'one key and name in two lines, of which the first is for files': {
    ...{ make: by('ed25519'), git: 'accepts' },
    allowed: () => [`a namespaces="file" ${key('ed25519')}`, `a ${key('ed25519')}`],
  },
  'a time that is over': {
    make: by('ed25519'),
    allowed: mine('valid-before="20231231Z"'),
    git: 'refuses',
  },
  'a time that begins later': {
    make: by('ed25519'),
    allowed: mine('valid-after="20240102Z"'),
    git: 'refuses',
  },
  'a time that it is in': {
    make: by('ed25519'),
    allowed: mine('valid-after="20231231Z",valid-before="20240102Z"'),
    git: 'accepts',
  },
  'a time of the zone here': {
    make: by('ed25519'),
    allowed: mine('valid-after="202312300000",valid-before="20240103000000"'),
    git: 'accepts',
  },
  'the first second': {
    make: madeAt(JANUARY),
    allowed: mine('valid-after="20240101000000Z"'),
    git: 'accepts',
  },
  'the second before': {
    make: madeAt(JANUARY - 1),
    allowed: mine('valid-after="20240101000000Z"'),
    git: 'refuses',
  },
  'the last second': {
    make: madeAt(JANUARY),
    allowed: mine('valid-before="20240101000000Z"'),
    git: 'accepts',
  },
  'the second after': {
    make: madeAt(JANUARY + 1),
    allowed: mine('valid-before="20240101000000Z"'),
    git: 'refuses',
  },
  'an old commit of a time that is over now': {
    make: madeAt(1_000_000_000),
    allowed: mine('valid-before="20020101Z"'),
    git: 'accepts',
  },
  'a tag of a time that is over': {
    make: tagBy('ed25519'),
    allowed: mine('valid-before="20231231Z"'),
    git: 'refuses',
  },
  'options in capitals': { make: by('ed25519'), allowed: mine('NAMESPACES="git"'), git: 'accepts' },
  'a certificate': { make: certified('certified'), allowed: authority(), git: 'accepts' },
  'a certificate by RSA': {
    make: certified('certifiedByRsa'),
    allowed: () => [`me@example.com cert-authority ${key('rsaAuthority')}`],
    git: 'accepts',
  },
  'a certificate of RSA': { make: certified('certifiedRsa'), allowed: authority(), git: 'accepts' },
  'a pattern for certificates': {
    make: certified('certified'),
    allowed: authority('*@example.com'),
    git: 'accepts',
  },
  'a certificate for another name': {
    make: certified('certified'),
    allowed: authority('you@example.com'),
    git: 'refuses',
  },
  'a certificate for no name': {
    make: certified('nameless'),
    allowed: authority('*'),
    git: 'refuses',
  },
  'a certificate of a host': { make: certified('host'), allowed: authority('*'), git: 'refuses' },
  'a certificate of that time': {
    make: certified('atThatTime'),
    allowed: authority(),
    git: 'accepts',
  },
  'a certificate of later': { make: certified('later'), allowed: authority(), git: 'refuses' },
  'a certificate of before': { make: certified('earlier'), allowed: authority(), git: 'refuses' },
  'a certificate of another authority': {
    make: certified('certified'),
    allowed: () => [`* cert-authority ${key('other')}`],
    git: 'refuses',
  },
  'a certificate, and its key alone is given': {
    make: certified('certified'),
    allowed: () => [`* ${key('certified')}`],
    git: 'refuses',
  },
  'an authority that is none': {
    make: certified('certified'),
    allowed: () => [`* ${key('authority')}`],
    git: 'refuses',
  },
  'an authority that signs itself': { make: by('authority'), allowed: authority(), git: 'refuses' },
  'the key of a certificate': { make: by('certified'), allowed: authority(), git: 'refuses' },
  'a certificate for files': {
    make: certified('certified'),
    allowed: () => [`* cert-authority,namespaces="file" ${key('authority')}`],
    git: 'refuses',
  },
  'a changed message': {
    git: 'refuses',
    make: () => ({
      type: 'commit',
      body: Buffer.from(by('ed25519')().body.toString().replace('A commit', 'B')),
    }),
  },
  'a changed tag': {
    git: 'refuses',
    make: () => ({
      type: 'tag',
      body: Buffer.from(tagBy('ed25519')().body.toString().replace('tag v1', 'tag v2')),
    }),
  },
  'a signature of which a byte is another': {
    make: flipped((blob) => blob.length - 9),
    git: 'refuses',
  },
  'a key of which a byte is another': { make: flipped(() => 40), git: 'refuses' },
  'a later version': { make: flipped(() => 9, 3), git: 'refuses' },
  'an earlier version': {
    ...{ make: flipped(() => 9), git: 'accepts' },
    stricter: 'there is none',
  },
  'SHA-256': { make: () => withSignature(commit, composed({ hash: 'sha256' })), git: 'accepts' },
  'SHA-1': { make: () => withSignature(commit, composed({ hash: 'sha1' })), git: 'refuses' },
  'an empty namespace': {
    make: () => withSignature(commit, composed({ namespace: '' })),
    git: 'refuses',
  },
  'RSA with SHA-1': {
    git: 'refuses',
    allowed: () => [`me ${key('rsa')}`],
    make: () =>
      withSignature(
        commit,
        composeSshSig(
          { publicKey: Buffer.from(key('rsa').split(' ')[1] ?? '', 'base64'), sign: rsaSha1 },
          commit,
        ),
      ),
  },
  'RSA with SHA-256': {
    git: 'accepts',
    allowed: () => [`me ${key('rsa')}`],
    make: () =>
      withSignature(
        commit,
        composeSshSig(
          { publicKey: Buffer.from(key('rsa').split(' ')[1] ?? '', 'base64'), sign: rsaSha256 },
          commit,
        ),
      ),
  },
  'a tag of a tag': {
    git: 'accepts',
    make: () => {
      const outer = unsignedTag({ name: 'v2', object: '1'.repeat(40), type: 'tag' })
      return tagWith(outer, sshSign(file('ed25519'), outer))
    },
  },
  'a tag without a tagger': {
    git: 'refuses',
    make: () => {
      const old = Buffer.from(tag.toString().replace(/^tagger.*\n/m, ''))
      return tagWith(old, sshSign(file('ed25519'), old))
    },
  },
  DSA: {
    ...{ make: by('dsa'), allowed: () => [`me ${key('dsa')}`], git: 'accepts' },
    stricter: 'OpenSSH itself has no DSA any more since 10.0',
  },
  'armour that is cut': { make: changed((text) => text.slice(0, text.length / 2)), git: 'refuses' },
  'armour with CRLF': { make: changed((text) => text.replaceAll('\n', '\r\n')), git: 'refuses' },
  'armour in one line': {
    make: changed(
      (text) =>
        `${text.split('\n')[0]}\n${text.replace(/-----.*/g, '').replaceAll('\n', '')}\n-----END SSH SIGNATURE-----\n`,
    ),
    git: 'accepts',
  },
  'armour with a line of its own in it': {
    make: changed((text) => text.replace('\n', '\n-----\n')),
    git: 'refuses',
  },
  'an empty armour': {
    make: () => withSignature(commit, armourSshSig(Buffer.alloc(0))),
    git: 'refuses',
  },
  'bytes after the signature': {
    make: changed((text) =>
      armourSshSig(
        Buffer.concat([Buffer.from(text.replace(/-----.*/g, ''), 'base64'), Buffer.alloc(1)]),
      ),
    ),
    git: 'refuses',
  },
  'two signatures': {
    ...{ make: changed((text) => text + sshSign(file('other'), commit)), git: 'accepts' },
    stricter: 'ssh-keygen looks at the first of them alone',
  },
  'words after the signature': {
    ...{ make: changed((text) => `${text}more\n`), git: 'accepts' },
    stricter: 'they are in no signature',
  },
  'no signature': { make: () => ({ type: 'commit', body: commit }), git: 'refuses' },
  'a message that is not UTF-8': {
    git: 'accepts',
    make: () => {
      const latin = unsignedCommit({ message: Buffer.from([0x46, 0xfc, 0xdf, 0xe9, 0x0a]) })
      return withSignature(latin, sshSign(file('ed25519'), latin))
    },
  },
  'a message with CRLF': {
    git: 'accepts',
    make: () => {
      const crlf = unsignedCommit({ message: 'A\r\n\r\nB\r\n' })
      return withSignature(crlf, sshSign(file('ed25519'), crlf))
    },
  },
}

const rsaSha1 = (signed: Buffer) => rsa('ssh-rsa', 'sha1', signed)
const rsaSha256 = (signed: Buffer) => rsa('rsa-sha2-256', 'sha256', signed)

function rsa(algorithm: string, hash: string, signed: Buffer): Buffer {
  const pem = file('rsa.pem')
  return Buffer.concat(
    [algorithm, sign(hash, signed, createPrivateKey(readFileSync(pem)))].map((each) =>
      encodeString(each),
    ),
  )
}

describe('git and this service agree on', () => {
  let peer: VerdictPeer

  before(() => {
    peer = new VerdictPeer(scope)
    keys.create(scope, KEYS, CERTIFICATES)
    createPem()
  })

  function createPem(): void {
    const pem = file('rsa.pem')
    writeFileSync(pem, readFileSync(file('rsa')), { mode: 0o600 })
    writeFileSync(`${pem}.pub`, readFileSync(`${file('rsa')}.pub`))
    execFileSync('ssh-keygen', ['-q', '-p', '-N', '', '-m', 'PEM', '-f', pem])
  }

  for (const [name, { allowed = mine(), git, make, stricter }] of Object.entries(ROWS)) {
    test(stricter ? `${name}, but that ${stricter}` : name, async () => {
      const body = make()
      const hash = createHash('sha1').update(name).digest('hex')
      const lines = stricter && name === 'DSA' ? mine()() : allowed()
      const allowedSigners = writeLines(file(`${hash}.git`), ...allowed())
      const keyFiles = [writeLines(file(hash), ...lines)]
      const theirs = peer.askGit(body, { allowedSigners, keyFiles })
      assert.equal(theirs.isAccepted, git === 'accepts', theirs.words)
      const ours = await peer.ask(body, { keyFiles }, Date.now())
      assert.equal(ours.isAccepted, git === 'accepts' && !stricter, ours.words)
    })
  }

  test('lines of authorized_keys, which name nobody', async () => {
    const keyFiles = [writeLines(file('authorized_keys'), key('rsa'), `${key('ed25519')} me@home`)]
    const { words } = await peer.ask(by('ed25519')(), { keyFiles }, Date.now())
    assert.match(words, /^me@home \(ssh-ed25519 SHA256:/)
    assert.equal((await peer.ask(by('other')(), { keyFiles }, Date.now())).isAccepted, false)
  })
})
