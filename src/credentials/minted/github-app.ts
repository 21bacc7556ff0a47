// A GitHub App's installation: its private key signs a short-lived token, which buys one
// that git can use for an hour. https://docs.github.com/en/apps/creating-github-apps
import { createPrivateKey, type KeyObject, sign } from 'node:crypto'
import path from 'node:path'
import { parseJson } from '../../base/json.js'
import { basic, bearer } from '../authorization.js'
import type { GithubApp } from '../credential.js'
import { privateKeyIn } from '../key-text.js'
import type { CredentialProvider } from '../provider.js'
import { invalidIn, type Origin, readSecret } from '../secret-file.js'
import { createMint, type Minted, type MintServices } from './mint.js'
import { requestSecret, type ServiceClient } from './service.js'

/** An installation token is renewed this long before it expires. */
const RENEWAL_MS = 5 * 60_000
/** Clocks differ: the signed token starts in the past, and ends within GitHub's ten minutes. */
const BACKDATED_SECONDS = 60
const LIFETIME_SECONDS = 9 * 60
/** Where an answer does not say it. */
const USUAL_LIFETIME_MS = 60 * 60_000

/** Creates the provider of tokens of the installation of `app`. */
export function createGithubAppProvider(
  app: GithubApp,
  origin: Origin,
  { client, clock }: MintServices,
): CredentialProvider<string> {
  const sign = () => signAppToken(app, origin, clock.wallTime())
  const buy = async (service: ServiceClient, signal: AbortSignal) =>
    mintInstallationToken(service, app, await sign(), clock.wallTime(), signal)
  const mint = client && createMint((signal) => buy(client, signal), clock)
  return async ({ attempt }) => {
    if (mint) return mint(attempt)
    await sign()
    return undefined
  }
}

/** The signed token of an app of `origin` at `nowMs`; its key is read as it is now. */
async function signAppToken(app: GithubApp, origin: Origin, nowMs: number): Promise<string> {
  const key = await readKey(app, origin)
  const now = Math.floor(nowMs / 1000)
  const claims = {
    iat: now - BACKDATED_SECONDS,
    exp: now + LIFETIME_SECONDS,
    iss: String(app.clientId ?? app.appId),
  }
  const content = [{ alg: 'RS256', typ: 'JWT' }, claims].map(encode).join('.')
  return `${content}.${sign('sha256', Buffer.from(content), key).toString('base64url')}`
}

/** Buys an installation token with a signed one. */
async function mintInstallationToken(
  client: ServiceClient,
  app: GithubApp,
  appToken: string,
  nowMs: number,
  signal: AbortSignal,
): Promise<Minted> {
  const apiUrl = (app.apiUrl ?? 'https://api.github.com').replace(/\/+$/, '')
  const name = `The GitHub API at ${new URL(apiUrl).origin}`
  const answer = await requestSecret(client, name, {
    url: `${apiUrl}/app/installations/${encodeURIComponent(app.installationId)}/access_tokens`,
    method: 'POST',
    headers: {
      authorization: bearer(appToken),
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
    },
    signal,
    nowMs,
    remedies: {
      401: 'check appId or clientId, privateKeyFile, and the clock of this machine',
      403: 'check that the app is not suspended, and may read contents',
      404: 'check installationId, apiUrl, and that the app is still installed there',
    },
  })
  const { token, expiresAt } = readAnswer(answer)
  if (token === '') throw invalidIn(name, 'its answer has no token')
  return {
    authorization: basic({ username: 'x-access-token', password: token }),
    staleAt: (Number.isNaN(expiresAt) ? nowMs + USUAL_LIFETIME_MS : expiresAt) - RENEWAL_MS,
  }
}

async function readKey(app: GithubApp, origin: Origin): Promise<KeyObject> {
  const { privateKeyFile } = app
  const pem = app.privateKey ?? (await readSecret(privateKeyFile, origin, 'privateKeyFile'))
  let key: KeyObject | undefined
  try {
    key = createPrivateKey(privateKeyIn(pem))
  } catch {
    // What OpenSSL says of it helps nobody.
  }
  if (key?.asymmetricKeyType === 'rsa') return key
  const file = path.resolve(origin.folder, privateKeyFile)
  throw invalidIn(origin.name, `its privateKeyFile ${file} is not an RSA private key in PEM format`)
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

function readAnswer(text: string): { token: string; expiresAt: number } {
  let answer: unknown
  try {
    answer = parseJson(text)
  } catch {
    // An answer that is not JSON has no token either.
  }
  const { token, expires_at } = Object(answer) as { token?: unknown; expires_at?: unknown }
  return {
    token: typeof token === 'string' ? token : '',
    expiresAt: typeof expires_at === 'string' ? Date.parse(expires_at) : Number.NaN,
  }
}
