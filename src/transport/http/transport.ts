// Git's smart protocol over HTTP: its two addresses below that of the repository, its content
// types, and the version in a header. https://git-scm.com/docs/gitprotocol-http
import type { Transport } from '../transport.js'
import type { HttpClient } from './http-client.js'
import type { CheckResponse } from './response-check.js'

const SERVICE = 'git-upload-pack'
const ADVERTISEMENT = `/info/refs?service=${SERVICE}`
const VERSION_2 = { 'git-protocol': 'version=2' }

export interface HttpTransportOptions {
  /** Of the repository, without credentials. */
  url: string
  /** Adds the credentials. */
  client: HttpClient
  check: CheckResponse
}

/** Creates the transport. Where a redirect led its advertisement, the requests after it go too. */
export function createHttpTransport({ url, client, check }: HttpTransportOptions): Transport {
  let baseUrl = url
  const remoteHost = new URL(url).host
  return {
    async advertise(signal) {
      const response = await client.request({
        url: url + ADVERTISEMENT,
        method: 'GET',
        headers: VERSION_2,
        signal,
        remoteHost,
      })
      const body = await check(response, 'advertisement')
      baseUrl = response.url.endsWith(ADVERTISEMENT)
        ? response.url.slice(0, -ADVERTISEMENT.length)
        : url
      return body
    },
    async exchange(request, version, signal, pastCaches = false) {
      const response = await client.request({
        url: `${baseUrl}/${SERVICE}`,
        method: 'POST',
        headers: {
          'content-type': `application/x-${SERVICE}-request`,
          accept: `application/x-${SERVICE}-result`,
          ...(version === 2 ? VERSION_2 : {}),
          ...(pastCaches ? { 'cache-control': 'no-cache' } : {}),
        },
        body: [request],
        signal,
        remoteHost,
      })
      return check(response, 'result')
    },
  }
}
