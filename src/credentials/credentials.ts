// The headers that authenticate a remote, from the first of these that has any for it: the
// credential that its entry names, its URL, the credentials file, the environment, the
// netrc file, the file of git-credential-store. All are read as they are at each attempt,
// so that rotation needs no restart.
import { type Clock, systemClock } from '../base/clock.js'
import { SyncError } from '../base/errors.js'
import type { Redactor } from '../base/redactor.js'
import type { RemoteUrl } from '../git/remote-url.js'
import { type Authorization, basic, isPrivate } from './authorization.js'
import type { Credential, FoundCredential } from './credential.js'
import { cookieOf, createCredentialHeaders, type Headers } from './credential-headers.js'
import { findCredential } from './credential-match.js'
import { checkEnvironment, type Environment, readEnvironment } from './environment.js'
import { explainNone } from './explain-none.js'
import { createFileReader } from './file/reader.js'
import { findLogin } from './login-files/login-file.js'
import type { Attempt } from './minted/mint.js'
import type { ServiceClient } from './minted/service.js'
import { invalidIn, originIn } from './secret-file.js'
import type { TlsIdentity } from './tls-identity.js'
import { identityOf } from './tls-identity.js'

export interface CredentialsOptions {
  /** The credentials file, absolute. */
  path: string | undefined
  /** @default {} */
  env?: Environment | undefined
  /** Where relative names in `env` start. @default '/' */
  cwd?: string | undefined
  /** Asks services that hand out credentials; undefined: they are not asked. */
  client?: ServiceClient | undefined
  /** @default systemClock */
  clock?: Pick<Clock, 'wallTime' | 'schedule'> | undefined
  /** Learns every secret that is sent. */
  redactor?: Redactor | undefined
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
   * What goes with a request to `remote`, whose entry names the credential `name`. Throws
   * `credentials-invalid`, and what a service that is asked does.
   */
  authorize(remote: RemoteUrl, name: string | undefined, attempt?: Attempt): Promise<Authorization>
  /** The client certificate for `remote`, if its credential in the file has one. */
  identityFor(remote: RemoteUrl, name: string | undefined): Promise<TlsIdentity | undefined>
}

/** Creates a reader of all credentials. */
export function createCredentials(options: CredentialsOptions): Credentials {
  const { path: file, env = {}, cwd = '/', client, clock = systemClock, redactor } = options
  const read = file === undefined ? undefined : createFileReader(file)
  const environment = readEnvironment(env, cwd)
  const headersOf = createCredentialHeaders({ client, clock })

  const findIn: Credentials['find'] = async (remote, name, attempt = {}) => {
    if (file === undefined || !read) {
      if (name === undefined) return undefined
      const fault = `The listing asks for the credential "${name}", but CREDENTIALS_PATH is not set: set it, or take the field out of the entry`
      throw new SyncError('credentials-invalid', fault)
    }
    const credentials = await read(attempt)
    const credential =
      name === undefined
        ? findCredential(credentials, remote.url)
        : credentials.find((candidate) => candidate.name === name)
    if (credential && name !== undefined) assertCovers(credential, name, remote, file)
    if (credential) return { credential, source: file }
    if (name === undefined) return undefined
    throw invalidIn(
      originIn(file).name,
      `has no credential of the name "${name}" that the listing asks for`,
    )
  }

  async function fromEnvironment(url: URL, attempt: Attempt): Promise<Headers | undefined> {
    const { credential, origin } = environment
    if (!credential) return undefined
    checkEnvironment(credential, origin.name)
    const isServed = credential.url ? findCredential([credential], url.href) : isPrivate(url)
    return isServed ? headersOf(credential, origin, url, attempt) : undefined
  }

  /**
   * The first source that has any, in words, and what it has. A credential that logs nobody in, as
   * it has other headers or none, leaves that to the sources after it.
   */
  async function findFirst(
    remote: RemoteUrl,
    name: string | undefined,
    url: URL,
    attempt: Attempt,
  ): Promise<Pick<Authorization, 'headers' | 'source'>> {
    const written = remote.credentials
    if (name === undefined && written?.password) {
      const source = "the user name and password in the entry's repo"
      return { headers: { authorization: basic(written) }, source }
    }
    const listed = await fromFile(remote, name, url, attempt)
    const { headers } = listed
    if (headers['authorization'] !== undefined || headers['cookie'] !== undefined) return listed
    const given = await fromEnvironment(url, attempt)
    if (given) return { headers: { ...headers, ...given }, source: environment.source }
    const login = await findLogin(environment, url, written?.username)
    if (login) {
      return { headers: { ...headers, authorization: basic(login.login) }, source: login.source }
    }
    if (!written || listed.source !== undefined) return listed
    const source = "the user name in the entry's repo, for which no source has a password"
    return { headers: { authorization: basic(written) }, source }
  }

  async function fromFile(
    remote: RemoteUrl,
    name: string | undefined,
    url: URL,
    attempt: Attempt,
  ): Promise<Pick<Authorization, 'headers' | 'source'>> {
    const found = await findIn(remote, name, attempt)
    if (!found) return { headers: {}, source: undefined }
    const { credential } = found
    const headers = await headersOf(credential, originIn(found.source), url, attempt)
    if (Object.keys(headers).length === 0) return { headers, source: undefined }
    const which = name === undefined ? `for ${credential.url}` : `"${name}"`
    return { headers, source: `the credential ${which} in CREDENTIALS_PATH` }
  }

  async function authorize(
    remote: RemoteUrl,
    name: string | undefined,
    attempt: Attempt = {},
  ): Promise<Authorization> {
    const url = new URL(remote.url)
    const { origin } = url
    if (remote.transport !== 'http') {
      return { headers: {}, origin, source: undefined, whyNone: undefined }
    }
    const { headers, source } = await findFirst(remote, name, url, attempt)
    const { cookieFile } = environment
    const cookie =
      cookieFile === undefined || headers['cookie'] !== undefined
        ? undefined
        : await cookieOf(cookieFile, url, clock.wallTime())
    if (cookie !== undefined) headers['cookie'] = cookie
    redactor?.addHeaders(headers, remote.url)
    const from = source ?? (cookie === undefined ? undefined : 'GIT_COOKIE_FILE')
    const whyNone =
      from === undefined ? explainNone(url, environment, (await read?.(attempt)) ?? []) : undefined
    return { headers, origin, source: from, whyNone }
  }

  return {
    find: findIn,
    async identityFor(remote, name) {
      const found = await findIn(remote, name)
      return found && identityOf(found.credential, originIn(found.source).folder)
    },
    authorize,
  }
}

/** A credential that is asked for by name goes nowhere but to what its `url` covers. */
function assertCovers(
  credential: Credential,
  name: string,
  { transport, url }: RemoteUrl,
  file: string,
): void {
  if (transport === 'local' || credential.url === undefined) return
  if (findCredential([credential], url)) return
  throw invalidIn(
    originIn(file).name,
    `the credential "${name}" is for ${credential.url}, and the repo is not below it: correct one of them, or take the url out of the credential`,
  )
}
