// What of a credential is for SSH alone.

/** As written; relative names of files start at the folder of the credentials file. */
export interface SshFields {
  sshKeyFile?: string
  sshKeyFiles?: string[]
  sshPassphrase?: string
  sshPassphraseFile?: string
  /** False: every host is trusted. */
  knownHostsFile?: string | false
  knownHostsFiles?: string[]
}

const ALTERNATIVES = [
  ['sshKeyFile', 'sshKeyFiles'],
  ['sshPassphrase', 'sshPassphraseFile'],
  ['knownHostsFile', 'knownHostsFiles'],
] as const

/** Every field of {@link SshFields}. */
export const SSH_FIELDS = ALTERNATIVES.flat()

/** What is wrong with `fields`: predicates without a subject. */
export function findSshFaults(fields: SshFields): string[] {
  return ALTERNATIVES.filter((names) => names.every((name) => fields[name] !== undefined)).map(
    ([one, other]) => `has both ${one} and ${other}`,
  )
}

/** Whether a credential with these fields is for SSH, where a user needs no password. */
export function isForSsh({ url, ...fields }: SshFields & { url?: string }): boolean {
  const isNamed = SSH_FIELDS.some((name) => fields[name] !== undefined)
  return isNamed || (url?.toLowerCase().startsWith('ssh:') ?? false)
}
