// What there is to log in with over SSH, read anew at each connection attempt: the keys and
// the password of a credential, or else the keys in the usual places.
import { showFile } from '../../base/file-name.js'
import { secretOf } from '../credential.js'
import { invalidIn } from '../secret-file.js'
import { readKeyFile, type SshKey } from './key-file.js'
import type { SshCredential } from './ssh-credential.js'
import { defaultKeyFiles, type SshDefaults } from './ssh-defaults.js'

/** The secrets of one login. */
export interface SshSecrets {
  /** Whether a credential names what to log in with; else an agent may be asked, too. */
  isNamed: boolean
  password: string | undefined
  keys: readonly SshKey[]
  /** Keys that cannot be used, and why. */
  skipped: readonly string[]
}

/**
 * Reads the secrets of `credential`, and tells `onSecret` of each password and passphrase. Throws
 * `credentials-invalid` where no named key can be used.
 */
export async function readSshSecrets(
  credential: SshCredential,
  defaults: SshDefaults,
  onSecret: (secret: string) => void,
): Promise<SshSecrets> {
  const { secrets, origin } = credential
  const passphrase = await secretOf(secrets, 'sshPassphrase', origin)
  const password = await secretOf(secrets, 'password', origin)
  for (const secret of [passphrase, password]) if (secret !== undefined) onSecret(secret)
  const isNamed = credential.keyFiles !== undefined || password !== undefined
  const files = isNamed ? (credential.keyFiles ?? []) : await defaultKeyFiles(defaults)
  const keys: SshKey[] = []
  const skipped: string[] = []
  for (const named of files) {
    const found = await readKeyFile(named, passphrase)
    if (found && 'key' in found) keys.push(found)
    else if (found) skipped.push(`${found.name} ${found.fault}`)
    else if (isNamed) skipped.push(`${showFile(named)} is missing`)
  }
  if (isNamed && skipped.length > 0 && keys.length === 0) {
    throw invalidIn(origin.name, `its SSH key ${skipped[0]}`)
  }
  return { isNamed, password, keys, skipped }
}
