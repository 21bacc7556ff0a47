// What authenticates a remote, over HTTP from the first of these that logs in: the credential
// that its entry names, its URL, the credentials file, the environment, the netrc file, the
// file of git-credential-store. All are read as they are at each attempt, so that rotation
// needs no restart.
import { type Clock, systemClock } from '../base/clock.js'
import type { SyncError } from '../base/errors.js'
import type { NamedFile } from '../base/file-name.js'
import type { Redactor } from '../base/known-secrets.js'
import type { RemoteUrl } from '../git/remote-url.js'
import type { Authorization } from './authorization.js'
import { createCookieProvider } from './cookies.js'
import type { Credential } from './credential.js'
import { createEnvironmentProvider, type Environment, readEnvironment } from './environment.js'
import { explainNone } from './explain-none.js'
import { createCredentialsFile } from './file/credentials-file.js'
import { findInGitCredentials } from './login-files/git-credentials.js'
import { createLoginFileProvider } from './login-files/login-file.js'
import { findInNetrc } from './login-files/netrc.js'
import type { ServiceClient } from './minted/service.js'
import {
  type CredentialProvider,
  type CredentialRequest,
  type LoginAttempt,
  logsIn,
  type ProvidedHeaders,
} from './provider.js'
import { passwordInUrl, userInUrl } from './repo-url.js'
import { createSentHeaders, type SentAlong } from './sent-along.js'
import { type SshCredential, toSshCredential } from './ssh/ssh-credential.js'
import { type SshDefaults, sshDefaults } from './ssh/ssh-defaults.js'
import { identityOf, type TlsIdentity } from './tls-identity.js'

export interface CredentialsOptions {
  /** The credentials file. */
  path: NamedFile | undefined
  /** In place of the file: those that there are now. */
  given?: (() => readonly Credential[]) | undefined
  /** What goes with each request, whoever logs in. @default nothing */
  sentAlong?: ((url: URL) => SentAlong) | undefined
  /** What a login over SSH falls back on. @default that of `env` */
  ssh?: Partial<SshDefaults> | undefined
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
  /** Told once of each fault of the credentials file, and whether there was a good one, which stays in force. */
  onFileFault?: (fault: SyncError, isKept: boolean) => void
}

export interface Credentials {
  /**
   * What goes with a request to `remote`, whose entry names the credential `name`. Throws
   * `credentials-invalid`, and what a service that is asked does.
   */
  authorize(
    remote: RemoteUrl,
    name: string | undefined,
    attempt?: LoginAttempt,
  ): Promise<Authorization>
  /** The client certificate for `remote`, if its credential in the file has one. */
  identityFor(
    remote: RemoteUrl,
    name: string | undefined,
    attempt?: LoginAttempt,
  ): Promise<TlsIdentity | undefined>
  /** How to log in to `remote` over SSH. Throws `credentials-invalid`. */
  sshFor(
    remote: RemoteUrl,
    name: string | undefined,
    attempt?: LoginAttempt,
  ): Promise<SshCredential>
  /** What is wrong with the credentials file: what a login without it may fail by. */
  fileFault(): Promise<SyncError | undefined>
  /** What a login over SSH falls back on. */
  sshDefaults: SshDefaults
}

/** Creates a reader of all credentials. */
export function createCredentials(options: CredentialsOptions): Credentials {
  const { path, env = {}, cwd = '/', client, clock = systemClock, redactor } = options
  const { onFileFault = () => undefined, sentAlong = sendNothing } = options
  const services = { client, clock, env }
  const file = createCredentialsFile(path, services, onFileFault, options.given)
  const environment = readEnvironment(env, cwd)
  const { netrc, gitCredentials, cookieFile } = environment
  const logins = [
    createSentHeaders(sentAlong),
    passwordInUrl,
    file.headers,
    createEnvironmentProvider(environment, services),
    createLoginFileProvider(netrc, 'netrc', findInNetrc),
    createLoginFileProvider(gitCredentials, 'git-credentials', findInGitCredentials),
  ]
  const cookieFor = async (request: CredentialRequest) => {
    const { cookieFile: file = cookieFile } = sentAlong(request.url)
    return file && createCookieProvider(file, 'The cookie file', clock)(request)
  }

  const requestFor = async (
    remote: RemoteUrl,
    name: string | undefined,
    attempt: LoginAttempt = {},
  ): Promise<CredentialRequest> => {
    const request = { remote, url: new URL(remote.url), name, attempt }
    const isNone = name !== undefined && attempt.fallsBack && !(await file.covers(request))
    return isNone ? { ...request, name: undefined } : request
  }

  return {
    async identityFor(remote, name, attempt) {
      const request = await requestFor(remote, name, attempt)
      const { identity } = sentAlong(request.url)
      if (identity) return identity
      const found = await file.find(request)
      return found && identityOf(found)
    },
    async sshFor(remote, name, attempt) {
      return toSshCredential(remote, await file.find(await requestFor(remote, name, attempt)))
    },
    fileFault: async () => (await file.read({})).fault,
    sshDefaults: { ...sshDefaults(env), ...options.ssh },
    async authorize(remote, name, attempt) {
      const request = await requestFor(remote, name, attempt)
      const { origin } = request.url
      if (remote.transport !== 'http') {
        return { headers: {}, origin, source: undefined, whyNone: undefined }
      }
      const login = (await askInTurn(logins, request)) ?? (await userInUrl(request))
      const headers = { ...login?.headers }
      const cookie = headers['cookie'] === undefined ? await cookieFor(request) : undefined
      if (cookie !== undefined) headers['cookie'] = cookie
      redactor?.addHeaders(headers, remote.url)
      const source = login?.source ?? (cookie === undefined ? undefined : 'GIT_COOKIE_FILE')
      const whyNone =
        source === undefined
          ? explainNone(request, environment, (await file.read(request.attempt)).credentials ?? [])
          : undefined
      return { headers, origin, source, whyNone }
    },
  }
}

/** Nothing goes along by itself. */
function sendNothing(): SentAlong {
  return {}
}

/**
 * What the first of `providers` has that logs in, beside what those before it have: one that logs
 * nobody in, as it has other headers, leaves that to those after it.
 */
async function askInTurn(
  providers: readonly CredentialProvider<ProvidedHeaders>[],
  request: CredentialRequest,
): Promise<ProvidedHeaders | undefined> {
  let provided: ProvidedHeaders | undefined
  for (const provide of providers) {
    if (provided && logsIn(provided.headers)) break
    const more = await provide(request)
    if (more) provided = { ...more, headers: { ...provided?.headers, ...more.headers } }
  }
  return provided
}
