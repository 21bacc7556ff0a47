// To whom a client certificate is shown.
import type { TlsIdentity } from '../../credentials/tls-identity.js'
import type { HttpClient } from './http-client.js'

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
