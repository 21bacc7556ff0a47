// The client certificate of a credential: which files it is in, and to whom it is
// shown.
import { namedIn } from '../../base/file-name.js'
import type { HttpClient } from './http-client.js'
import type { TlsIdentity } from './tls-files.js'

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

/** `client`, which shows the certificate that `find` gives, to the origin of `url` and no other. */
export function withIdentity(
  client: HttpClient,
  url: string,
  find: () => Promise<TlsIdentity | undefined>,
): HttpClient {
  const { protocol, origin } = new URL(url)
  if (protocol !== 'https:') return client
  return {
    async request(request) {
      if (new URL(request.url).origin !== origin) return client.request(request)
      return client.request({ ...request, identity: await find() })
    },
  }
}
