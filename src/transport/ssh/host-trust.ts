// Whether the key that a host shows is one of those that are known for it, or has a
// certificate of a known authority. Nothing is ever learnt by itself: an unknown key is an
// error that says what it is.
import { readFile } from 'node:fs/promises'
import type { ServerHostKeyAlgorithm } from 'ssh2'
import type { Clock } from '../../base/clock.js'
import { SyncError } from '../../base/errors.js'
import { displayHost, SSH_PORT, type SshAddress } from './address.js'
import { certificateFault } from './certificate-fault.js'
import { describeKey, keyTypeFor, keyTypeOf } from './fingerprint.js'
import { type HostCertificate, parseHostCertificate } from './host-certificate.js'
import { findKnownKeys, type KnownKey } from './known-hosts.js'

export interface HostTrust {
  /** The host key algorithms to ask for, those of known keys first, as a host has several keys. */
  algorithms: ServerHostKeyAlgorithm[]
  /** Whether to ask for a certificate first: an authority is known that may sign for the host. */
  wantsCertificate: boolean
  /** What is wrong with the key or certificate that the host shows; undefined where it is trusted. */
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
  return { algorithms: ALGORITHMS, wantsCertificate: false, faultOf: () => undefined }
}

/** Reads what `files` know of a host; `unreadable` gives the error to throw, if any, of one of them. */
export async function readHostTrust(
  address: Pick<SshAddress, 'host' | 'port'>,
  files: readonly string[],
  clock: Pick<Clock, 'wallTime'>,
  unreadable: (file: string, error: unknown) => SyncError | undefined,
): Promise<HostTrust> {
  const texts = await Promise.all(files.map((file) => readText(file, unreadable)))
  const keysOf = (name: string) => texts.flatMap((text) => findKnownKeys(text, name))
  const { host, port } = address
  const own = keysOf(port === SSH_PORT ? host : `[${host}]:${port}`)
  // As in OpenSSH, a key known for the host alone is good for every port of it.
  const shared = port === SSH_PORT ? [] : keysOf(host)
  const all = [...own, ...shared]
  const trusted = blobsOf(all, 'trusted')
  const authorities = blobsOf(all, 'authority')
  const types = new Set(trusted.map(keyTypeOf))
  return {
    algorithms: ALGORITHMS.toSorted(
      (a, b) => Number(types.has(keyTypeFor(b))) - Number(types.has(keyTypeFor(a))),
    ),
    wantsCertificate: authorities.length > 0,
    faultOf(blob) {
      const certificate = parseHostCertificate(blob)
      const key = certificate?.key ?? blob
      const signers = certificate ? [key, certificate.authority] : [key]
      const bad = signers.find((each) => includes(blobsOf(all, 'revoked'), each))
      if (bad) return revoked(address, bad)
      // As in OpenSSH, a certificate that does not hold takes nothing from a key that is known.
      if (includes(trusted, key)) return undefined
      if (certificate) {
        const terms = { host, authorities, nowMs: clock.wallTime() }
        const fault = certificateFault(certificate, terms)
        return fault === undefined ? undefined : refused(address, certificate, fault, files)
      }
      const known = blobsOf(own, 'trusted')
      if (known.length > 0) return changed(address, blob, known, files)
      return unknown(address, blob, files, authorities)
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
    `${displayHost(host)} shows the host key ${describeKey(blob)}, but known is ${known.map(describeKey).join(', ')} (${files.join(', ')}): either its key was replaced, or another host answers for it; ask who runs it, and correct the file`,
  )
}

function unknown(
  host: Host,
  blob: Buffer,
  files: readonly string[],
  authorities: readonly Buffer[],
): SyncError {
  const lacking =
    authorities.length > 0
      ? `not known, nor does it show a certificate of ${authorities.map(describeKey).join(' or ')}`
      : 'not known'
  return new SyncError(
    'host-key-unknown',
    `The host key of ${displayHost(host)} is ${lacking}: it shows ${describeKey(blob)}; ask who runs it whether that is right, and add it to ${files.join(' or ')}`,
  )
}

function refused(
  host: Host,
  { key, authority }: HostCertificate,
  fault: string,
  files: readonly string[],
): SyncError {
  return new SyncError(
    'host-certificate-refused',
    `${displayHost(host)} shows a certificate for its host key ${describeKey(key)}, signed by ${describeKey(authority)}, that ${fault}; ask who runs it for one that holds, or correct ${files.join(' or ')}`,
  )
}

function revoked(host: Host, blob: Buffer): SyncError {
  return new SyncError(
    'host-key-changed',
    `${displayHost(host)} shows, or has a certificate of, the key ${describeKey(blob)}, which is marked @revoked: another host may answer for it; ask who runs it`,
  )
}
