// The credentials that users write into the address of a repository itself.
import { basic } from './authorization.js'
import type { CredentialProvider, ProvidedHeaders } from './provider.js'

/** A user name and a password, unless the entry names a credential. */
export const passwordInUrl: CredentialProvider<ProvidedHeaders> = async ({ remote, name }) => {
  const written = remote.credentials
  if (name !== undefined || !written?.password) return undefined
  const source = "the user name and password in the entry's repo"
  return { headers: { authorization: basic(written) }, source }
}

/** A user name alone, for where no other source has anything. */
export const userInUrl: CredentialProvider<ProvidedHeaders> = async ({ remote }) => {
  const written = remote.credentials
  if (!written) return undefined
  const source = "the user name in the entry's repo, for which no source has a password"
  return { headers: { authorization: basic(written) }, source }
}
