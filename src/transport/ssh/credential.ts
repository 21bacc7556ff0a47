// What the credentials file, or a remote's URL, says of an SSH connection. It names
// files and does not hold their content, which is read at each connection attempt.
import path from 'node:path'
import type { SyncError } from '../../base/errors.js'
import type { RemoteUrl } from '../../git/remote-url.js'
import type { Credential } from '../credential.js'
import { invalidIn, readSecret as readSecretFile } from '../credentials/secret-file.js'

/** A secret as it was written, or the file that the field of a credentials file names, absolute. */
export type Secret = { value: string } | { file: string; field: string; source: string }

/** How to log in, and which hosts to trust; what is undefined falls back on the defaults. */
export interface SshCredential {
  /** The credentials file, absolute; undefined where there is none. */
  source: string | undefined
  username: string | undefined
  password: Secret | undefined
  passphrase: Secret | undefined
  /** Absolute paths. */
  keyFiles: readonly string[] | undefined
  /** Absolute paths; false: every host is trusted. */
  knownHostsFiles: readonly string[] | false | undefined
}

/** What the URL of a remote and its credential, if it has one, say together. */
export function toSshCredential(
  { credentials: written }: RemoteUrl,
  found: { credential: Credential; source: string } | undefined,
): SshCredential {
  const { credential, source } = found ?? {}
  const { sshKeyFile, sshKeyFiles, knownHostsFile, knownHostsFiles } = credential ?? {}
  const resolve = (file: string) => path.resolve(path.dirname(source ?? ''), file)
  const secret = (name: 'password' | 'sshPassphrase'): Secret | undefined => {
    const value = credential?.[name]
    if (value !== undefined) return { value }
    const file = credential?.[`${name}File`]
    return file === undefined || source === undefined
      ? undefined
      : { file: resolve(file), field: `${name}File`, source }
  }
  const keyFiles = sshKeyFile === undefined ? sshKeyFiles : [sshKeyFile]
  const hostFiles = typeof knownHostsFile === 'string' ? [knownHostsFile] : knownHostsFiles
  return {
    source,
    username: credential?.username,
    password: written?.password ? { value: written.password } : secret('password'),
    passphrase: secret('sshPassphrase'),
    keyFiles: keyFiles?.map(resolve),
    knownHostsFiles: knownHostsFile === false ? false : hostFiles?.map(resolve),
  }
}

/** Reads a secret. Throws `credentials-invalid`. */
export async function readSecret(secret: Secret | undefined): Promise<string | undefined> {
  if (secret === undefined) return undefined
  if ('value' in secret) return secret.value
  const folder = path.dirname(secret.source)
  return readSecretFile(secret.file, { name: nameOf(secret.source), folder }, secret.field)
}

/** A credential that cannot be used, and why. */
export function unusable({ source }: SshCredential, fault: string, cause?: unknown): SyncError {
  return invalidIn(nameOf(source), fault, cause)
}

function nameOf(source: string | undefined): string {
  return source === undefined ? 'The SSH credential' : `The credentials file ${source}`
}
