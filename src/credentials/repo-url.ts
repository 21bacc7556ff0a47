// The credentials that users write into the address of a repository itself.
import { basic } from './authorization.js'
import type { CredentialProvider, CredentialRequest, ProvidedHeaders } from './provider.js'

/** A user name and a password, unless the entry names a credential. */
export const passwordInUrl: CredentialProvider<ProvidedHeaders> = async (request) =>
  request.name === undefined && request.remote.credentials?.password
    ? written(request, "the user name and password in the entry's repo")
    : undefined

/** A user name alone, for where no other source has anything. */
export const userInUrl: CredentialProvider<ProvidedHeaders> = async (request) =>
  written(request, "the user name in the entry's repo, for which no source has a password")

function written({ remote }: CredentialRequest, source: string): ProvidedHeaders | undefined {
  return remote.credentials && { headers: { authorization: basic(remote.credentials) }, source }
}
