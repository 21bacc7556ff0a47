// The client certificate of a credential: which files it is in.
import type { Credential, FoundCredential } from './credential.js'
import type { Origin } from './secret-file.js'

/** A certificate that this client shows, as PEM files, named as the credential of `origin` does. */
export interface TlsIdentity {
  origin: Origin
  clientCertFile: string
  clientKeyFile: string
  /** The passphrase of the key; one line end at its end is left out. */
  clientKeyPassphraseFile: string | undefined
}

/** The certificate of a credential, if it has one. */
export function identityOf({ credential, origin }: FoundCredential): TlsIdentity | undefined {
  const { clientCertFile, clientKeyFile, clientKeyPassphraseFile } = credential
  if (clientCertFile === undefined || clientKeyFile === undefined) return undefined
  return { origin, clientCertFile, clientKeyFile, clientKeyPassphraseFile }
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
