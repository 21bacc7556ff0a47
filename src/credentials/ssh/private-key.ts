// A private key from its text, in the format of OpenSSH, PEM or PKCS #8, encrypted or
// not. No error holds any of it. https://man.openbsd.org/ssh-keygen#m
import { createPrivateKey, type KeyObject } from 'node:crypto'
import ssh2, { type ParsedKey } from 'ssh2'
import { privateKeyIn } from '../key-text.js'
import { encodeEd25519Key } from './ed25519-key.js'

/** Why a key cannot be used; the message is the end of a sentence about its file. */
export class PrivateKeyError extends Error {
  override readonly name = 'PrivateKeyError'
}

/**
 * Parses a key; an encrypted one in the format of OpenSSH takes a large part of a second.
 * Throws a {@link PrivateKeyError}.
 */
export function parsePrivateKey(text: string, passphrase: string | undefined): ParsedKey {
  const pem = privateKeyIn(text)
  const readable = /^-----BEGIN (?:ENCRYPTED )?PRIVATE KEY-----/.test(pem)
    ? convertPkcs8(pem, passphrase)
    : pem
  const parsed: ParsedKey | ParsedKey[] | Error = ssh2.utils.parseKey(readable, passphrase)
  if (parsed instanceof Error) throw new PrivateKeyError(explain(parsed.message, passphrase))
  const key = Array.isArray(parsed) ? parsed[0] : parsed
  if (!key?.isPrivateKey()) throw new PrivateKeyError('is a public key, not a private one')
  return key
}

/** Whether it takes long to parse a key. */
export function isSlowToParse(text: string): boolean {
  const [, body = ''] =
    /BEGIN OPENSSH PRIVATE KEY-----([\s\S]{0,400})/.exec(privateKeyIn(text)) ?? []
  return Buffer.from(body, 'base64').includes('bcrypt')
}

/** The same key in a format that the SSH client reads. */
function convertPkcs8(pem: string, passphrase: string | undefined): string {
  const key = readPkcs8(pem, passphrase)
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return key.export({ type: 'pkcs1', format: 'pem' }).toString()
    case 'ec':
      return key.export({ type: 'sec1', format: 'pem' }).toString()
    case 'ed25519':
      return encodeEd25519Key(key)
    default:
      throw new PrivateKeyError(`is of the type ${key.asymmetricKeyType}, which SSH does not use`)
  }
}

function readPkcs8(pem: string, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) })
  } catch (error) {
    const isEncrypted = pem.startsWith('-----BEGIN ENCRYPTED')
    const words = isEncrypted ? 'encrypted, bad passphrase' : 'malformed'
    throw new PrivateKeyError(explain(words, passphrase), { cause: error })
  }
}

function explain(words: string, passphrase: string | undefined): string {
  if (passphrase === undefined && /^encrypted/i.test(words)) {
    return 'is encrypted: set sshPassphraseFile'
  }
  if (passphrase !== undefined && /passphrase/i.test(words)) {
    return 'cannot be decrypted with the passphrase given'
  }
  if (passphrase !== undefined && /initialization vector|cipher/i.test(words)) {
    return 'is encrypted in a way that is not known: encrypt it anew with ssh-keygen -p -Z aes256-ctr'
  }
  return 'is no private key that can be read: it must be RSA, ECDSA or Ed25519 in the format of OpenSSH or PEM'
}
