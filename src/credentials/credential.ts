// One credential: every way to authenticate, as the credentials file and its schema have it.
import type { GithubApp } from './minted/github-app.js'
import type { SshFields } from './ssh/ssh-fields.js'
import type { IdentityFields } from './tls-identity.js'

/** As written; relative names of files start at the folder of the credentials file. */
export interface Credential extends IdentityFields, SshFields {
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
}

/** A credential of the credentials file. */
export interface FoundCredential {
  credential: Credential
  /** The credentials file, absolute. */
  source: string
}
