// Which requests carry credentials, and what follows a 401: one look for other credentials
// and one repetition.
import type { HttpClient, HttpResponse } from './http-client.js'

/**
 * Asked at each request, so that rotated secrets take effect, and once more where the remote
 * rejected what it gave: for others, if there are any.
 */
export type Authorize = (attempt: {
  signal: AbortSignal | undefined
  rejected?: Record<string, string>
}) => Promise<Record<string, string>>

/** `client`, which sends what `authorize` gives to the origin of `url` and no other. */
export function withAuthorization(
  client: HttpClient,
  url: string,
  authorize: Authorize,
): HttpClient {
  const { origin } = new URL(url)
  return {
    async request(request) {
      // A redirect to another origin is followed, but takes no credentials along.
      if (new URL(request.url).origin !== origin) return client.request(request)
      const { signal } = request
      const send = (headers: Record<string, string>) =>
        client.request({ ...request, headers: { ...headers, ...request.headers } })
      const headers = await authorize({ signal })
      const response = await send(headers)
      if (response.statusCode !== 401 || Object.keys(headers).length === 0) return response
      // Whoever rejects after a redirect to another origin was not given them.
      if (new URL(response.url).origin !== origin) return response
      await leave(response)
      return send(await authorize({ signal, rejected: headers }))
    },
  }
}

/** Frees the connection of a response that nobody reads. */
async function leave({ body }: HttpResponse): Promise<void> {
  for await (const _ of body) break
}
