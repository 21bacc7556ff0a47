// What goes with each request to an address by the configuration, whoever logs in there: what git has
// as http.<url>.extraHeader, cookieFile, sslCert and sslKey.
import type { NamedFile } from '../base/file-name.js'
import type { CredentialProvider, Headers, ProvidedHeaders } from './provider.js'
import type { TlsIdentity } from './tls-identity.js'

/** What goes with requests to one address. */
export interface SentAlong {
  headers?: Headers | undefined
  cookieFile?: NamedFile | undefined
  identity?: TlsIdentity | undefined
}

/** Creates the provider of the headers among it. */
export function createSentHeaders(
  sentAlong: (url: URL) => SentAlong,
): CredentialProvider<ProvidedHeaders> {
  return async ({ url }) => {
    const { headers = {} } = sentAlong(url)
    return Object.keys(headers).length > 0 ? { headers, source: 'http.extraHeader' } : undefined
  }
}
