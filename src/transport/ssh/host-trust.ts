// Whether the key that a host shows is one of those that are known for it, or has a
// certificate of a known authority. Nothing is ever learnt by itself: an unknown key is an
// error that says what it is.
import path from 'node:path'
import type { ServerHostKeyAlgorithm } from 'ssh2'
import type { Clock } from '../../base/clock.js'
import { codeOf } from '../../base/errno.js'
import type { SyncError } from '../../base/errors.js'
import { type NamedFile, showFile } from '../../base/file-name.js'
import { readFault } from '../../base/regular-file.js'
import { invalidIn, readCredentialFile } from '../../credentials/secret-file.js'
import type { SshCredential } from '../../credentials/ssh/ssh-credential.js'
import { defaultKnownHostsFiles, type SshDefaults } from '../../credentials/ssh/ssh-defaults.js'
import { parseSshCertificate } from '../../ssh/certificate.js'
import { typeOf } from '../../ssh/wire-format.js'
import { SSH_PORT, type SshAddress } from './address.js'
import { certificateFault } from './certificate-fault.js'
import { hostKeyAlgorithms } from './host-key-algorithms.js'
import {
  type Comparison,
  certificateRefused,
  hostKeyChanged,
  hostKeyRevoked,
  hostKeyUnknown,
} from './host-key-error.js'
import { findKnownKeys, type KnownKey } from './known-hosts.js'

export interface HostTrust {
  /** The host key algorithms to ask for, those of known keys first, as a host has several keys. */
  algorithms: ServerHostKeyAlgorithm[]
  /** Whether to ask for a certificate first: an authority is known that may sign for the host. */
  wantsCertificate: boolean
  /** What is wrong with the key or certificate that the host shows; undefined where it is trusted. */
  faultOf(blob: Buffer): SyncError | undefined
}

export interface TrustOptions {
  defaults: SshDefaults
  /** Tells whether a certificate is still valid. */
  clock: Pick<Clock, 'wallTime'>
}

/** Reads which keys of a host are trusted. Throws `credentials-invalid` where a named file is faulty. */
export async function readTrust(
  { host, port }: Pick<SshAddress, 'host' | 'port'>,
  credential: SshCredential,
  { defaults, clock }: TrustOptions,
): Promise<HostTrust> {
  const named = credential.knownHostsFiles ?? defaultKnownHostsFiles(defaults)
  if (named === false) {
    return {
      algorithms: hostKeyAlgorithms(new Set()),
      wantsCertificate: false,
      faultOf: () => undefined,
    }
  }
  const texts = await Promise.all(named.map((each) => readKnownHosts(each, credential, defaults)))
  const keysOf = (name: string) => texts.flatMap((text) => findKnownKeys(text, name))
  const own = keysOf(port === SSH_PORT ? host : `[${host}]:${port}`)
  // As in OpenSSH, a key known for the host alone is good for every port of it.
  const shared = port === SSH_PORT ? [] : keysOf(host)
  const all = [...own, ...shared]
  const trusted = blobsOf(all, 'trusted')
  const authorities = blobsOf(all, 'authority')
  const compared: Comparison = {
    host: { host, port },
    files: [...new Set(named.map(({ file }) => file))],
  }
  return {
    algorithms: hostKeyAlgorithms(new Set(trusted.map(typeOf))),
    wantsCertificate: authorities.length > 0,
    faultOf(blob) {
      const certificate = parseSshCertificate(blob)
      const key = certificate?.key ?? blob
      const signers = certificate ? [key, certificate.authority] : [key]
      const bad = signers.find((each) => includes(blobsOf(all, 'revoked'), each))
      if (bad) return hostKeyRevoked(compared, bad)
      // As in OpenSSH, a certificate that does not hold takes nothing from a key that is known.
      if (includes(trusted, key)) return undefined
      if (certificate) {
        const terms = { host, authorities, nowMs: clock.wallTime() }
        const fault = certificateFault(certificate, terms)
        return fault === undefined ? undefined : certificateRefused(compared, certificate, fault)
      }
      const known = blobsOf(own, 'trusted')
      if (known.length > 0) return hostKeyChanged(compared, blob, known)
      return hostKeyUnknown(compared, blob, authorities)
    },
  }
}

/** The text of a file; empty where nobody named it and it is not there. */
async function readKnownHosts(
  named: NamedFile,
  credential: SshCredential,
  { secretDirectory }: SshDefaults,
): Promise<string> {
  try {
    return await readCredentialFile(named.file)
  } catch (error) {
    const code = codeOf(error)
    const isAbsent = code === 'ENOENT' || code === 'ENOTDIR'
    // A home may be another user's.
    const isOther = code === 'EACCES' && path.dirname(named.file) !== secretDirectory
    if (credential.knownHostsFiles === undefined && (isAbsent || isOther)) return ''
    // The system's own words hold the name.
    const fault = `the known hosts ${showFile(named)} ${readFault(error, code)}`
    throw invalidIn(credential.origin.name, fault, code ? undefined : error)
  }
}

function blobsOf(keys: readonly KnownKey[], marker: KnownKey['marker']): Buffer[] {
  return keys.flatMap((key) => (key.marker === marker ? [key.blob] : []))
}

function includes(blobs: readonly Buffer[], blob: Buffer): boolean {
  return blobs.some((each) => each.equals(blob))
}
