// The credentials file as a source: the credential that an entry names, or else that of the
// longest prefix of its address.
import { SyncError } from '../../base/errors.js'
import type { RemoteUrl } from '../../git/remote-url.js'
import type { Credential, FoundCredential } from '../credential.js'
import { findCredential } from '../credential-match.js'
import { createHeaderProvider } from '../header-provider.js'
import type { MintServices } from '../minted/mint.js'
import type { CredentialProvider, Headers, ProvidedHeaders } from '../provider.js'
import { invalidIn, originIn } from '../secret-file.js'
import { createFileReader } from './reader.js'

/** All that the file is asked for. */
export interface CredentialsFile {
  find: CredentialProvider<FoundCredential>
  headers: CredentialProvider<ProvidedHeaders>
  /** Every credential. */
  all: CredentialProvider<readonly Credential[]>
}

/** Creates a source of what `file`, absolute, has. */
export function createCredentialsFile(
  file: string | undefined,
  services: MintServices,
): CredentialsFile {
  const read = file === undefined ? undefined : createFileReader(file)
  // What a credential minted is kept as long as the credential is.
  const providers = new WeakMap<Credential, CredentialProvider<Headers>>()

  function providerOf({ credential, source }: FoundCredential): CredentialProvider<Headers> {
    const provider =
      providers.get(credential) ?? createHeaderProvider(credential, originIn(source), services)
    providers.set(credential, provider)
    return provider
  }
  const find: CredentialsFile['find'] = async (request) => {
    const { remote, name } = request
    if (file === undefined || !read) {
      if (name === undefined) return undefined
      const fault = `The listing asks for the credential "${name}", but CREDENTIALS_PATH is not set: set it, or take the field out of the entry`
      throw new SyncError('credentials-invalid', fault)
    }
    const credentials = await read(request)
    const credential =
      name === undefined
        ? findCredential(credentials, remote.url)
        : credentials.find((candidate) => candidate.name === name)
    if (credential && name !== undefined) assertCovers(credential, name, remote, file)
    if (credential) return { credential, source: file }
    if (name === undefined) return undefined
    throw invalidIn(
      originIn(file).name,
      `has no credential of the name "${name}" that the listing asks for`,
    )
  }
  return {
    find,
    async headers(request) {
      const found = await find(request)
      const headers = found && (await providerOf(found)(request))
      if (!headers || Object.keys(headers).length === 0) return undefined
      const which = request.name === undefined ? `for ${found.credential.url}` : `"${request.name}"`
      return { headers, source: `the credential ${which} in CREDENTIALS_PATH` }
    },
    all: async (request) => read?.(request),
  }
}

/** A credential that is asked for by name goes nowhere but to what its `url` covers. */
function assertCovers(
  credential: Credential,
  name: string,
  { transport, url }: RemoteUrl,
  file: string,
): void {
  if (transport === 'local' || credential.url === undefined) return
  if (findCredential([credential], url)) return
  throw invalidIn(
    originIn(file).name,
    `the credential "${name}" is for ${credential.url}, and the repo is not below it: correct one of them, or take the url out of the credential`,
  )
}
