// What the credentials file, or a remote's URL, says of an SSH connection. It names
// files and does not hold their content, which is read at each connection attempt.
import type { SyncError } from '../../base/errors.js'
import { type NamedFile, namedIn } from '../../base/file-name.js'
import type { RemoteUrl } from '../../git/remote-url.js'
import type { FoundCredential } from '../credential.js'
import type { CredentialProvider, CredentialRequest } from '../provider.js'
import { invalidIn, type Origin, originIn } from '../secret-file.js'

type SshSecretField = 'password' | 'passwordFile' | 'sshPassphrase' | 'sshPassphraseFile'

/** How to log in, and which hosts to trust; what is undefined falls back on the defaults. */
export interface SshCredential {
  origin: Origin
  username: string | undefined
  secrets: Readonly<Record<SshSecretField, string | undefined>>
  keyFiles: readonly NamedFile[] | undefined
  /** False: every host is trusted. */
  knownHostsFiles: readonly NamedFile[] | false | undefined
}

const NO_FILE: Origin = { name: 'The SSH credential', folder: '/' }

/** Creates the provider of how to log in with the credential that `find` gives, if any. */
export function createSshProvider(
  find: CredentialProvider<FoundCredential>,
): (request: CredentialRequest) => Promise<SshCredential> {
  return async (request) => toSshCredential(request.remote, await find(request))
}

/** What the URL of a remote and its credential, if it has one, say together. */
export function toSshCredential(
  { credentials: written }: RemoteUrl,
  found: FoundCredential | undefined,
): SshCredential {
  const { credential = {}, source } = found ?? {}
  const { sshKeyFile, sshKeyFiles, knownHostsFile, knownHostsFiles } = credential
  const origin = source === undefined ? NO_FILE : originIn(source)
  const named = (file: string) => namedIn(origin.folder, file)
  const keyFiles = sshKeyFile === undefined ? sshKeyFiles : [sshKeyFile]
  const hostFiles = typeof knownHostsFile === 'string' ? [knownHostsFile] : knownHostsFiles
  return {
    origin,
    username: credential.username ?? userOf(credential.url),
    secrets: {
      password: written?.password || credential.password,
      passwordFile: written?.password ? undefined : credential.passwordFile,
      sshPassphrase: credential.sshPassphrase,
      sshPassphraseFile: credential.sshPassphraseFile,
    },
    keyFiles: keyFiles?.map(named),
    knownHostsFiles: knownHostsFile === false ? false : hostFiles?.map(named),
  }
}

/** The user in the url of a credential for SSH. */
function userOf(url: string | undefined): string | undefined {
  return url?.startsWith('ssh:')
    ? decodeURIComponent(new URL(url).username) || undefined
    : undefined
}

/** A credential that cannot be used, and why. */
export function unusable({ origin }: SshCredential, fault: string, cause?: unknown): SyncError {
  return invalidIn(origin.name, fault, cause)
}
