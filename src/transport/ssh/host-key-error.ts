// Why a host is not trusted, in sentences with the fingerprints to compare and the files to
// look into.
import { SyncError } from '../../base/errors.js'
import type { SshCertificate } from '../../ssh/certificate.js'
import { describeKey, describeKeys } from '../../ssh/fingerprint.js'
import { displayHost, type SshAddress } from './address.js'

/** Who shows a key, and what it is compared with. */
export interface Comparison {
  host: Pick<SshAddress, 'host' | 'port'>
  /** Every file with known hosts, absolute. */
  files: readonly string[]
}

/** A key other than the `known` ones. */
export function hostKeyChanged(
  { host, files }: Comparison,
  blob: Buffer,
  known: Buffer[],
): SyncError {
  return new SyncError(
    'host-key-changed',
    `${displayHost(host)} shows the host key ${describeKey(blob)}, but known is ${describeKeys(known, ', ')} (${files.join(', ')}): either its key was replaced, or another host answers for it; ask who runs it, and correct the file`,
  )
}

/** A key of a host of which no key is known, and no certificate of one of `authorities`. */
export function hostKeyUnknown(
  { host, files }: Comparison,
  blob: Buffer,
  authorities: readonly Buffer[],
): SyncError {
  const lacking =
    authorities.length > 0
      ? `not known, nor does it show a certificate of ${describeKeys(authorities, ' or ')}`
      : 'not known'
  return new SyncError(
    'host-key-unknown',
    `The host key of ${displayHost(host)} is ${lacking}: it shows ${describeKey(blob)}; ask who runs it whether that is right, and add it to ${files.join(' or ')}`,
  )
}

/** A certificate that does not hold; `fault` is the end of a sentence. */
export function certificateRefused(
  { host, files }: Comparison,
  { key, authority }: SshCertificate,
  fault: string,
): SyncError {
  return new SyncError(
    'host-certificate-refused',
    `${displayHost(host)} shows a certificate for its host key ${describeKey(key)}, signed by ${describeKey(authority)}, that ${fault}; ask who runs it for one that holds, or correct ${files.join(' or ')}`,
  )
}

/** A key, or that of an authority, that nobody should trust any more. */
export function hostKeyRevoked({ host, files }: Comparison, blob: Buffer): SyncError {
  return new SyncError(
    'host-key-changed',
    `${displayHost(host)} shows, or has a certificate of, the key ${describeKey(blob)}, which is marked @revoked in ${files.join(' or ')}: another host may answer for it; leave that line, and have the host's key replaced`,
  )
}
