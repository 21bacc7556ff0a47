// The client certificate of a credential: which files it is in.
import { type NamedFile, namedIn } from '../base/file-name.js'

/** A certificate that this client shows, as PEM files. */
export interface TlsIdentity {
  certFile: NamedFile
  keyFile: NamedFile
  /** The passphrase of the key; one line end at its end is left out. */
  passphraseFile: NamedFile | undefined
}

/** The fields of a credential that name a client certificate. */
export interface IdentityFields {
  clientCertFile?: string
  clientKeyFile?: string
  clientKeyPassphraseFile?: string
}

/** The certificate that `fields` name, if any; relative names start at `folder`. */
export function identityOf(fields: IdentityFields, folder: string): TlsIdentity | undefined {
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
export function findIdentityFaults(fields: IdentityFields): string[] {
  const { clientCertFile, clientKeyFile, clientKeyPassphraseFile } = fields
  const [hasCert, hasKey] = [clientCertFile !== undefined, clientKeyFile !== undefined]
  return [
    ...(hasCert === hasKey ? [] : ['needs both clientCertFile and clientKeyFile']),
    ...(clientKeyPassphraseFile !== undefined && !hasKey
      ? ['has a clientKeyPassphraseFile without a clientKeyFile']
      : []),
  ]
}
