// The client certificate of a credential: which files it is in.
import { type NamedFile, namedIn } from '../base/file-name.js'
import type { Credential, FoundCredential } from './credential.js'
import type { CredentialProvider } from './provider.js'
import { originIn } from './secret-file.js'

/** A certificate that this client shows, as PEM files. */
export interface TlsIdentity {
  certFile: NamedFile
  keyFile: NamedFile
  /** The passphrase of the key; one line end at its end is left out. */
  passphraseFile: NamedFile | undefined
}

/** Creates the provider of the certificate of the credential that `find` gives. */
export function createIdentityProvider(
  find: CredentialProvider<FoundCredential>,
): CredentialProvider<TlsIdentity> {
  return async (request) => {
    const found = await find(request)
    return found && identityOf(found.credential, originIn(found.source).folder)
  }
}

function identityOf(fields: Credential, folder: string): TlsIdentity | undefined {
  const { clientCertFile, clientKeyFile, clientKeyPassphraseFile } = fields
  if (clientCertFile === undefined || clientKeyFile === undefined) return undefined
  return {
    certFile: namedIn(folder, clientCertFile),
    keyFile: namedIn(folder, clientKeyFile),
    passphraseFile:
      clientKeyPassphraseFile === undefined ? undefined : namedIn(folder, clientKeyPassphraseFile),
  }
}

/** What is wrong with `fields`: predicates without a subject. */
export function findIdentityFaults(fields: Credential): string[] {
  const { clientCertFile, clientKeyFile, clientKeyPassphraseFile } = fields
  const [hasCert, hasKey] = [clientCertFile !== undefined, clientKeyFile !== undefined]
  return [
    ...(hasCert === hasKey ? [] : ['needs both clientCertFile and clientKeyFile']),
    ...(clientKeyPassphraseFile !== undefined && !hasKey
      ? ['has a clientKeyPassphraseFile without a clientKeyFile']
      : []),
  ]
}
