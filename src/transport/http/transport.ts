// Git's smart protocol over HTTP: its two addresses below that of the repository, its content
// types, and the version in a header. https://git-scm.com/docs/gitprotocol-http
import type { Transport } from '../transport.js'
import { readExcerpt } from './excerpt.js'
import type { HttpClient } from './http-client.js'
import type { CheckResponse } from './response-check.js'

const SERVICE = 'git-upload-pack'
const ADVERTISEMENT = `/info/refs?service=${SERVICE}`
const VERSION_2 = { 'git-protocol': 'version=2' }

/** What asks at one address. */
export interface HttpLogin {
  /** Adds the credentials. */
  client: HttpClient
  check: CheckResponse
}

/** What asks where a redirect led to another origin. */
export interface HttpLoginElsewhere extends HttpLogin {
  /** Whether there are credentials that it may be given. */
  hasCredentials: (signal: AbortSignal) => Promise<boolean>
}

export interface HttpTransportOptions extends HttpLogin {
  /** Of the repository, without credentials. */
  url: string
  /** What asks at the address of a repository on another origin. */
  loginAt: (url: string) => HttpLoginElsewhere
}

/**
 * Creates the transport. Where a redirect led its advertisement, the requests after it go too; as git
 * does, with what there is for that origin, once it asks for credentials.
 */
export function createHttpTransport({ url, loginAt, ...own }: HttpTransportOptions): Transport {
  let baseUrl = url
  let login: HttpLogin = own
  const { host: remoteHost, origin } = new URL(url)
  const discover = ({ client }: HttpLogin, at: string, signal: AbortSignal) =>
    client.request({ url: at, method: 'GET', headers: VERSION_2, signal, remoteHost })
  return {
    async advertise(signal) {
      let used: HttpLogin = own
      let response = await discover(used, url + ADVERTISEMENT, signal)
      const isElsewhere = new URL(response.url).origin !== origin
      if (response.statusCode === 401 && isElsewhere && response.url.endsWith(ADVERTISEMENT)) {
        const there = loginAt(repositoryOf(response.url))
        used = there
        const hasCredentials = await there.hasCredentials(signal).catch(async (error) => {
          await readExcerpt(response.body)
          throw error
        })
        if (hasCredentials) {
          await readExcerpt(response.body)
          response = await discover(used, response.url, signal)
        }
      }
      const body = await used.check(response, 'advertisement')
      const isFound = response.url.endsWith(ADVERTISEMENT)
      // Both at once, as others ask meanwhile.
      login = isFound ? used : own
      baseUrl = isFound ? repositoryOf(response.url) : url
      return body
    },
    async exchange(request, version, signal, pastCaches = false) {
      const { client, check } = login
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

function repositoryOf(advertised: string): string {
  return advertised.slice(0, -ADVERTISEMENT.length)
}
