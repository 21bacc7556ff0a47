// The credentials file as a source: the credential that an entry names, or else that of the
// longest prefix of its address.

import { suggestion } from '../../base/did-you-mean.js'
import type { SyncError } from '../../base/errors.js'
import type { NamedFile } from '../../base/file-name.js'
import type { RemoteUrl } from '../../git/remote-url.js'
import type { Credential, FoundCredential } from '../credential.js'
import { findCredential } from '../credential-match.js'
import { createHeaderProvider } from '../header-provider.js'
import type { MintServices } from '../minted/mint.js'
import type {
  CredentialProvider,
  CredentialRequest,
  Headers,
  LoginAttempt,
  ProvidedHeaders,
} from '../provider.js'
import { invalidIn, originIn } from '../secret-file.js'
import { type CredentialsRead, createFileReader } from './reader.js'

/** All that the file is asked for. */
export interface CredentialsFile {
  find: CredentialProvider<FoundCredential>
  headers: CredentialProvider<ProvidedHeaders>
  /** Whether the credential of that name may go to the remote; true where there is none of that name. */
  covers: (request: CredentialRequest) => Promise<boolean>
  /** Every credential, and what is wrong with the file. */
  read: (attempt: LoginAttempt) => Promise<CredentialsRead>
}

/** Creates a source of what `file` has. */
export function createCredentialsFile(
  file: NamedFile | undefined,
  services: MintServices,
  onFault: (fault: SyncError, isKept: boolean) => void,
  given: () => readonly Credential[] = () => [],
): CredentialsFile {
  const read: CredentialsFile['read'] =
    file === undefined
      ? async () => ({ credentials: [...given()], fault: undefined })
      : createFileReader(file, onFault)
  // What a credential minted is kept as long as the credential is.
  const providers = new WeakMap<Credential, CredentialProvider<Headers>>()

  function providerOf({ credential, origin }: FoundCredential): CredentialProvider<Headers> {
    const provider = providers.get(credential) ?? createHeaderProvider(credential, origin, services)
    providers.set(credential, provider)
    return provider
  }
  const find: CredentialsFile['find'] = async (request) => {
    const { remote, name } = request
    if (file === undefined) {
      const credential = name === undefined ? findCredential(given(), remote.url) : undefined
      if (credential) {
        const label = `credential for ${credential.url}`
        return { credential, label, origin: { name: `The ${label}`, folder: '/' } }
      }
      if (name === undefined) return undefined
      const fault =
        'set it, or take the field "credential" out of the entry, which asks for one of that file'
      throw invalidIn('CREDENTIALS_PATH is not set', fault)
    }
    const { credentials = [], fault: fileFault } = await read(request.attempt)
    const credential =
      name === undefined
        ? findCredential(credentials, remote.url)
        : credentials.find((candidate) => candidate.name === name)
    if (credential) {
      const label = name === undefined ? `credential for ${credential.url}` : `credential "${name}"`
      const origin = originIn(file, `${label} in`)
      if (name !== undefined && !covers(credential, remote)) {
        throw invalidIn(
          origin.name,
          `it is for ${credential.url}, and the repo is not below it: correct one of them, or take the url out of the credential`,
        )
      }
      return { credential, label, origin }
    }
    // An entry that names none may need none: whoever finds that it does, tells of the fault.
    if (name === undefined) return undefined
    if (fileFault) throw fileFault
    // A name that is none of them may be a secret.
    const hint = suggestion(
      name,
      credentials.flatMap((each) => each.name ?? []),
    )
    const fault = `no credential there has the name that the entry asks for${hint}`
    throw invalidIn(originIn(file).name, fault)
  }
  return {
    find,
    async headers(request) {
      const found = await find(request)
      const headers = found && (await providerOf(found)(request))
      if (!headers || Object.keys(headers).length === 0) return undefined
      return { headers, source: `the ${found.label}${file ? ' in CREDENTIALS_PATH' : ''}` }
    },
    async covers({ attempt, name, remote }) {
      const { credentials = [] } = await read(attempt)
      const named = credentials.find((candidate) => candidate.name === name)
      return named === undefined || covers(named, remote)
    },
    read,
  }
}

/** A credential that is asked for by name goes nowhere but to what its `url` covers. */
function covers(credential: Credential, { transport, url }: RemoteUrl): boolean {
  if (transport === 'local' || credential.url === undefined) return true
  return findCredential([credential], url) !== undefined
}
