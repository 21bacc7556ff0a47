// Azure's workload identity: the token of a Kubernetes service account buys one of Microsoft
// Entra, which Azure DevOps takes for about an hour.
// https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow
import { bearer, isPrivate } from '../authorization.js'
import type { AzureIdentity } from '../credential.js'
import type { CredentialProvider } from '../provider.js'
import { invalidIn, type Origin, readSecret } from '../secret-file.js'
import { createMint, type Minted, type MintServices } from './mint.js'
import { readOauthToken } from './oauth-token.js'
import { requestSecret, type ServiceClient } from './service.js'

/** Every permission that the identity was given in Azure DevOps, whose application this is. */
const SCOPE = '499b84ac-1321-427f-aa17-267ca6975798/.default'
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const PUBLIC_AUTHORITY = 'https://login.microsoftonline.com'
/** A token is renewed this long before it expires. */
const RENEWAL_MS = 5 * 60_000

/** What workload identity leaves in the environment of a pod, by the fields in its place. */
const VARIABLES = {
  tenantId: 'AZURE_TENANT_ID',
  clientId: 'AZURE_CLIENT_ID',
  tokenFile: 'AZURE_FEDERATED_TOKEN_FILE',
  authorityHost: 'AZURE_AUTHORITY_HOST',
} as const satisfies Record<keyof AzureIdentity, string>

/** Creates the provider of tokens of `identity`. */
export function createAzureProvider(
  identity: AzureIdentity,
  origin: Origin,
  { client, clock, env }: MintServices,
): CredentialProvider<string> {
  const given = (field: keyof AzureIdentity) =>
    identity[field] ?? (env[VARIABLES[field]] || undefined)
  const needed = (field: keyof AzureIdentity) => {
    const value = given(field)
    if (value !== undefined) return value
    const fault = `its azure lacks ${field}, and ${VARIABLES[field]} is not set: give the pod the label azure.workload.identity/use: "true" and a service account of that identity, or set the field`
    throw invalidIn(origin.name, fault)
  }
  const readAssertion = async () => {
    const file = needed('tokenFile')
    const label = identity.tokenFile === undefined ? VARIABLES.tokenFile : 'its tokenFile'
    return readSecret(file, { ...origin, nameOf: () => label }, 'tokenFile')
  }
  const tokenUrl = () => {
    const authority = (given('authorityHost') ?? PUBLIC_AUTHORITY).replace(/\/+$/, '')
    if (!URL.canParse(authority) || !isPrivate(new URL(authority))) {
      throw invalidIn(origin.name, 'the authorityHost of its azure is not a URL of https://')
    }
    return `${authority}/${encodeURIComponent(needed('tenantId'))}/oauth2/v2.0/token`
  }
  const request = async () => ({
    url: tokenUrl(),
    form: {
      grant_type: 'client_credentials',
      scope: SCOPE,
      client_id: needed('clientId'),
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await readAssertion(),
    },
  })
  const buy = async (service: ServiceClient, signal: AbortSignal) =>
    mintToken(service, await request(), clock.wallTime(), signal)
  const mint = client && createMint((signal) => buy(client, signal), clock)
  return async ({ attempt }) => {
    if (mint) return mint(attempt)
    await request()
    return undefined
  }
}

async function mintToken(
  client: ServiceClient,
  { url, form }: { url: string; form: Record<string, string> },
  nowMs: number,
  signal: AbortSignal,
): Promise<Minted> {
  const name = `Microsoft Entra at ${new URL(url).origin}`
  const answer = await requestSecret(client, name, {
    url,
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    body: [Buffer.from(new URLSearchParams(form).toString())],
    signal,
    nowMs,
    remedies: {
      400: 'check tenantId and clientId, and that the identity trusts this service account (its federated credential: issuer, subject, audience)',
      401: 'check clientId, and that the identity trusts this service account (its federated credential: issuer, subject, audience)',
      404: 'check tenantId and authorityHost',
    },
  })
  const { token, expiresAt } = readOauthToken(answer, name, nowMs)
  return { authorization: bearer(token), staleAt: expiresAt - RENEWAL_MS }
}
