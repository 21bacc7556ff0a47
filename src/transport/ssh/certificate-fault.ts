// Whether the certificate of a host key holds, as OpenSSH 10.3 decides it, but that names
// with wildcards match nothing: a known authority signed it for this host, and it is valid now.

import type { SshCertificate } from '../../ssh/certificate.js'
import { describeKeys } from '../../ssh/fingerprint.js'
import { typeOf } from '../../ssh/wire-format.js'
import { isSignedBy } from '../../ssh/wire-signature.js'

export interface CertificateTerms {
  /** Without brackets and port. */
  host: string
  /** The public keys of authorities that may sign for this host. */
  authorities: readonly Buffer[]
  /** Milliseconds since the Unix epoch. */
  nowMs: number
}

const HOST_KIND = 2
/** What lasts for ever has the largest number there is as its end. */
const FOR_EVER = 2n ** 64n - 1n
/** A certificate may list many more names than an error should show. */
const MAX_SHOWN = 4

/** What is wrong with it, as the end of a sentence about it; undefined where it holds. */
export function certificateFault(
  certificate: SshCertificate,
  { host, authorities, nowMs }: CertificateTerms,
): string | undefined {
  const { kind, principals, validAfter, validBefore, criticalOptions, authority } = certificate
  if (!authorities.some((each) => each.equals(authority))) {
    return `is not signed by the known ${describeKeys(authorities, ' or ')}`
  }
  // Nothing else of what it says counts before this.
  if (!isSignedBy(authority, certificate.signed, certificate.signature)) {
    return `has a signature (${printable(typeOf(certificate.signature))}) that is forged, or of a kind that is not accepted, as SHA-1 is not`
  }
  if (kind !== HOST_KIND) return 'is for a user, not for a host'
  const now = BigInt(Math.floor(nowMs / 1000))
  if (now < validAfter) return `is not valid before ${showTime(validAfter)}`
  if (now >= validBefore) return `expired at ${showTime(validBefore)}`
  if (!principals.includes(host.toLowerCase())) {
    const others = [...new Set(principals)].slice(0, MAX_SHOWN).map(printable).join(', ')
    return others === '' ? 'names no host' : `is for ${others}, not for ${host}`
  }
  const [option] = criticalOptions
  return option === undefined ? undefined : `has an unknown critical option, ${printable(option)}`
}

function showTime(seconds: bigint): string {
  if (seconds === FOR_EVER) return 'the end of time'
  const date = new Date(Number(seconds) * 1000)
  return Number.isNaN(date.getTime()) ? `second ${seconds}` : date.toISOString()
}

function printable(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, '?').slice(0, 100)
}
