// Why no source has credentials for an address, where one of them looks as if it had.
import type { Credential } from './credential.js'
import type { EnvironmentCredentials } from './environment.js'
import type { CredentialRequest } from './provider.js'

/** The end of a sentence; undefined where nothing comes near. Quotes no secret. */
export function explainNone(
  { attempt: { mustNameHost = false }, url }: Pick<CredentialRequest, 'attempt' | 'url'>,
  { credential, source }: EnvironmentCredentials,
  credentials: readonly Credential[],
): string | undefined {
  const near = credentials.find((each) => each.url && new URL(each.url).hostname === url.hostname)
  const reasons = [
    near && `CREDENTIALS_PATH has one for ${near.url} only`,
    mustNameHost
      ? 'what a commit or a redirect names gets only credentials that name its host, as by url in CREDENTIALS_PATH'
      : credential && whyUnused(source, credential.url),
  ].filter((reason) => reason !== undefined)
  return reasons.length > 0 ? reasons.join(', and ') : undefined
}

function whyUnused(source: string, url: string | undefined): string {
  return url === undefined
    ? `${source} would cross the network in plain text: use https://, or name the address in GIT_CREDENTIAL_URL`
    : `GIT_CREDENTIAL_URL keeps ${source} for ${url}`
}
