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
  azure?: AzureIdentity
  google?: GoogleIdentity
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
  /** The key itself, in place of a file. */
  privateKey?: string
  /** @default 'https://api.github.com' */
  apiUrl?: string
}

/** An identity of Microsoft Entra; of what is not given, the environment tells. */
export interface AzureIdentity {
  tenantId?: string
  clientId?: string
  tokenFile?: string
  /** @default 'https://login.microsoftonline.com' */
  authorityHost?: string
}

/** A service account of Google, as the metadata server knows it. */
export interface GoogleIdentity {
  /** Its address. @default 'default' */
  account?: string
}

/** A credential of the credentials file. */
export interface FoundCredential {
  credential: Credential
  /** In words, for a sentence: `credential for https://host`. */
  label: string
  origin: Origin
}

/** What a credential has itself or in a file. */
type SecretField = 'password' | 'token' | 'askpassUrl' | 'sshPassphrase'

/** The secret that `fields` of `origin` have or name, read as it is now. Throws `credentials-invalid`. */
export async function secretOf<F extends SecretField>(
  fields: Partial<Record<F | `${F}File`, string | undefined>>,
  field: F,
  origin: Origin,
): Promise<string | undefined> {
  const file = fields[`${field}File`]
  return file === undefined ? fields[field] : readSecret(file, origin, `${field}File`)
}
