// Which requests carry credentials, and what follows a 401: one look for other credentials, and
// one request without any, as git begins with.
import { Readable } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import type { Headers } from '../../credentials/provider.js'
import { readExcerpt } from './excerpt.js'
import type { HttpClient, HttpResponse } from './http-client.js'
import { hasCredentials, withoutCredentials } from './redirect.js'

/** Sends the request with these headers more. */
type Send = (headers: Headers) => Promise<HttpResponse>

/**
 * Asked at each request, so that rotated secrets take effect, and once more where the remote
 * rejected what it gave: for others, if there are any.
 */
export type Authorize = (attempt: {
  signal: AbortSignal | undefined
  rejected?: Headers
}) => Promise<Headers>

/**
 * `client`, which sends what `authorize` gives to the origin of `url` and no other. Where the remote
 * refuses that and lets everybody in, it is not sent any more.
 */
export function withAuthorization(
  client: HttpClient,
  url: string,
  authorize: Authorize,
): HttpClient {
  const { origin } = new URL(url)
  /** What was refused where nothing is asked for. */
  let needless: Headers | undefined
  // Whoever rejects after a redirect to another origin was not given them.
  const rejects = ({ statusCode, url }: HttpResponse) =>
    statusCode === 401 && new URL(url).origin === origin

  /** Sends `headers`, and others in their place where there are some and these are rejected. */
  async function withLogins(send: Send, headers: Headers, signal: AbortSignal | undefined) {
    const response = await send(headers)
    if (!rejects(response)) return { response, sent: headers }
    const others = await authorize({ signal, rejected: headers })
    if (isDeepStrictEqual(others, headers)) return { response, sent: headers }
    await leave(response)
    return { response: await send(others), sent: others }
  }

  /** Sends no credentials, as `rejected` was; unless everybody is let in, that refusal is the answer. */
  async function withNone(send: Send, rejected: Headers, refusal: HttpResponse) {
    const answer = await kept(refusal)
    const open = await send(withoutCredentials(rejected))
    if (open.statusCode < 400) {
      needless = rejected
      return open
    }
    await leave(open)
    return answer
  }

  /** Sends no credentials where everybody was let in before; undefined where that is over. */
  async function withNoneAgain(send: Send, headers: Headers) {
    const open = await send(withoutCredentials(headers))
    if (!rejects(open)) return open
    needless = undefined
    await leave(open)
    return undefined
  }

  return {
    async request(request) {
      // A redirect to another origin is followed, but takes no credentials along.
      if (new URL(request.url).origin !== origin) return client.request(request)
      const { signal } = request
      const send: Send = (headers) =>
        client.request({ ...request, headers: { ...headers, ...request.headers } })
      const headers = await authorize({ signal })
      if (!hasCredentials(headers)) return send(headers)
      const open = isDeepStrictEqual(headers, needless) && (await withNoneAgain(send, headers))
      if (open) return open
      const { response, sent } = await withLogins(send, headers, signal)
      return rejects(response) ? withNone(send, sent, response) : response
    },
  }
}

/** A response that is kept while another is waited for: its connection is free, and its first words are there. */
async function kept(response: HttpResponse): Promise<HttpResponse> {
  return { ...response, body: Readable.from([Buffer.from(await readExcerpt(response.body))]) }
}

/** Frees the connection of a response that nobody reads. */
async function leave({ body }: HttpResponse): Promise<void> {
  for await (const _ of body) break
}
