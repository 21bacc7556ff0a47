// The headers that authenticate a remote, from the first of these that has any for it: the
// credential that its entry names, its URL, the credentials file, the environment, the
// netrc file, the file of git-credential-store. All are read as they are at each attempt,
// so that rotation needs no restart.
import path from 'node:path'
import { SyncError } from '../base/errors.js'
import type { Redactor } from '../base/redactor.js'
import type { RemoteUrl } from '../git/remote-url.js'
import { findCredential } from './credential-match.js'
import { basic, isPrivate } from './credentials/authorization.js'
import {
  cookieOf,
  createCredentialHeaders,
  type Headers,
} from './credentials/credential-headers.js'
import { checkEnvironment, type Environment, readEnvironment } from './credentials/environment.js'
import { createFileReader } from './credentials/file-reader.js'
import { findLogin } from './credentials/login-files.js'
import type { Attempt } from './credentials/mint.js'
import type { Origin } from './credentials/secret-file.js'
import { type Credential, invalid } from './credentials-file.js'
import type { HttpClient } from './http-client.js'
import type { TlsIdentity } from './tls-files.js'
import { identityOf } from './tls-identity.js'

export interface CredentialsOptions {
  /** The credentials file, absolute. */
  path: string | undefined
  /** @default {} */
  env?: Environment | undefined
  /** Where relative names in `env` start. @default '/' */
  cwd?: string | undefined
  /** Asks services that hand out credentials; undefined: they are not asked. */
  client?: HttpClient | undefined
  /** Milliseconds since the epoch. @default Date.now */
  now?: (() => number) | undefined
  /** Learns every secret that is sent. */
  redactor?: Redactor | undefined
}

/** A credential of the credentials file. */
export interface FoundCredential {
  credential: Credential
  /** The credentials file, absolute. */
  source: string
}

export interface Credentials {
  /**
   * The credential that the credentials file has for `remote`: the one called `name`, or else that
   * of the longest prefix. Throws `credentials-invalid`.
   */
  find(
    remote: RemoteUrl,
    name: string | undefined,
    attempt?: Attempt,
  ): Promise<FoundCredential | undefined>
  /**
   * Headers for `remote`, whose entry names the credential `name`; empty where there is none.
   * Throws `credentials-invalid`, and what a service that is asked does.
   */
  headersFor(remote: RemoteUrl, name: string | undefined, attempt?: Attempt): Promise<Headers>
  /** The client certificate for `remote`, if its credential in the file has one. */
  identityFor(remote: RemoteUrl, name: string | undefined): Promise<TlsIdentity | undefined>
}

/** Where the credentials that {@link Credentials} finds come from, in words for a sentence. */
export function originOf({ credentials }: RemoteUrl, name: string | undefined): string {
  if (name !== undefined) return `the credential "${name}" in CREDENTIALS_PATH`
  return credentials?.password
    ? "the user name and password in the entry's repo"
    : 'CREDENTIALS_PATH, the GIT_… variables, or the netrc file'
}

/** Creates a reader of all credentials. */
export function createCredentials(options: CredentialsOptions): Credentials {
  const { path: file, env = {}, cwd = '/', client, now = Date.now, redactor } = options
  const read = file === undefined ? undefined : createFileReader(file)
  const environment = readEnvironment(env, cwd)
  const headersOf = createCredentialHeaders({ client, now })

  const findIn: Credentials['find'] = async (remote, name, attempt = {}) => {
    if (file === undefined || !read) {
      if (name === undefined) return undefined
      const fault = `The listing asks for the credential "${name}", but CREDENTIALS_PATH is not set`
      throw new SyncError('credentials-invalid', fault)
    }
    const credentials = await read(attempt)
    const credential =
      name === undefined
        ? findCredential(credentials, remote.url)
        : credentials.find((candidate) => candidate.name === name)
    if (credential) return { credential, source: file }
    if (name === undefined) return undefined
    throw invalid(file, `has no credential of the name "${name}" that the listing asks for`)
  }

  async function fromEnvironment(url: URL, attempt: Attempt): Promise<Headers | undefined> {
    const { credential } = environment
    if (!credential) return undefined
    checkEnvironment(credential, ENVIRONMENT.name)
    const isServed = credential.url ? findCredential([credential], url.href) : isPrivate(url)
    return isServed ? headersOf(credential, ENVIRONMENT, url, attempt) : undefined
  }

  async function headersOfFirst(
    remote: RemoteUrl,
    name: string | undefined,
    url: URL,
    attempt: Attempt,
  ): Promise<Headers> {
    const written = remote.credentials
    if (name === undefined && written?.password) return { authorization: basic(written) }
    const found = await findIn(remote, name, attempt)
    if (found) return headersOf(found.credential, originIn(found.source), url, attempt)
    const given = await fromEnvironment(url, attempt)
    if (given) return given
    const login = (await findLogin(environment, url, written?.username)) ?? written
    return login ? { authorization: basic(login) } : {}
  }

  return {
    find: findIn,
    async identityFor(remote, name) {
      const found = await findIn(remote, name)
      return found && identityOf(found.credential, path.dirname(found.source))
    },
    async headersFor(remote, name, attempt = {}) {
      if (remote.transport !== 'http') return {}
      const url = new URL(remote.url)
      const headers = await headersOfFirst(remote, name, url, attempt)
      const { cookieFile } = environment
      if (cookieFile !== undefined && headers['cookie'] === undefined) {
        const cookie = await cookieOf(cookieFile, url, now())
        if (cookie !== undefined) headers['cookie'] = cookie
      }
      redactor?.addHeaders(headers)
      return headers
    },
  }
}

function originIn(file: string): Origin {
  return { name: `The credentials file ${file}`, folder: path.dirname(file) }
}

const ENVIRONMENT: Origin = { name: 'The environment', folder: '.' }
