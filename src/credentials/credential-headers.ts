// The headers that one credential stands for. Its files are read at each attempt; what
// has to be asked for is kept as long as the credential is.
import type { Clock } from '../base/clock.js'
import { isFileName, type NamedFile, namedIn, showFile } from '../base/file-name.js'
import { basic, bearer } from './authorization.js'
import { cookieHeaderFor } from './cookies.js'
import type { Credential } from './credential.js'
import { isHeaderValue, isWebUrl, UNSENDABLE } from './credential-faults.js'
import { askForLogin } from './minted/askpass.js'
import { mintInstallationToken, signAppToken } from './minted/github-app.js'
import { type Attempt, createMint, type Mint, type Minted } from './minted/mint.js'
import type { ServiceClient } from './minted/service.js'
import {
  invalidIn,
  MUST_BE_FILE_NAME,
  nameIn,
  type Origin,
  readSecret,
  readText,
} from './secret-file.js'

/** Names in lower case. */
export type Headers = Record<string, string>

export interface CredentialHeadersOptions {
  /** Undefined: services are not asked, and what they would give is left out. */
  client: ServiceClient | undefined
  clock: Pick<Clock, 'wallTime' | 'schedule'>
}

/** The headers of `credential` for `url`. Throws `credentials-invalid`, and what a service does. */
export type CredentialHeaders = (
  credential: Credential,
  origin: Origin,
  url: URL,
  attempt: Attempt,
) => Promise<Headers>

/** Creates what turns credentials into headers. */
export function createCredentialHeaders(options: CredentialHeadersOptions): CredentialHeaders {
  const { client, clock } = options
  const mints = new WeakMap<Credential, Mint>()

  function mint(
    credential: Credential,
    attempt: Attempt,
    make: (client: ServiceClient, signal: AbortSignal) => Promise<Minted>,
  ): Promise<string | undefined> {
    if (!client) return Promise.resolve(undefined)
    const known = mints.get(credential) ?? createMint((signal) => make(client, signal), clock)
    mints.set(credential, known)
    return known(attempt)
  }

  async function authorizationOf(
    credential: Credential,
    origin: Origin,
    attempt: Attempt,
  ): Promise<string | undefined> {
    const { username = '', githubApp } = credential
    const password = await secretOf(credential, 'password', origin)
    if (password !== undefined) return basic({ username, password })
    const token = await secretOf(credential, 'token', origin)
    if (token !== undefined) {
      const field = credential.token === undefined ? 'tokenFile' : 'token'
      return bearer(sendable(token, nameIn(origin, field), origin))
    }
    if (credential.askpassUrl !== undefined || credential.askpassUrlFile !== undefined) {
      await askpassUrlOf(credential, origin)
      return mint(credential, attempt, async (service, signal) => {
        const url = await askpassUrlOf(credential, origin)
        return { authorization: await askForLogin(service, url, clock.wallTime(), signal) }
      })
    }
    if (!githubApp) return undefined
    const sign = () => signAppToken(githubApp, origin, clock.wallTime())
    if (!client) await sign()
    return mint(credential, attempt, async (service, signal) =>
      mintInstallationToken(service, githubApp, await sign(), clock.wallTime(), signal),
    )
  }

  return async (credential, origin, url, attempt) => {
    const authorization = await authorizationOf(credential, origin, attempt)
    const { cookieFile } = credential
    const cookie =
      cookieFile === undefined
        ? undefined
        : await cookieOf(namedIn(origin.folder, cookieFile), url, clock.wallTime())
    return {
      ...(await furtherHeaders(credential, origin)),
      ...(authorization === undefined ? {} : { authorization }),
      ...(cookie === undefined ? {} : { cookie }),
    }
  }
}

/** The Cookie header for `url` from a cookie file, where it has any. */
export async function cookieOf(
  named: NamedFile,
  url: URL,
  nowMs: number,
): Promise<string | undefined> {
  if (!isFileName(named.written)) throw invalidIn('The cookie file', MUST_BE_FILE_NAME)
  const name = `The cookie file ${showFile(named)}`
  return cookieHeaderFor(await readText(named.file, name), name, url, nowMs)
}

async function furtherHeaders(
  { headers = {}, headerFiles = {} }: Credential,
  origin: Origin,
): Promise<Headers> {
  const further: Headers = {}
  for (const [name, value] of Object.entries(headers)) further[name.toLowerCase()] = value
  for (const [name, file] of Object.entries(headerFiles)) {
    const field = `headerFiles entry ${name}`
    const value = await readSecret(file, origin, field)
    further[name.toLowerCase()] = sendable(value, `a header ${name}`, origin)
  }
  return further
}

async function secretOf(
  credential: Credential,
  field: 'password' | 'token' | 'askpassUrl',
  origin: Origin,
): Promise<string | undefined> {
  const file = credential[`${field}File`]
  return file === undefined ? credential[field] : readSecret(file, origin, `${field}File`)
}

async function askpassUrlOf(credential: Credential, origin: Origin): Promise<string> {
  const url = (await secretOf(credential, 'askpassUrl', origin)) ?? ''
  if (isWebUrl(url)) return url
  throw invalidIn(origin.name, 'an askpassUrl is not a URL of http:// or https://')
}

function sendable(value: string, what: string, origin: Origin): string {
  if (isHeaderValue(value)) return value
  throw invalidIn(origin.name, `${what} has ${UNSENDABLE}`)
}
