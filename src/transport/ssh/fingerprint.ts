// How people compare keys. https://man.openbsd.org/ssh-keygen#l
import { createHash } from 'node:crypto'

/** A public key as `ssh-keygen -l` shows it, for instance `ssh-ed25519 SHA256:…`. */
export function describeKey(blob: Buffer): string {
  const hash = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')
  return `${keyTypeOf(blob)} SHA256:${hash}`
}

/** The type that a public key starts with; empty where it is malformed. */
export function keyTypeOf(blob: Buffer): string {
  if (blob.length < 4) return ''
  const length = blob.readUInt32BE(0)
  return blob.length < 4 + length ? '' : blob.toString('latin1', 4, 4 + length)
}

/** The type of the keys that sign with an algorithm: RSA has several. */
export function keyTypeFor(algorithm: string): string {
  return algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm
}
