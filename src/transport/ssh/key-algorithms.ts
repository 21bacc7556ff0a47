// The algorithms by which a host key or an authority may sign, and what their keys are made
// of. RSA signs with SHA-2 only: what SHA-1 signs is no longer trusted.
import type { ServerHostKeyAlgorithm } from 'ssh2'

export interface KeyAlgorithm {
  /** What their public keys start with: RSA has several algorithms. */
  keyType: string
  /** How many fields follow the type in a public key. */
  keyFields: number
  /** Null: the algorithm has its own. */
  hash: string | null
  /** How long each of the two numbers of an ECDSA signature is. */
  numberBytes?: number
}

/** By what a signature starts with; those preferred come first. */
const ALGORITHMS = new Map<ServerHostKeyAlgorithm, KeyAlgorithm>([
  ['ssh-ed25519', { keyType: 'ssh-ed25519', keyFields: 1, hash: null }],
  [
    'ecdsa-sha2-nistp256',
    { keyType: 'ecdsa-sha2-nistp256', keyFields: 2, hash: 'sha256', numberBytes: 32 },
  ],
  [
    'ecdsa-sha2-nistp384',
    { keyType: 'ecdsa-sha2-nistp384', keyFields: 2, hash: 'sha384', numberBytes: 48 },
  ],
  [
    'ecdsa-sha2-nistp521',
    { keyType: 'ecdsa-sha2-nistp521', keyFields: 2, hash: 'sha512', numberBytes: 66 },
  ],
  ['rsa-sha2-512', { keyType: 'ssh-rsa', keyFields: 2, hash: 'sha512' }],
  ['rsa-sha2-256', { keyType: 'ssh-rsa', keyFields: 2, hash: 'sha256' }],
])

/** The algorithm of a name, such as a peer gives. */
export function keyAlgorithm(name: string): KeyAlgorithm | undefined {
  const known: ReadonlyMap<string, KeyAlgorithm> = ALGORITHMS
  return known.get(name)
}

/** How many fields follow the type in a public key; undefined where it is none that is known. */
export function keyFieldsOf(keyType: string): number | undefined {
  return [...ALGORITHMS.values()].find((each) => each.keyType === keyType)?.keyFields
}

/** The algorithms to ask a host for: those of keys of these types first. */
export function hostKeyAlgorithms(knownTypes: ReadonlySet<string>): ServerHostKeyAlgorithm[] {
  const [known, others]: [ServerHostKeyAlgorithm[], ServerHostKeyAlgorithm[]] = [[], []]
  for (const [name, { keyType }] of ALGORITHMS) {
    if (knownTypes.has(keyType)) known.push(name)
    else others.push(name)
  }
  return [...known, ...others]
}
