import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { namedIn } from '../../../src/base/file-name.js'
import { readKeyFile } from '../../../src/credentials/ssh/key-file.js'
import { describeKey } from '../../../src/ssh/fingerprint.js'
import { tempDir } from '../../helpers/git.js'
import { createKey, fingerprintOf } from '../../helpers/sshd.js'

const KINDS: Record<string, readonly string[]> = {
  'rsa OpenSSH': ['rsa'],
  'rsa PEM': ['rsa', '-m', 'PEM'],
  'rsa PKCS8': ['rsa', '-m', 'PKCS8'],
  'ecdsa-256 OpenSSH': ['ecdsa'],
  'ecdsa-384 PEM': ['ecdsa', '-b', '384', '-m', 'PEM'],
  'ecdsa-521 PKCS8': ['ecdsa', '-b', '521', '-m', 'PKCS8'],
  'ed25519 OpenSSH': ['ed25519'],
}

/** As secrets are mangled on their way, and as people and tools write around them. */
function formsOf(text: string): string[] {
  const base64 = (content: string) => Buffer.from(content).toString('base64')
  const other = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'
  const bag = 'Bag Attributes\n    localKeyID: 01\nKey Attributes: <No Attributes>\n'
  return [
    text,
    text.trimEnd(),
    `${text.replaceAll('\n', '\r\n')}\r\n`,
    `${text}\n# deploy key\n`,
    `# deploy key\n${bag}${text}ssh-ed25519 AAAA me@host\n`,
    `-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n${text}${other}`,
    text.replaceAll('\n', '\\n'),
    `"${text.replaceAll('\n', '\\r\\n')}"`,
    text.replaceAll('\n', '\\\\n'),
    `'${base64(text)}'`,
    text.replace(/^/gm, '    '),
    ...(text.includes('Proc-Type') ? [] : [text.replaceAll('\n', ' ')]),
    base64(text),
    `${base64(base64(text)).replace(/.{76}/g, '$&\n')}\n`,
    `\ufeff${text}`,
  ]
}

for (const [kind, [type = '', ...args]] of Object.entries(KINDS)) {
  for (const passphrase of [undefined, 'open sesame']) {
    test(`${kind}, ${passphrase ? 'encrypted' : 'plain'}`, async (t) => {
      const protection = passphrase ? ['-N', passphrase] : []
      const file = createKey(path.join(tempDir(t), 'key'), type, ...args, ...protection)
      const text = readFileSync(file, 'utf8')
      // To decrypt takes long, and is the same for all of them.
      for (const form of passphrase ? [text, text.trimEnd()] : formsOf(text)) {
        writeFileSync(file, form)
        const identity = await readKeyFile(namedIn('/', file), passphrase)
        assert.ok(identity && 'key' in identity, JSON.stringify(identity))
        const described = describeKey(identity.key.getPublicSSH())
        assert.ok(described.endsWith(` ${fingerprintOf(`${file}.pub`)}`), described)
        const data = Buffer.from('data')
        assert.equal(identity.key.verify(data, identity.key.sign(data)), true)
      }
      if (passphrase === undefined) return
      assert.deepEqual(await readKeyFile(namedIn('/', file), undefined), {
        name: file,
        fault: 'is encrypted: set sshPassphraseFile',
      })
      assert.deepEqual(await readKeyFile(namedIn('/', file), 'wrong'), {
        name: file,
        fault: 'cannot be decrypted with the passphrase given',
      })
    })
  }
}

test('an Ed25519 key in PKCS #8, which openssl writes', async (t) => {
  const file = createKey(path.join(tempDir(t), 'key'), 'ed25519')
  const identity = await readKeyFile(namedIn('/', file), undefined)
  assert.ok(identity && 'key' in identity)
  const key = createPrivateKey(identity.key.getPrivatePEM())
  for (const passphrase of [undefined, 'open sesame']) {
    const protection = passphrase ? { cipher: 'aes-256-cbc', passphrase } : {}
    writeFileSync(file, key.export({ type: 'pkcs8', format: 'pem', ...protection }))
    const again = await readKeyFile(namedIn('/', file), passphrase)
    assert.ok(again && 'key' in again, JSON.stringify(again))
    assert.equal(
      describeKey(again.key.getPublicSSH()),
      `ssh-ed25519 ${fingerprintOf(`${file}.pub`)}`,
    )
  }
})

test('an ECDSA key after its curve, as openssl writes it', async (t) => {
  const file = path.join(tempDir(t), 'key')
  execFileSync('openssl', ['ecparam', '-name', 'prime256v1', '-genkey', '-out', file])
  assert.match(readFileSync(file, 'utf8'), /^-----BEGIN EC PARAMETERS-----/)
  const identity = await readKeyFile(namedIn('/', file), undefined)
  assert.ok(identity && 'key' in identity, JSON.stringify(identity))
  assert.equal(identity.key.type, 'ecdsa-sha2-nistp256')
})

test('a key that is encrypted in a way that is not known says how to encrypt it anew', async (t) => {
  const cipher = ['-Z', 'chacha20-poly1305@openssh.com']
  const file = createKey(path.join(tempDir(t), 'key'), 'ed25519', '-N', 'open sesame', ...cipher)
  assert.deepEqual(await readKeyFile(namedIn('/', file), 'open sesame'), {
    name: file,
    fault:
      'is encrypted in a way that is not known: encrypt it anew with ssh-keygen -p -Z aes256-ctr',
  })
})

test('what is no private key is told without any of it', async (t) => {
  const dir = tempDir(t)
  const file = path.join(dir, 'key')
  assert.equal(await readKeyFile(namedIn('/', file), undefined), undefined)
  assert.equal(
    await readKeyFile(namedIn('/', path.join(dir, 'key', 'below')), undefined),
    undefined,
  )
  createKey(file, 'ed25519')
  for (const [text, words] of [
    ['', /no private key that can be read/],
    ['s3cret', /no private key that can be read/],
    [readFileSync(`${file}.pub`, 'utf8'), /public key, not a private one/],
    [readFileSync(file, 'utf8').slice(0, 200), /no private key that can be read/],
    ['-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----', /no private key/],
    ['-----BEGIN RSA PRIVATE KEY-----\ns3cret\n-----END RSA PRIVATE KEY-----', /no private key/],
  ] as const) {
    writeFileSync(file, text)
    const identity = await readKeyFile(namedIn('/', file), undefined)
    assert.ok(identity && 'fault' in identity, text)
    assert.match(identity.fault, words)
    assert.doesNotMatch(identity.fault, /s3cret/)
  }
  // What is there may be named, whatever it is called; what is not may be a secret.
  const named = await readKeyFile(namedIn(dir, 'key'), undefined)
  assert.equal(named?.name, file)
  const folder = await readKeyFile(namedIn('/', dir), undefined)
  assert.deepEqual(folder, { name: dir, fault: 'is a directory, not a file' })
})
