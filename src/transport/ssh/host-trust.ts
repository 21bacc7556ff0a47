// Whether the key that a host shows is one of those that are known for it. Nothing is
// ever learnt by itself: an unknown key is an error that says what it is.
import { readFile } from 'node:fs/promises'
import type { ServerHostKeyAlgorithm } from 'ssh2'
import { SyncError } from '../../base/errors.js'
import { displayHost, SSH_PORT, type SshAddress } from './address.js'
import { describeKey, keyTypeOf } from './fingerprint.js'
import { findKnownKeys, type KnownKey } from './known-hosts.js'

export interface HostTrust {
  /** The host key algorithms to ask for, those of known keys first, as a host has several keys. */
  algorithms: ServerHostKeyAlgorithm[]
  /** What is wrong with the key that the host shows; undefined where it is trusted. */
  faultOf(blob: Buffer): SyncError | undefined
}

/** RSA only with SHA-2: what SHA-1 signs is no longer trusted. */
const ALGORITHMS: ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
]

/** The trust in every host. */
export function trustAnyHost(): HostTrust {
  return { algorithms: ALGORITHMS, faultOf: () => undefined }
}

/** Reads what `files` know of a host; `unreadable` gives the error to throw, if any, of one of them. */
export async function readHostTrust(
  address: Pick<SshAddress, 'host' | 'port'>,
  files: readonly string[],
  unreadable: (file: string, error: unknown) => SyncError | undefined,
): Promise<HostTrust> {
  const texts = await Promise.all(files.map((file) => readText(file, unreadable)))
  const keysOf = (name: string) => texts.flatMap((text) => findKnownKeys(text, name))
  const { host, port } = address
  const own = keysOf(port === SSH_PORT ? host : `[${host}]:${port}`)
  // As in OpenSSH, a key known for the host alone is good for every port of it.
  const shared = port === SSH_PORT ? [] : keysOf(host)
  const trusted = blobsOf([...own, ...shared], 'trusted')
  const types = new Set(trusted.map(keyTypeOf))
  return {
    algorithms: ALGORITHMS.toSorted(
      (a, b) => Number(types.has(keyTypeFor(b))) - Number(types.has(keyTypeFor(a))),
    ),
    faultOf(blob) {
      if (includes(blobsOf([...own, ...shared], 'revoked'), blob)) return revoked(address, blob)
      if (includes(trusted, blob)) return undefined
      const known = blobsOf(own, 'trusted')
      if (known.length > 0) return changed(address, blob, known, files)
      return unknown(
        address,
        blob,
        files,
        own.some(({ marker }) => marker === 'authority'),
      )
    },
  }
}

async function readText(
  file: string,
  unreadable: (file: string, error: unknown) => SyncError | undefined,
): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const fault = unreadable(file, error)
    if (fault) throw fault
    return ''
  }
}

function keyTypeFor(algorithm: string): string {
  return algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm
}

function blobsOf(keys: readonly KnownKey[], marker: KnownKey['marker']): Buffer[] {
  return keys.flatMap((key) => (key.marker === marker ? [key.blob] : []))
}

function includes(blobs: readonly Buffer[], blob: Buffer): boolean {
  return blobs.some((each) => each.equals(blob))
}

type Host = Pick<SshAddress, 'host' | 'port'>

function changed(host: Host, blob: Buffer, known: Buffer[], files: readonly string[]): SyncError {
  return new SyncError(
    'host-key-changed',
    `${displayHost(host)} shows the host key ${describeKey(blob)}, but known is ${known.map(describeKey).join(', ')} (${files.join(', ')}): either its key was replaced, or another host answers for it; ask who runs it, and correct the file before SIGHUP`,
  )
}

function unknown(
  host: Host,
  blob: Buffer,
  files: readonly string[],
  hasAuthority: boolean,
): SyncError {
  const lacking = hasAuthority
    ? 'known by a @cert-authority only, and host certificates are not supported'
    : 'not known'
  return new SyncError(
    'host-key-unknown',
    `The host key of ${displayHost(host)} is ${lacking}: it shows ${describeKey(blob)}; ask who runs it whether that is right, and add it to ${files.join(' or ')}`,
  )
}

function revoked(host: Host, blob: Buffer): SyncError {
  return new SyncError(
    'host-key-changed',
    `${displayHost(host)} shows the host key ${describeKey(blob)}, which is marked @revoked: another host may answer for it; ask who runs it`,
  )
}
