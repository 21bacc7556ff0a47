// The algorithms by which somebody may sign in the format of SSH, and what their keys are made
// of. RSA signs with SHA-2 only: what SHA-1 signs is no longer trusted.

export interface KeyAlgorithm {
  /** What their public keys start with: RSA has several algorithms. */
  keyType: string
  /** How many fields follow the type in a public key. */
  keyFields: number
  /** Null: the algorithm has its own. */
  hash: string | null
  /** How long each of the two numbers of an ECDSA signature is. */
  numberBytes?: number
  /** Whether the key is in a security key, which signs more than it is asked to. */
  isOnDevice?: true
}

/** By what a signature starts with; those preferred come first. */
export const ALGORITHMS = {
  'ssh-ed25519': { keyType: 'ssh-ed25519', keyFields: 1, hash: null },
  'ecdsa-sha2-nistp256': {
    ...{ keyType: 'ecdsa-sha2-nistp256', keyFields: 2, hash: 'sha256', numberBytes: 32 },
  },
  'ecdsa-sha2-nistp384': {
    ...{ keyType: 'ecdsa-sha2-nistp384', keyFields: 2, hash: 'sha384', numberBytes: 48 },
  },
  'ecdsa-sha2-nistp521': {
    ...{ keyType: 'ecdsa-sha2-nistp521', keyFields: 2, hash: 'sha512', numberBytes: 66 },
  },
  'rsa-sha2-512': { keyType: 'ssh-rsa', keyFields: 2, hash: 'sha512' },
  'rsa-sha2-256': { keyType: 'ssh-rsa', keyFields: 2, hash: 'sha256' },
  'sk-ssh-ed25519@openssh.com': {
    ...{ keyType: 'sk-ssh-ed25519@openssh.com', keyFields: 2, hash: null, isOnDevice: true },
  },
  'sk-ecdsa-sha2-nistp256@openssh.com': {
    ...{ keyType: 'sk-ecdsa-sha2-nistp256@openssh.com', keyFields: 3, hash: 'sha256' },
    ...{ numberBytes: 32, isOnDevice: true },
  },
} as const satisfies Record<string, KeyAlgorithm>

/** The algorithm of a name, such as a peer gives. */
export function keyAlgorithm(name: string): KeyAlgorithm | undefined {
  const known: Readonly<Record<string, KeyAlgorithm>> = ALGORITHMS
  return Object.hasOwn(known, name) ? known[name] : undefined
}

/** How many fields follow the type in a public key; undefined where it is none that is known. */
export function keyFieldsOf(keyType: string): number | undefined {
  return Object.values(ALGORITHMS).find((each) => each.keyType === keyType)?.keyFields
}
