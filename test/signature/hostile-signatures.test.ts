// Signatures that somebody made to harm: each is refused in a sentence, by little work, and whatever is
// changed of a good one never vouches for another content.
import assert from 'node:assert/strict'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import { readSignedCommit, readSignedTag } from '../../src/signature/signed-object.js'
import fc from '../helpers/fast-check.js'
import { fileScope } from '../helpers/file-scope.js'
import { tempDir } from '../helpers/git.js'
import { GpgHome } from '../helpers/gpg-home.js'
import { IS_WHOLE } from '../helpers/seed.js'
import { armourSshSig, publicKeyOf, sshSign, writeLines } from '../helpers/ssh-signing.js'
import { createKey } from '../helpers/sshd.js'
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

const commit = unsignedCommit()
const other = unsignedCommit({ message: 'Another commit\n' })
const OID = '0'.repeat(40)

/** An armour of OpenPGP around these bytes. */
function armour(bytes: Buffer): string {
  const lines = bytes.toString('base64').replace(/.{64}/g, '$&\n').trim()
  return `-----BEGIN PGP SIGNATURE-----\n\n${lines}\n-----END PGP SIGNATURE-----\n`
}

/** A packet in the new format, with a length of five bytes that may lie. */
function packet(tag: number, body: Buffer, length = body.length): Buffer {
  const head = Buffer.from([0xc0 | tag, 0xff, 0, 0, 0, 0])
  head.writeUInt32BE(length, 2)
  return Buffer.concat([head, body])
}

describe('signatures', () => {
  let peer: VerdictPeer
  let trusted: TrustedKeys
  /** Good ones. */
  let ssh = ''
  let openPgp = ''
  /** The packet in the second. */
  let bytes: Buffer

  before(() => {
    const directory = tempDir(scope)
    peer = new VerdictPeer(scope)
    const key = createKey(path.join(directory, 'key'), 'ed25519')
    const signers = writeLines(path.join(directory, 'signers'), `me ${publicKeyOf(key)}`)
    const gpg = new GpgHome(scope)
    const fingerprint = gpg.createKey('me', 'ed25519')
    trusted = { keyFiles: [signers, gpg.exportTo(path.join(directory, 'me.asc'))] }
    ssh = sshSign(key, commit)
    openPgp = gpg.sign(commit, fingerprint)
    bytes = Buffer.from(openPgp.replace(/^[-=].*$/gm, ''), 'base64')
  })

  const ask = (body: SignedBody) => peer.ask(body, trusted, Date.now())

  async function refuses(signature: string, words: RegExp) {
    const { isAccepted, words: said } = await ask(withSignature(commit, signature))
    assert.equal(isAccepted, false)
    assert.match(said, words)
    assert.ok(said.length < 2000, said)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    assert.doesNotMatch(said, /[\u0000-\u001f\u007f]/)
  }

  test('are good as they are', async () => {
    for (const signature of [ssh, openPgp, armour(bytes)]) {
      assert.equal((await ask(withSignature(commit, signature))).isAccepted, true)
    }
  })

  test('that are too long are not looked at', async () => {
    const long = `${'A'.repeat(70)}\n`.repeat(150_000)
    for (const label of ['PGP SIGNATURE', 'SSH SIGNATURE']) {
      const text = `-----BEGIN ${label}-----\n\n${long}-----END ${label}-----\n`
      assert.throws(() => readSignedTag(OID, tagWith(unsignedTag(), text).body), /more than 64 KiB/)
      assert.throws(() => readSignedCommit(OID, withSignature(commit, text).body, 'sha1'), /1 MiB/)
    }
    const many = Buffer.from(`tree ${OID}\n${'gpgsig a\nx y\n'.repeat(90_000)}\nmessage`)
    assert.throws(() => readSignedCommit(OID, many, 'sha1'), /1 MiB/)
    const some = Buffer.from(`tree ${OID}\n${'gpgsig a\nx y\n'.repeat(70_000)}\nmessage`)
    assert.throws(() => readSignedCommit(OID, some, 'sha1'), /64 KiB/)
  })

  test('in a large message cost one look at it', () => {
    const begins = '-----BEGIN PGP SIGNATURE-----\n'.repeat(1_000_000)
    assert.throws(
      () =>
        readSignedTag(
          OID,
          Buffer.concat([unsignedTag(), Buffer.from(`${begins}${'x\n'.repeat(50_000)}`)]),
        ),
      /64 KiB/,
    )
    const { signature } = readSignedCommit(
      OID,
      Buffer.concat([commit, Buffer.from(begins)]),
      'sha1',
    )
    assert.equal(signature, undefined)
  })

  test('of white space cost little', async () => {
    for (const label of ['PGP SIGNATURE', 'SSH SIGNATURE']) {
      await refuses(`-----BEGIN ${label}-----\n${' \t'.repeat(30_000)}`, /malformed/)
      await refuses(
        `-----BEGIN ${label}-----\n${' \n'.repeat(30_000)}\n-----END ${label}-----\n`,
        /SSH|OpenPGP/,
      )
    }
  })

  test('that have many packets are counted, and none is verified', async () => {
    await refuses(
      armour(Buffer.concat(Array.from({ length: 300 }, () => bytes))),
      /300 OpenPGP signatures/,
    )
  })

  test('that hold other packets are not opened', async () => {
    const compressed = packet(8, Buffer.concat([Buffer.from([1]), Buffer.alloc(1000)]))
    await refuses(armour(compressed), /cannot be read/)
    await refuses(armour(packet(11, Buffer.alloc(20))), /cannot be read/)
    await refuses(armour(packet(2, packet(2, bytes))), /cannot be read|0 OpenPGP/)
    // Of a kind that nobody has to know.
    await refuses(armour(packet(40, bytes.subarray(2))), /cannot be read/)
  })

  test('whose lengths lie are refused', async () => {
    const body = bytes.subarray(2)
    await refuses(armour(packet(2, body, 0xffffffff)), /cannot be read/)
    await refuses(armour(packet(2, body, 3)), /cannot be read/)
    // Partial lengths that never end.
    const endless = Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.from([0xe0, 0])))
    await refuses(armour(Buffer.concat([Buffer.from([0xc2]), endless])), /cannot be read/)
    // The last number says that it is the longest.
    const huge = Buffer.from(bytes)
    huge.writeUInt16BE(0xffff, huge.length - 34)
    await refuses(armour(huge), /OpenPGP/)
  })

  test('by SSH whose fields lie are refused', async () => {
    const blob = Buffer.from(ssh.replace(/-----.*/g, ''), 'base64')
    for (let at = 0; at + 4 <= blob.length; at++) {
      const lying = Buffer.from(blob)
      lying.writeUInt32BE(0xfffffff0, at)
      await refuses(armourSshSig(lying), /signed|SSH/)
    }
    for (let length = 0; length < blob.length; length++) {
      await refuses(armourSshSig(blob.subarray(0, length)), /signed|SSH/)
    }
  })

  test('that are changed vouch for nothing else, and are judged in a sentence', async () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    })
    await fc.assert(
      fc.asyncProperty(fc.boolean(), changes, async (isSsh, each) => {
        const good = isSsh ? Buffer.from(ssh.replace(/-----.*/g, ''), 'base64') : bytes
        const changed = Buffer.from(good)
        for (const [at, byte] of each) changed[at % changed.length] = byte
        const text = isSsh ? armourSshSig(changed) : armour(changed)
        assert.equal((await ask(withSignature(other, text))).isAccepted, false)
        const { words } = await ask(withSignature(commit, text))
        assert.ok(words.length < 2000)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
        assert.doesNotMatch(words, /[\u0000-\u001f\u007f-\u009f]/)
      }),
      { numRuns: IS_WHOLE ? 500 : 100 },
    )
  })

  test('that are any text are judged in a sentence', async () => {
    const labels = fc.constantFrom(
      'PGP SIGNATURE',
      'SSH SIGNATURE',
      'SIGNED MESSAGE',
      'PGP MESSAGE',
    )
    await fc.assert(
      fc.asyncProperty(
        labels,
        fc.string({ unit: 'binary', maxLength: 300 }),
        async (label, text) => {
          const signature = `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----`
          const { isAccepted } = await ask(tagWith(unsignedTag(), signature))
          assert.equal(isAccepted, false)
        },
      ),
      { numRuns: IS_WHOLE ? 300 : 60 },
    )
  })
})
