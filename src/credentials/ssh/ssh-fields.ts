// What of a credential is for SSH alone.
import type { Credential } from '../credential.js'

const ALTERNATIVES = [
  ['sshKeyFile', 'sshKeyFiles'],
  ['sshPassphrase', 'sshPassphraseFile'],
  ['knownHostsFile', 'knownHostsFiles'],
] as const

/** Every field of a credential that is for SSH alone. */
export const SSH_FIELDS = ALTERNATIVES.flat()

/** What is wrong with those of `credential`: predicates without a subject. */
export function findSshFaults(credential: Credential): string[] {
  return ALTERNATIVES.filter((names) => names.every((name) => credential[name] !== undefined)).map(
    ([one, other]) => `has both ${one} and ${other}`,
  )
}

/** Whether a credential is for SSH, where a user needs no password. */
export function isForSsh(credential: Credential): boolean {
  const isNamed = SSH_FIELDS.some((name) => credential[name] !== undefined)
  return isNamed || (credential.url?.toLowerCase().startsWith('ssh:') ?? false)
}
