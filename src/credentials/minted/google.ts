// Google's metadata server, which hands out tokens of the service account that a machine, or a pod
// with workload identity, runs as. https://cloud.google.com/compute/docs/access/authenticate-workloads
import { basic } from '../authorization.js'
import type { GoogleIdentity } from '../credential.js'
import type { CredentialProvider } from '../provider.js'
import { createMint, type Minted, type MintServices } from './mint.js'
import { readOauthToken } from './oauth-token.js'
import { requestSecret, type ServiceClient } from './service.js'

const METADATA_HOST = 'metadata.google.internal'
/** The server gives the same token until about four minutes before that expires. */
const RENEWAL_MS = 225_000

/** Creates the provider of tokens of `identity`. */
export function createGoogleProvider(
  { account = 'default' }: GoogleIdentity,
  { client, clock, env }: MintServices,
): CredentialProvider<string> {
  // Set where the server is another, as Google's own libraries have it.
  const host = env['GCE_METADATA_HOST'] || METADATA_HOST
  const url = `http://${host}/computeMetadata/v1/instance/service-accounts/${encodeURIComponent(account)}/token`
  const ask = (service: ServiceClient, signal: AbortSignal) =>
    mintToken(service, url, clock.wallTime(), signal)
  const mint = client && createMint((signal) => ask(client, signal), clock)
  return async ({ attempt }) => mint?.(attempt)
}

async function mintToken(
  client: ServiceClient,
  url: string,
  nowMs: number,
  signal: AbortSignal,
): Promise<Minted> {
  const name = `The metadata server at ${new URL(url).origin}`
  const answer = await requestSecret(client, name, {
    url,
    headers: { 'metadata-flavor': 'Google' },
    signal,
    nowMs,
    remedies: {
      403: 'check that this pod or machine may use that service account',
      404: 'check the account, and that this pod or machine runs as a service account',
    },
  })
  const { token, expiresAt } = readOauthToken(answer, name, nowMs)
  // Google's hosts of git look at the password alone.
  return {
    authorization: basic({ username: 'git', password: token }),
    staleAt: expiresAt - RENEWAL_MS,
  }
}
