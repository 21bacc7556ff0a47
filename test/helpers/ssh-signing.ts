// Real ssh-keygen that signs; and security keys in software, which sign as a device would.
import { execFileSync } from 'node:child_process'
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { encodeString } from '../../src/ssh/wire-format.js'

/** A signature by a key file, or by a certificate, in its armour. */
export function sshSign(
  keyFile: string,
  payload: Buffer,
  namespace = 'git',
  ...args: string[]
): string {
  return execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', namespace, '-f', keyFile, ...args], {
    input: payload,
    stdio: ['pipe', 'pipe', 'pipe'],
  }).toString()
}

/** `TYPE BASE64` of a public key file. */
export function publicKeyOf(keyFile: string): string {
  return readFileSync(`${keyFile}.pub`, 'utf8').split(' ').slice(0, 2).join(' ').trim()
}

/** What a signature has in it. */
export interface SshSigParts {
  publicKey: Buffer
  namespace?: string
  hash?: string
  /** The signature of what is to be signed. */
  sign(signed: Buffer): Buffer
}

/** A signature as ssh-keygen makes it, of parts that it may not make. */
export function composeSshSig(
  { hash = 'sha512', namespace = 'git', publicKey, sign }: SshSigParts,
  payload: Buffer,
): string {
  const digest = createHash(hash === 'sha256' || hash === 'sha512' ? hash : 'sha512')
    .update(payload)
    .digest()
  const signed = [namespace, '', hash, digest].map(encodeString)
  const blob = Buffer.concat([
    ...[Buffer.from('SSHSIG'), Buffer.from([0, 0, 0, 1])],
    ...[publicKey, namespace, '', hash].map(encodeString),
    encodeString(sign(Buffer.concat([Buffer.from('SSHSIG'), ...signed]))),
  ])
  return armourSshSig(blob)
}

export function armourSshSig(blob: Buffer): string {
  const lines = blob.toString('base64').replace(/.{70}/g, '$&\n').trim()
  return `-----BEGIN SSH SIGNATURE-----\n${lines}\n-----END SSH SIGNATURE-----\n`
}

/** A security key in software, of one of the two kinds. */
export class SoftwareSecurityKey {
  readonly type: string
  readonly publicKey: Buffer
  readonly #private: KeyObject
  readonly #application: string

  constructor(kind: 'ed25519' | 'ecdsa', application = 'ssh:') {
    this.#application = application
    if (kind === 'ed25519') {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519')
      this.type = 'sk-ssh-ed25519@openssh.com'
      this.#private = privateKey
      const { x = '' } = publicKey.export({ format: 'jwk' })
      this.publicKey = fields(this.type, Buffer.from(x, 'base64url'), application)
    } else {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      this.type = 'sk-ecdsa-sha2-nistp256@openssh.com'
      this.#private = privateKey
      const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
      const [four, ...point] = [
        Buffer.from([4]),
        Buffer.from(x, 'base64url'),
        Buffer.from(y, 'base64url'),
      ]
      this.publicKey = fields(this.type, 'nistp256', Buffer.concat([four, ...point]), application)
    }
  }

  /** As a line of a key file has it. */
  get line(): string {
    return `${this.type} ${this.publicKey.toString('base64')}`
  }

  /** Signs as a device does that was touched, unless `flags` say something else. */
  sign(signed: Buffer, flags = 1, counter = 7): Buffer {
    const device = Buffer.from([flags, 0, 0, 0, counter])
    const hash = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest()
    const content = Buffer.concat([hash(this.#application), device, hash(signed)])
    const isEd25519 = this.type.includes('ed25519')
    const made = sign(isEd25519 ? null : 'sha256', content, {
      key: this.#private,
      dsaEncoding: 'ieee-p1363',
    })
    const bytes = isEd25519
      ? made
      : fields(positive(made.subarray(0, 32)), positive(made.subarray(32)))
    return Buffer.concat([fields(this.type, bytes), device])
  }
}

/** A number of an SSH key is negative where its first bit is set. */
function positive(number: Buffer): Buffer {
  const start = number.findIndex((byte) => byte !== 0)
  const digits = number.subarray(start)
  return (digits[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), digits]) : digits
}

function fields(...each: (string | Buffer)[]): Buffer {
  return Buffer.concat(each.map(encodeString))
}

/** Writes lines to a file, and returns its name. */
export function writeLines(file: string, ...lines: string[]): string {
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''))
  return file
}
