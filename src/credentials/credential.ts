// One credential: every way to authenticate, as the credentials file and its schema have it.
import { type Origin, readSecret } from './secret-file.js'

/** As written; relative names of files start at the folder of the credentials file. */
export interface Credential {
  url?: string
  name?: string
  username?: string
  password?: string
  passwordFile?: string
  token?: string
  tokenFile?: string
  headers?: Record<string, string>
  headerFiles?: Record<string, string>
  cookieFile?: string
  askpassUrl?: string
  askpassUrlFile?: string
  githubApp?: GithubApp
  clientCertFile?: string
  clientKeyFile?: string
  clientKeyPassphraseFile?: string
  sshKeyFile?: string
  sshKeyFiles?: string[]
  sshPassphrase?: string
  sshPassphraseFile?: string
  /** False: every host is trusted. */
  knownHostsFile?: string | false
  knownHostsFiles?: string[]
}

/** An app of GitHub, and where it is installed. */
export interface GithubApp {
  appId?: string | number
  clientId?: string
  installationId: string | number
  privateKeyFile: string
  /** @default 'https://api.github.com' */
  apiUrl?: string
}

/** A credential of the credentials file. */
export interface FoundCredential {
  credential: Credential
  /** The credentials file, absolute. */
  source: string
}

/** A secret that `credential` has itself or in a file; empty where it has neither. */
export async function secretOf(
  credential: Credential,
  field: 'password' | 'token' | 'askpassUrl',
  origin: Origin,
): Promise<string> {
  const file = credential[`${field}File`]
  return file === undefined ? (credential[field] ?? '') : readSecret(file, origin, `${field}File`)
}
