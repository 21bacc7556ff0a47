// The credentials that environment variables give, and the files that they name. They are
// no flags: every process of a machine can read the command lines of all others.
import path from 'node:path'
import type { Credential } from '../credential.js'
import { findCredentialFaults } from '../credential-faults.js'
import { invalidIn } from './secret-file.js'

/** Every variable, and what it means; also the source of the README's table. */
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

/** A file that may be read; one that was not asked for may be missing. */
export interface LoginFile {
  file: string
  isOptional: boolean
}

/** What the environment says of credentials. */
export interface EnvironmentCredentials {
  /** Undefined: none is given. */
  credential: Credential | undefined
  netrc: LoginFile | undefined
  gitCredentials: LoginFile | undefined
  cookieFile: string | undefined
}

/** Reads `env`; relative names start at `cwd`. What is set but empty counts as unset. */
export function readEnvironment(env: Environment, cwd: string): EnvironmentCredentials {
  const get = (name: keyof typeof CREDENTIAL_VARIABLES | 'HOME') => env[name] || undefined
  const fields = {
    username: get('GIT_USERNAME'),
    password: get('GIT_PASSWORD'),
    passwordFile: get('GIT_PASSWORD_FILE'),
    token: get('GIT_TOKEN'),
    tokenFile: get('GIT_TOKEN_FILE'),
  }
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  const url = get('GIT_CREDENTIAL_URL')
  const credential = { ...Object.fromEntries(given), ...(url === undefined ? {} : { url }) }

  const home = get('HOME')
  const loginFile = (named: string | undefined, usual: string): LoginFile | undefined => {
    if (named !== undefined) return { file: path.resolve(cwd, named), isOptional: false }
    return home === undefined ? undefined : { file: path.join(home, usual), isOptional: true }
  }
  const cookieFile = get('GIT_COOKIE_FILE')
  return {
    credential: given.length > 0 ? credential : undefined,
    netrc: loginFile(get('NETRC'), '.netrc'),
    gitCredentials: loginFile(get('GIT_CREDENTIALS_FILE'), '.git-credentials'),
    cookieFile: cookieFile === undefined ? undefined : path.resolve(cwd, cookieFile),
  }
}

/** Throws `credentials-invalid` where the variables contradict each other. */
export function checkEnvironment(credential: Credential, name: string): void {
  const faults = findCredentialFaults(credential)
  if (faults.length > 0) throw invalidIn(name, `the credential in GIT_… ${faults.join('; ')}`)
}
