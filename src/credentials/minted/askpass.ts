// A service that is asked for the user name and the password, as that of git-sync's
// --askpass-url: lines `username=…` and `password=…`.
import { decodeUserInfo } from '../../git/remote-url.js'
import { basic } from '../authorization.js'
import { type Credential, secretOf } from '../credential.js'
import { isWebUrl } from '../credential-faults.js'
import type { CredentialProvider } from '../provider.js'
import { invalidIn, type Origin } from '../secret-file.js'
import { createMint, type MintServices } from './mint.js'
import { requestSecret, type ServiceClient } from './service.js'

/** Creates the provider of what the service of `credential` gives. */
export function createAskpassProvider(
  credential: Credential,
  origin: Origin,
  { client, clock }: MintServices,
): CredentialProvider<string> {
  const urlNow = async () => {
    const url = (await secretOf(credential, 'askpassUrl', origin)) ?? ''
    if (isWebUrl(url)) return url
    throw invalidIn(origin.name, 'an askpassUrl is not a URL of http:// or https://')
  }
  const ask = async (service: ServiceClient, signal: AbortSignal) => ({
    authorization: await askForLogin(service, await urlNow(), clock.wallTime(), signal),
  })
  const mint = client && createMint((signal) => ask(client, signal), clock)
  return async ({ attempt }) => {
    await urlNow()
    return mint?.(attempt)
  }
}

/** Asks the service at `text` once. Its address may hold credentials of its own. */
async function askForLogin(
  client: ServiceClient,
  text: string,
  nowMs: number,
  signal: AbortSignal,
): Promise<string> {
  const url = new URL(text)
  const { username, password } = url
  url.username = ''
  url.password = ''
  const name = `The askpass service at ${url.origin}`
  const login = { username: decodeUserInfo(username), password: decodeUserInfo(password) }
  const headers = username || password ? { authorization: basic(login) } : {}
  const answer = await requestSecret(client, name, {
    url: url.href,
    headers,
    signal,
    nowMs,
    remedies: {
      401: 'check the user name and the password in askpassUrl',
      404: 'check the path in askpassUrl',
    },
  })
  const fields = new Map(
    answer.split(/\r?\n/).map((line) => {
      const [key = '', ...value] = line.split('=')
      return [key, value.join('=')]
    }),
  )
  const secret = fields.get('password')
  if (!secret) throw invalidIn(name, 'its answer has no line that starts with "password="')
  return basic({ username: fields.get('username') ?? '', password: secret })
}
