// The credentials that environment variables give, and the files that they name. They are
// no flags: every process of a machine can read the command lines of all others.
import path from 'node:path'
import { type NamedFile, namedIn } from '../base/file-name.js'
import { isPrivate } from './authorization.js'
import type { Credential } from './credential.js'
import { findCredentialFaults } from './credential-faults.js'
import { findCredential } from './credential-match.js'
import { createHeaderProvider } from './header-provider.js'
import type { MintServices } from './minted/mint.js'
import type { CredentialProvider, ProvidedHeaders } from './provider.js'
import { invalidIn, type Origin, withoutLineEnd } from './secret-file.js'

/** Every variable, and what it means; also the source of the documents' table. */
export const CREDENTIAL_VARIABLES = {
  GIT_USERNAME: 'user name of HTTP Basic',
  GIT_PASSWORD: 'password of HTTP Basic',
  GIT_PASSWORD_FILE: 'file with the password, read at each attempt',
  GIT_TOKEN: 'token of HTTP Bearer',
  GIT_TOKEN_FILE: 'file with the token, read at each attempt',
  GIT_CREDENTIAL_URL:
    'prefix of the repos that these serve, as `url` below; unset: every repo over https://, and over http:// on this machine',
  NETRC: 'netrc file; unset: ~/.netrc, where there is one',
  GIT_CREDENTIALS_FILE:
    'file of git-credential-store; unset: ~/.git-credentials, where there is one',
  GIT_COOKIE_FILE:
    'cookie file of the Netscape form, for every repo that its cookies are meant for',
} as const satisfies Record<string, string>

export type Environment = Readonly<Record<string, string | undefined>>

/** The variables that make up a credential, by its fields. */
const VARIABLES = {
  username: 'GIT_USERNAME',
  password: 'GIT_PASSWORD',
  passwordFile: 'GIT_PASSWORD_FILE',
  token: 'GIT_TOKEN',
  tokenFile: 'GIT_TOKEN_FILE',
  url: 'GIT_CREDENTIAL_URL',
} as const satisfies Partial<Record<keyof Credential, keyof typeof CREDENTIAL_VARIABLES>>

const VARIABLE_OF: ReadonlyMap<string, string> = new Map(Object.entries(VARIABLES))

/** A file that may be read; one that was not asked for may be missing or have faults. */
export interface LoginFile extends NamedFile {
  isOptional: boolean
}

/** What the environment says of credentials. */
export interface EnvironmentCredentials {
  /** Undefined: none is given. */
  credential: Credential | undefined
  /** The variables that give it, in words. */
  source: string
  origin: Origin
  netrc: LoginFile | undefined
  gitCredentials: LoginFile | undefined
  cookieFile: NamedFile | undefined
}

/** Reads `env`; relative names start at `cwd`. What is set but empty counts as unset. */
export function readEnvironment(env: Environment, cwd: string): EnvironmentCredentials {
  const get = (name: keyof typeof CREDENTIAL_VARIABLES | 'HOME') =>
    withoutLineEnd(env[name] ?? '') || undefined
  const given = Object.entries(VARIABLES).flatMap(([field, variable]) => {
    const value = get(variable)
    return value === undefined ? [] : [{ field, variable, value }]
  })
  const secrets = given.filter(({ field }) => field !== 'url')
  const credential: Credential = Object.fromEntries(given.map(({ field, value }) => [field, value]))

  const home = get('HOME')
  const namedFile = (written: string | undefined): NamedFile | undefined =>
    written === undefined ? undefined : namedIn(cwd, written)
  const loginFile = (written: string | undefined, usual: string): LoginFile | undefined => {
    const named = namedFile(written)
    if (named) return { ...named, isOptional: false }
    if (home === undefined) return undefined
    const file = path.join(home, usual)
    return { written: file, file, isOptional: true }
  }
  return {
    credential: secrets.length > 0 ? credential : undefined,
    source: secrets.map(({ variable }) => variable).join(' and '),
    origin: { name: 'The environment', folder: cwd, nameOf: nameOfVariable },
    netrc: loginFile(get('NETRC'), '.netrc'),
    gitCredentials: loginFile(get('GIT_CREDENTIALS_FILE'), '.git-credentials'),
    cookieFile: namedFile(get('GIT_COOKIE_FILE')),
  }
}

function nameOfVariable(field: string): string {
  return VARIABLE_OF.get(field) ?? `its ${field}`
}

/** Creates the provider of the credential that `environment` gives. */
export function createEnvironmentProvider(
  { credential, source, origin }: EnvironmentCredentials,
  services: MintServices,
): CredentialProvider<ProvidedHeaders> {
  if (!credential) return async () => undefined
  const provide = createHeaderProvider(credential, origin, services)
  return async (request) => {
    assertSound(credential, origin.name)
    const { attempt, url } = request
    const isServed = credential.url
      ? findCredential([credential], url.href)
      : isPrivate(url) && !attempt.mustNameHost
    const headers = isServed ? await provide(request) : undefined
    return headers && { headers, source }
  }
}

/** Throws `credentials-invalid` where the variables contradict each other. */
function assertSound(credential: Credential, name: string): void {
  const faults = findCredentialFaults(credential).map((fault) =>
    fault.replace(/\w+/g, (word) => VARIABLE_OF.get(word) ?? word),
  )
  if (faults.length > 0) throw invalidIn(name, `its credential ${faults.join('; ')}`)
}
