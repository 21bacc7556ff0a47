// The headers that one credential stands for. Its files are read at each attempt; what has
// to be asked for is kept as long as this provider is.
import { namedIn } from '../base/file-name.js'
import { basic, bearer } from './authorization.js'
import { createCookieProvider } from './cookies.js'
import { type Credential, secretOf } from './credential.js'
import { isHeaderValue, UNSENDABLE } from './credential-faults.js'
import { createAskpassProvider } from './minted/askpass.js'
import { createAzureProvider } from './minted/azure.js'
import { createGithubAppProvider } from './minted/github-app.js'
import { createGoogleProvider } from './minted/google.js'
import type { MintServices } from './minted/mint.js'
import type { CredentialProvider, Headers } from './provider.js'
import { invalidIn, nameIn, type Origin, readSecret } from './secret-file.js'

/** Creates the provider of all headers of `credential`, which was found in `origin`. */
export function createHeaderProvider(
  credential: Credential,
  origin: Origin,
  services: MintServices,
): CredentialProvider<Headers> {
  const { cookieFile } = credential
  const authorize = authorizationProvider(credential, origin, services)
  const cookies =
    cookieFile === undefined
      ? undefined
      : createCookieProvider(
          namedIn(origin.folder, cookieFile),
          `${origin.name}: its cookieFile`,
          services.clock,
        )
  return async (request) => {
    const authorization = await authorize?.(request)
    const cookie = await cookies?.(request)
    return {
      ...(await furtherHeaders(credential, origin)),
      ...(authorization === undefined ? {} : { authorization }),
      ...(cookie === undefined ? {} : { cookie }),
    }
  }
}

function authorizationProvider(
  credential: Credential,
  origin: Origin,
  services: MintServices,
): CredentialProvider<string> | undefined {
  const { username = '', githubApp, azure, google } = credential
  const has = (field: 'password' | 'token' | 'askpassUrl') =>
    credential[field] !== undefined || credential[`${field}File`] !== undefined
  const secret = async (field: 'password' | 'token') =>
    (await secretOf(credential, field, origin)) ?? ''
  if (has('password')) return async () => basic({ username, password: await secret('password') })
  if (has('token')) {
    const name = nameIn(origin, credential.token === undefined ? 'tokenFile' : 'token')
    return async () => bearer(sendable(await secret('token'), name, origin))
  }
  if (has('askpassUrl')) return createAskpassProvider(credential, origin, services)
  if (azure) return createAzureProvider(azure, origin, services)
  if (google) return createGoogleProvider(google, services)
  return githubApp && createGithubAppProvider(githubApp, origin, services)
}

async function furtherHeaders(
  { headers = {}, headerFiles = {} }: Credential,
  origin: Origin,
): Promise<Headers> {
  const further: Headers = {}
  for (const [name, value] of Object.entries(headers)) further[name.toLowerCase()] = value
  for (const [index, [name, file]] of Object.entries(headerFiles).entries()) {
    const field = `headerFiles (number ${index + 1})`
    const value = await readSecret(file, origin, field)
    further[name.toLowerCase()] = sendable(value, nameIn(origin, field), origin)
  }
  return further
}

function sendable(value: string, what: string, origin: Origin): string {
  if (isHeaderValue(value)) return value
  throw invalidIn(origin.name, `${what} has ${UNSENDABLE}`)
}
