// Keys of OpenPGP in each state that they may be in, and files of them in each form: judged as git judges them by
// a keyring with the same keys.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import { fileScope } from '../helpers/file-scope.js'
import { tempDir } from '../helpers/git.js'
import { GpgHome } from '../helpers/gpg-home.js'
import {
  type SignedBody,
  tagWith,
  unsignedCommit,
  unsignedTag,
  VerdictPeer,
  withSignature,
} from './verdict-peer.js'

const scope = fileScope()
const PAST = ['--faked-system-time', '20200101T000000!']
/** A day after that. */
const LATER = ['--faked-system-time', '20200102T000000!']
const commit = unsignedCommit()
const ALL_KEYS = { expires: 'never', args: PAST }

interface Row {
  /** Makes the key, and returns what signs. */
  create(gpg: GpgHome, name: string): string
  /** What happens to it once it has signed. */
  change?(gpg: GpgHome, name: string): void
  git: 'accepts' | 'refuses'
}

const plain: Row['create'] = (gpg, name) => gpg.createKey(name, 'ed25519', ALL_KEYS)
const subkey: Row['create'] = (gpg, name) => {
  const key = plain(gpg, name)
  gpg.run([...PAST, '--quick-add-key', key, 'rsa2048', 'sign', 'never'])
  return `${gpg.subkeysOf(key)[0]}!`
}
/** Why a key is revoked, as gpg asks for it. */
const REASONS = ['no reason', 'it is compromised', 'it is superseded', 'it is not used any more']

const ROWS: Record<string, Row> = {
  'a key that is good': { create: plain, git: 'accepts' },
  ...Object.fromEntries(
    REASONS.flatMap((reason, number): [string, Row][] => [
      [
        `a key that is revoked: ${reason}`,
        {
          create: plain,
          change: (gpg, name) => gpg.edit(name, ['revkey', 'y', `${number}`, '', 'y', 'save']),
          git: 'refuses',
        },
      ],
      [
        `a subkey that is revoked: ${reason}`,
        {
          create: subkey,
          change: (gpg, name) =>
            gpg.edit(name, ['key 1', 'revkey', 'y', `${number}`, '', 'y', 'save']),
          git: 'refuses',
        },
      ],
    ]),
  ),
  'a subkey of a key that is revoked': {
    create: subkey,
    change: (gpg, name) => gpg.revoke(gpg.fingerprintOf(name)),
    git: 'refuses',
  },
  'a subkey of a key that expired': {
    create: subkey,
    change: (gpg, name) => gpg.run([...LATER, '--quick-set-expire', gpg.fingerprintOf(name), '2d']),
    git: 'refuses',
  },
  'a subkey that expired, of a key that did not': {
    create: subkey,
    change: (gpg, name) =>
      gpg.run([...LATER, '--quick-set-expire', gpg.fingerprintOf(name), '2d', '*']),
    git: 'refuses',
  },
  'a key with another subkey that is revoked': {
    create: (gpg, name) => {
      subkey(gpg, name)
      return `${gpg.fingerprintOf(name)}!`
    },
    change: (gpg, name) => gpg.edit(name, ['key 1', 'revkey', 'y', '0', '', 'y', 'save']),
    git: 'accepts',
  },
  'a key of which one of two names is revoked': {
    create: (gpg, name) => {
      const key = plain(gpg, name)
      gpg.run(['--quick-add-uid', key, `${name} by another name`])
      return key
    },
    change: (gpg, name) =>
      gpg.run(['--quick-revoke-uid', gpg.fingerprintOf(name), `${name} by another name`]),
    git: 'accepts',
  },
  'a key that expires in a while': {
    create: (gpg, name) => gpg.createKey(name, 'ed25519', { expires: '10y' }),
    git: 'accepts',
  },
}

describe('git and this service agree on', () => {
  const gpg = new GpgHome(scope)
  const bodies: Record<string, SignedBody> = {}
  let directory: string
  let peer: VerdictPeer
  let good = ''
  const at = (name: string) => path.join(directory, name)

  before(() => {
    directory = tempDir(scope)
    peer = new VerdictPeer(scope)
    for (const [name, { create }] of Object.entries(ROWS)) {
      bodies[name] = withSignature(commit, gpg.sign(commit, create(gpg, name)))
    }
    for (const [name, { change }] of Object.entries(ROWS)) change?.(gpg, name)
    good = gpg.fingerprintOf('a key that is good')
    gpg.exportTo(at('all.asc'))
  })

  for (const [name, { git }] of Object.entries(ROWS)) {
    test(name, async () => {
      const trusted = { gnupgHome: gpg.directory, keyFiles: [at('all.asc')] }
      const body = bodies[name] as SignedBody
      const theirs = peer.askGit(body, trusted)
      assert.equal(theirs.isAccepted, git === 'accepts', theirs.words)
      const ours = await peer.ask(body, trusted, Date.now())
      assert.equal(ours.isAccepted, git === 'accepts', ours.words)
    })
  }

  test('a tag of a tag', async () => {
    const outer = unsignedTag({ name: 'v2', object: '1'.repeat(40), type: 'tag' })
    const body = tagWith(outer, gpg.sign(outer, good))
    const trusted = { gnupgHome: gpg.directory, keyFiles: [at('all.asc')] }
    assert.equal(peer.askGit(body, trusted).isAccepted, true)
    assert.equal((await peer.ask(body, trusted, Date.now())).isAccepted, true)
  })

  /** What a file of keys may be, by its name. */
  const FORMS: Record<string, () => string | Buffer> = {
    'armoured.asc': () => gpg.export(good),
    'binary.gpg': () => gpg.run(['--export', good]),
    'binary.pgp': () => gpg.run(['--export', good]),
    'binary.asc': () => gpg.run(['--export', good]),
    'without an ending': () => gpg.export(good),
    'of Windows.asc': () => gpg.export(good).replaceAll('\n', '\r\n'),
    'with words around.asc': () => `My key:\n\n${gpg.export(good)}\nThat was it.\n`,
    'with headers.asc': () =>
      gpg.export(good).replace('BLOCK-----\n', 'BLOCK-----\nVersion: 1\nComment: mine\n'),
    'without a checksum.asc': () => gpg.export(good).replace(/^=.{4}\n/m, ''),
    'two blocks.asc': () =>
      gpg.export(gpg.fingerprintOf('a subkey of a key that expired')) + gpg.export(good),
    'two keys.gpg': () =>
      gpg.run(['--export', gpg.fingerprintOf('a subkey of a key that expired'), good]),
    'all.gpg': () => gpg.run(['--export']),
  }
  for (const [name, make] of Object.entries(FORMS)) {
    test(`keys in a file ${name}`, async () => {
      writeFileSync(at(name), make())
      const keyFiles = [at(name)]
      const ask = async (row: string) =>
        (await peer.ask(bodies[row] as SignedBody, { keyFiles }, Date.now())).isAccepted
      assert.equal(await ask('a key that is good'), true)
      assert.equal(await ask('a subkey of a key that expired'), false)
    })
  }

  const NO_KEYS: Record<string, () => string | Buffer> = {
    'a secret key.asc': () => gpg.run(['--armor', '--export-secret-keys', good]),
    'a secret key.gpg': () => gpg.run(['--export-secret-keys', good]),
    'a keybox.gpg': () =>
      Buffer.concat([Buffer.from('\0\0\0\x20\x01\x01\0\x02KBXf'), Buffer.alloc(20)]),
    'a signature.asc': () => gpg.sign(commit, good),
    'cut.asc': () => gpg.export(good).slice(0, 200),
    'cut.gpg': () => gpg.run(['--export', good]).subarray(0, 60),
    'empty.gpg': () => '',
  }
  for (const [name, make] of Object.entries(NO_KEYS)) {
    test(`no keys in a file ${name}`, async () => {
      writeFileSync(at(name), make())
      const asked = peer.ask(
        bodies['a key that is good'] as SignedBody,
        { keyFiles: [at(name)] },
        Date.now(),
      )
      const isRight = (error: unknown) =>
        error instanceof SyncError &&
        error.code === 'keys-invalid' &&
        error.message.includes(at(name))
      await assert.rejects(asked, isRight)
    })
  }
})
