// The armour of signatures: one block, from its first line to its last, with nothing around it.

const KINDS = {
  'PGP SIGNATURE': 'openpgp',
  'SSH SIGNATURE': 'ssh',
  'SIGNED MESSAGE': 'x509',
} as const

/** A signature in its armour, and whose format it has; undefined where it is none that is known. */
export type ArmourKind = (typeof KINDS)[keyof typeof KINDS]

/** Whose format a signature has; undefined where it is not one whole block of a known one. */
export function armourKindOf(signature: string): ArmourKind | undefined {
  const [, label = '', lineEnd] = /^-----BEGIN ([A-Z ]{1,20})-----(\r?\n)/.exec(signature) ?? []
  if (!Object.hasOwn(KINDS, label)) return undefined
  // ssh-keygen takes no other.
  if (label === 'SSH SIGNATURE' && lineEnd !== '\n') return undefined
  const isOne = signature.lastIndexOf('-----BEGIN ') === 0
  const end = signature.indexOf(`\n-----END ${label}-----`)
  if (!isOne || end === -1) return undefined
  const isLast = signature.slice(end + `\n-----END ${label}-----`.length).trim() === ''
  return isLast ? KINDS[label as keyof typeof KINDS] : undefined
}

/** The bytes in an armour whose lines are base64 and nothing else. Throws a RangeError where they are not. */
export function decodeArmour(signature: string): Buffer {
  const lines = signature.slice(signature.indexOf('\n'), signature.lastIndexOf('\n-----END '))
  const base64 = lines.replace(/\s+/g, '')
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    throw new RangeError('is no base64')
  }
  return Buffer.from(base64, 'base64')
}
