// How people compare keys. https://man.openbsd.org/ssh-keygen#l
import { createHash } from 'node:crypto'
import { typeOf } from './wire-format.js'

/** A public key as `ssh-keygen -l` shows it, for instance `ssh-ed25519 SHA256:…`. */
export function describeKey(blob: Buffer): string {
  const hash = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')
  return `${typeOf(blob)} SHA256:${hash}`
}

/** Public keys as {@link describeKey} has them, each once. */
export function describeKeys(blobs: readonly Buffer[], separator: string): string {
  return [...new Set(blobs.map(describeKey))].join(separator)
}
