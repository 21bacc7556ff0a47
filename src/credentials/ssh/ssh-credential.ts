// What the credentials file, or a remote's URL, says of an SSH connection. It names
// files and does not hold their content, which is read at each connection attempt.
import { type NamedFile, namedIn } from '../../base/file-name.js'
import { decodeUserInfo, type RemoteUrl } from '../../git/remote-url.js'
import type { FoundCredential } from '../credential.js'
import type { Origin } from '../secret-file.js'

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

/** What the URL of a remote and its credential, if it has one, say together. */
export function toSshCredential(
  { credentials: written }: RemoteUrl,
  found: FoundCredential | undefined,
): SshCredential {
  const { credential = {}, origin = NO_FILE } = found ?? {}
  const { sshKeyFile, sshKeyFiles, knownHostsFile, knownHostsFiles } = credential
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
  return url?.startsWith('ssh:') ? decodeUserInfo(new URL(url).username) || undefined : undefined
}
