// Which requests carry credentials, and what follows a 401: one look for other credentials, and
// one request without any, as git begins with.
import { Readable } from 'node:stream'
import { isDeepStrictEqual } from 'node:util'
import { readExcerpt } from './excerpt.js'
import type { HttpClient, HttpResponse } from './http-client.js'
import { hasCredentials, withoutCredentials } from './redirect.js'

/**
 * Asked at each request, so that rotated secrets take effect, and once more where the remote
 * rejected what it gave: for others, if there are any.
 */
export type Authorize = (attempt: {
  signal: AbortSignal | undefined
  rejected?: Record<string, string>
}) => Promise<Record<string, string>>

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
  let needless: Record<string, string> | undefined
  return {
    async request(request) {
      // A redirect to another origin is followed, but takes no credentials along.
      if (new URL(request.url).origin !== origin) return client.request(request)
      const { signal } = request
      const send = (headers: Record<string, string>) =>
        client.request({ ...request, headers: { ...headers, ...request.headers } })
      const sendAlone = (headers: Record<string, string>) => send(withoutCredentials(headers))
      // Whoever rejects after a redirect to another origin was not given them.
      const rejects = ({ statusCode, url }: HttpResponse) =>
        statusCode === 401 && new URL(url).origin === origin

      const headers = await authorize({ signal })
      if (!hasCredentials(headers)) return send(headers)
      if (isDeepStrictEqual(headers, needless)) {
        const response = await sendAlone(headers)
        if (!rejects(response)) return response
        needless = undefined
        await leave(response)
      }
      let response = await send(headers)
      if (!rejects(response)) return response
      const others = await authorize({ signal, rejected: headers })
      if (!isDeepStrictEqual(others, headers)) {
        await leave(response)
        response = await send(others)
        if (!rejects(response)) return response
      }
      const refusal = await kept(response)
      const open = await sendAlone(others)
      if (open.statusCode < 400) {
        needless = others
        return open
      }
      await leave(open)
      return refusal
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
