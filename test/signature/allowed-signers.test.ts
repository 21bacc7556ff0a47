// What stands in an allowed_signers file means what it means to ssh-keygen, by which git judges; what is no
// line of one is said to be wrong.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import { fileScope } from '../helpers/file-scope.js'
import { tempDir } from '../helpers/git.js'
import { composeSshSig, publicKeyOf, SoftwareSecurityKey, sshSign } from '../helpers/ssh-signing.js'
import { createCertificate, createKey } from '../helpers/sshd.js'
import { type SignedBody, unsignedCommit, VerdictPeer, withSignature } from './verdict-peer.js'

const scope = fileScope()
/** Of 2024-01-01, at midnight in Greenwich. */
const commit = unsignedCommit()
const devices = {
  ed25519: new SoftwareSecurityKey('ed25519'),
  ecdsa: new SoftwareSecurityKey('ecdsa'),
}
const files: Record<string, string> = {}
const file = (name: string) => files[name] as string
const key = (name: string) => publicKeyOf(file(name))

interface Row {
  make?: () => SignedBody
  allowed: () => string
  git: 'accepts' | 'refuses'
  /** This service says that the file is wrong. */
  invalid?: RegExp
  /** The zone of the machine. @default Greenwich */
  zone?: string
}

const by =
  (name: string, at = 1704067200) =>
  () => {
    const then = unsignedCommit({ at })
    return withSignature(then, sshSign(file(name), then))
  }
const certified = (name: string) => () =>
  withSignature(commit, sshSign(`${file(name)}-cert.pub`, commit))
const mine =
  (options: string, end = '\n') =>
  () =>
    `me ${options} ${key('own')}${end}`
const authority = (options = 'cert-authority', by = 'authority') => {
  return () => `me ${options} ${key(by)}\n`
}
const onDevice = (kind: keyof typeof devices, flags?: number) => () => {
  const device = devices[kind]
  // What a key file has for a device is never asked for here.
  const line = readFileSync(path.join(path.dirname(file('own')), `${kind}-cert.pub`), 'utf8')
  const publicKey = Buffer.from(line.split(' ')[1] ?? '', 'base64')
  const sign = (signed: Buffer) => device.sign(signed, flags)
  return withSignature(commit, composeSshSig({ publicKey, sign }, commit))
}
const HOUR = 3600
const NEW_YEAR = 1704067200
const WRONG = /line 1 has no public key of SSH/

const ROWS: Record<string, Row> = {
  'lines that end as on Windows': { allowed: () => `me ${key('own')}\r\n`, git: 'accepts' },
  'lines with a comment that end as on Windows': {
    allowed: () => `me ${key('own')} of mine\r\n`,
    git: 'accepts',
  },
  'lines with options that end as on Windows': {
    allowed: mine('namespaces="git"', '\r\n'),
    git: 'accepts',
  },
  'a second line, as on Windows': {
    allowed: () => `you ${key('other')}\r\nme ${key('own')}\r\n`,
    git: 'accepts',
  },
  'a comment as on Windows': { allowed: () => `# who\r\nme ${key('own')}\r\n`, git: 'accepts' },
  'no line end': { allowed: () => `me ${key('own')}`, git: 'accepts' },
  'blanks before the name': { allowed: () => ` \tme ${key('own')}\n`, git: 'accepts' },
  'tabs between': {
    allowed: () => `me\tnamespaces="git"\t${key('own').replace(' ', '\t')}\n`,
    git: 'accepts',
  },
  'several blanks between': {
    allowed: () => `me   ${key('own').replace(' ', '  ')}\n`,
    git: 'accepts',
  },
  'namespaces with blanks between': { allowed: mine('namespaces="file, git"'), git: 'refuses' },
  'namespaces with an empty one': { allowed: mine('namespaces="file,,git"'), git: 'accepts' },
  'no namespace at all': { allowed: mine('namespaces=""'), git: 'refuses' },
  'a namespace in capitals': { allowed: mine('namespaces="GIT"'), git: 'refuses' },
  'a namespace of one character less': { allowed: mine('namespaces="gi?"'), git: 'accepts' },
  'a namespace without quotes': {
    allowed: mine('namespaces=git'),
    ...{ git: 'refuses', invalid: WRONG },
  },
  'namespaces twice': {
    allowed: mine('namespaces="git",namespaces="file"'),
    ...{ git: 'refuses', invalid: WRONG },
  },
  'namespaces twice, the second of which is right': {
    allowed: mine('namespaces="file",namespaces="git"'),
    ...{ git: 'refuses', invalid: WRONG },
  },
  'valid-after twice': {
    allowed: mine('valid-after="20200101Z",valid-after="20210101Z"'),
    ...{ git: 'refuses', invalid: WRONG },
  },
  'valid-before twice': {
    allowed: mine('valid-before="20300101Z",valid-before="20310101Z"'),
    ...{ git: 'refuses', invalid: WRONG },
  },
  'an option that is unknown': {
    allowed: mine('no-touch-required'),
    ...{ git: 'refuses', invalid: WRONG },
  },
  'times the wrong way round': {
    allowed: mine('valid-after="20250101Z",valid-before="20230101Z"'),
    ...{ git: 'refuses', invalid: WRONG },
  },
  'a time that is one second long': {
    allowed: mine('valid-after="20240101000000Z",valid-before="20240101000000Z"'),
    ...{ git: 'refuses', invalid: WRONG },
  },
  'a month that is none': {
    allowed: mine('valid-before="20241301Z"'),
    ...{ git: 'refuses', invalid: WRONG },
  },
  'a day that is none': {
    allowed: mine('valid-before="20240132Z"'),
    ...{ git: 'refuses', invalid: WRONG },
  },
  'day zero': {
    allowed: mine('valid-before="20240200Z"'),
    ...{ git: 'refuses', invalid: WRONG },
  },
  'the thirtieth of February': { allowed: mine('valid-before="20240230Z"'), git: 'accepts' },
  'an hour that is none': {
    allowed: mine('valid-before="202401022400Z"'),
    ...{ git: 'refuses', invalid: WRONG },
  },
  'a minute that is none': {
    allowed: mine('valid-before="202401022360Z"'),
    ...{ git: 'refuses', invalid: WRONG },
  },
  'a second that is none': {
    allowed: mine('valid-before="20240102235962Z"'),
    ...{ git: 'refuses', invalid: WRONG },
  },
  'a leap second': { allowed: mine('valid-before="20240102235960Z"'), git: 'accepts' },
  'a time that is too short': {
    allowed: mine('valid-before="2024"'),
    ...{ git: 'refuses', invalid: WRONG },
  },
  'a time of the Unix epoch': {
    allowed: mine('valid-after="19700101000000Z"'),
    ...{ git: 'refuses', invalid: WRONG },
  },
  'a time in UTC': { allowed: mine('valid-after="20240101UTC"'), git: 'accepts' },
  'a time in small letters': { allowed: mine('valid-after="20240101z"'), git: 'accepts' },
  'midnight in New York, an hour before': {
    make: () => by('own', NEW_YEAR + 4 * HOUR)(),
    allowed: mine('valid-after="20240101"'),
    ...{ git: 'refuses', zone: 'America/New_York' },
  },
  'midnight in New York': {
    make: () => by('own', NEW_YEAR + 5 * HOUR)(),
    allowed: mine('valid-after="20240101"'),
    ...{ git: 'accepts', zone: 'America/New_York' },
  },
  'midnight in New York by the clock of Greenwich': {
    make: () => by('own', NEW_YEAR)(),
    allowed: mine('valid-after="20240101Z"'),
    ...{ git: 'accepts', zone: 'America/New_York' },
  },
  'summer in New York, a second before': {
    make: () => by('own', 1719792000 + 4 * HOUR - 1)(),
    allowed: mine('valid-after="20240701"'),
    ...{ git: 'refuses', zone: 'America/New_York' },
  },
  'summer in New York': {
    make: () => by('own', 1719792000 + 4 * HOUR)(),
    allowed: mine('valid-after="20240701"'),
    ...{ git: 'accepts', zone: 'America/New_York' },
  },
  'half an hour of a zone': {
    make: () => by('own', NEW_YEAR - 5.5 * HOUR)(),
    allowed: mine('valid-before="202401010000"'),
    ...{ git: 'accepts', zone: 'Asia/Kolkata' },
  },
  'half an hour of a zone, and a second': {
    make: () => by('own', NEW_YEAR - 5.5 * HOUR + 1)(),
    allowed: mine('valid-before="202401010000"'),
    ...{ git: 'refuses', zone: 'Asia/Kolkata' },
  },
  'a certificate by ECDSA': {
    make: certified('byEcdsa'),
    allowed: authority('cert-authority', 'ecdsaAuthority'),
    git: 'accepts',
  },
  'a certificate of ECDSA': {
    make: certified('ofEcdsa'),
    allowed: authority(),
    git: 'accepts',
  },
  'a certificate for several names, of which one may sign': {
    make: certified('several'),
    allowed: authority(),
    git: 'accepts',
  },
  'a certificate that forces a command': {
    make: certified('forced'),
    allowed: authority(),
    git: 'accepts',
  },
  'a certificate with a critical option that nobody knows': {
    make: certified('critical'),
    allowed: authority(),
    git: 'accepts',
  },
  'a certificate, within the time of its authority': {
    make: certified('one'),
    allowed: authority('cert-authority,valid-after="20230101Z"'),
    git: 'accepts',
  },
  'a certificate, after the time of its authority': {
    make: certified('one'),
    allowed: authority('cert-authority,valid-before="20230101Z"'),
    git: 'refuses',
  },
  'an authority in capitals': {
    make: certified('one'),
    allowed: authority('CERT-AUTHORITY'),
    git: 'accepts',
  },
  'an authority that is said twice': {
    make: certified('one'),
    allowed: authority('cert-authority,cert-authority'),
    git: 'accepts',
  },
  'a certificate of a security key, Ed25519': {
    make: onDevice('ed25519'),
    allowed: authority(),
    git: 'accepts',
  },
  'a certificate of a security key, ECDSA': {
    make: onDevice('ecdsa'),
    allowed: authority(),
    git: 'accepts',
  },
  'a certificate of a security key that asked for a PIN': {
    make: onDevice('ed25519', 5),
    allowed: authority(),
    git: 'accepts',
  },
  'a certificate of a security key, and that key alone': {
    make: onDevice('ed25519'),
    allowed: () => `me ${devices.ed25519.line}\n`,
    git: 'refuses',
  },
}

describe('git and this service agree on', () => {
  let directory: string
  let peer: VerdictPeer

  before(() => {
    directory = tempDir(scope)
    peer = new VerdictPeer(scope)
    for (const name of ['own', 'other', 'authority', 'one', 'several', 'forced', 'critical']) {
      files[name] = createKey(path.join(directory, name), 'ed25519')
    }
    files['byEcdsa'] = createKey(path.join(directory, 'byEcdsa'), 'ed25519')
    for (const name of ['ecdsaAuthority', 'ofEcdsa']) {
      files[name] = createKey(path.join(directory, name), 'ecdsa', '-b', '384')
    }
    const certificates: Record<string, string[]> = {
      ...{ one: [], byEcdsa: [], ofEcdsa: [], several: ['-n', 'you,me,them'] },
      forced: ['-O', 'force-command=/bin/false', '-O', 'source-address=192.0.2.0/24'],
      critical: ['-O', 'critical:unknown@example.com=1'],
    }
    for (const [name, args] of Object.entries(certificates)) {
      const by = name === 'byEcdsa' ? 'ecdsaAuthority' : 'authority'
      createCertificate(
        file(name),
        file(by),
        ...(args.includes('-n') ? args : ['-n', 'me', ...args]),
      )
    }
    for (const [kind, { line }] of Object.entries(devices)) {
      writeFileSync(path.join(directory, `${kind}.pub`), `${line}\n`)
      createCertificate(path.join(directory, kind), file('authority'), '-n', 'me')
    }
  })

  for (const [name, row] of Object.entries(ROWS)) {
    const { allowed, git, invalid, make = by('own'), zone = 'UTC' } = row
    test(name, async () => {
      const hash = createHash('sha1').update(name).digest('hex')
      const allowedSigners = path.join(directory, hash)
      writeFileSync(allowedSigners, allowed())
      const body = make()
      const trusted = { allowedSigners, keyFiles: [allowedSigners] }
      const zoneBefore = process.env['TZ']
      process.env['TZ'] = zone
      try {
        const theirs = peer.askGit(body, trusted, { TZ: zone })
        assert.equal(theirs.isAccepted, git === 'accepts', theirs.words)
        const asked = peer.ask(body, trusted, Date.now())
        if (invalid) {
          const isRight = (error: unknown) =>
            error instanceof SyncError &&
            error.code === 'keys-invalid' &&
            invalid.test(error.message)
          await assert.rejects(asked, isRight)
          return
        }
        const ours = await asked
        assert.equal(ours.isAccepted, git === 'accepts', ours.words)
      } finally {
        if (zoneBefore === undefined) delete process.env['TZ']
        else process.env['TZ'] = zoneBefore
      }
    })
  }
})
