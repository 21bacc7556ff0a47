// Who made an SSH signature, as `git verify-commit` finds it out: the names of the first line that has
// the key are tried, with ssh-keygen -Y find-principals, then each of them with -Y verify.
import type { SshCertificate } from '../ssh/certificate.js'
import { describeKey } from '../ssh/fingerprint.js'
import { keyFieldsOf } from '../ssh/key-algorithms.js'
import { matchesPattern, matchesPatternList } from '../ssh/pattern.js'
import { typeOf } from '../ssh/wire-format.js'
import { isSignedBy } from '../ssh/wire-signature.js'
import type { AllowedSigner } from './allowed-signers.js'
import { isRevoked } from './revoked-keys.js'
import type { Signer, Verdict } from './signer.js'
import { isSshSignatureOf, readSshSignature, type SshSignature } from './sshsig.js'

/** What git signs in. */
const NAMESPACE = 'git'
const USER_KIND = 1
const ANYBODY = ''

/** What is signed, and when that was. */
export interface SignedPayload {
  payload: Buffer
  /** Seconds since the Unix epoch. */
  madeAt: number
}

/** Who of one of `files`, each the lines of a file, made a signature by a key that is not `revoked`. */
export function sshVerdict(
  armoured: string,
  { madeAt, payload }: SignedPayload,
  files: readonly (readonly AllowedSigner[])[],
  revoked: readonly Buffer[],
): Verdict {
  const signature = readOrFault(armoured)
  if (typeof signature === 'string') return { fault: signature }
  // Who made it chooses what it says of itself.
  if (keyFieldsOf(typeOf(signature.key)) === undefined) {
    return { fault: 'is signed by an SSH key of a type that is not accepted' }
  }
  const by = `is signed by the key ${describeKey(signature.key)}`
  const { namespace } = signature
  if (!isSshSignatureOf(signature, payload)) {
    return {
      fault: `${by} with a signature that is not of its content, or of a kind that is not accepted`,
    }
  }
  if (namespace !== NAMESPACE) {
    return {
      fault: `${by} for the namespace ${JSON.stringify(namespace.slice(0, 100))}, not for "git"`,
    }
  }
  if (isRevoked(signature, revoked)) {
    return { fault: `${by}, which is revoked, or whose certificate is by a key that is` }
  }
  const faults = files.map((lines) => verdictBy(lines, signature, madeAt))
  const signer = faults.find((each) => typeof each !== 'string')
  if (signer) return { signer }
  const [why] = faults.filter((each) => typeof each === 'string' && each !== '')
  return { fault: why ? `${by}, ${why}` : `${by}, which is none of those that are given` }
}

function readOrFault(armoured: string): SshSignature | string {
  try {
    return readSshSignature(armoured)
  } catch (error) {
    if (error instanceof RangeError) return `has an SSH signature that ${error.message}`
    throw error
  }
}

/** The signer, or why it is none; empty where no line has the key. */
function verdictBy(
  lines: readonly AllowedSigner[],
  signature: SshSignature,
  madeAt: number,
): Signer | string {
  const [first] = lines.filter((line) => hasKey(line, signature))
  if (!first) return ''
  const names = namesOf(first, signature, madeAt)
  if (names.length === 0)
    return 'whose certificate is not valid, or has no name that its authority may give'
  for (const name of names) {
    const line = lines.find((each) => allows(each, signature, name, madeAt))
    if (line) return { name: name || line.comment, key: describeKey(signature.key) }
  }
  return 'which may not sign for git, or not at that time, by its line in the key file'
}

function hasKey({ isAuthority, key }: AllowedSigner, { blob, certificate }: SshSignature): boolean {
  return isAuthority ? certificate?.authority.equals(key) === true : key.equals(blob)
}

/** The names that a line gives to who made the signature. */
function namesOf(
  { isAuthority, principals = ANYBODY }: AllowedSigner,
  { certificate }: SshSignature,
  madeAt: number,
): string[] {
  const names = principals.split(',')
  if (!isAuthority) return names
  if (!certificate || !isValidCertificate(certificate, madeAt)) return []
  return names.flatMap((pattern) =>
    certificate.principals.filter((each) => pattern === ANYBODY || matchesPattern(pattern, each)),
  )
}

function isValidCertificate(certificate: SshCertificate, madeAt: number): boolean {
  const { authority, kind, signature, signed, validAfter, validBefore } = certificate
  const at = BigInt(madeAt)
  const isInTime = validAfter <= at && at < validBefore
  return isInTime && kind === USER_KIND && isSignedBy(authority, signed, signature)
}

/** Whether a line lets somebody of this name sign. */
function allows(
  line: AllowedSigner,
  signature: SshSignature,
  name: string,
  madeAt: number,
): boolean {
  const { isAuthority, namespaces, principals, validAfter, validBefore } = line
  if (!hasKey(line, signature)) return false
  if (principals !== undefined && !matchesPatternList(principals, name)) return false
  if (isAuthority && !signature.certificate?.principals.includes(name)) return false
  if (namespaces !== undefined && !matchesPatternList(namespaces, NAMESPACE)) return false
  return validAfter <= madeAt && madeAt <= validBefore
}
