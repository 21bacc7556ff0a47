// One remote, spoken to with one set of credentials. What the server can do is asked
// once and kept, so that a later look at its refs is a single request.
// https://git-scm.com/docs/gitprotocol-http
import { decodePkts } from '../../git/pkt-line.js'
import type { HttpClient, HttpRequest, HttpResponse } from '../../transport/http/http-client.js'
import { bounded } from './bounded.js'
import { type Advertisement, decodeAdvertisement } from './capabilities.js'
import { encodeFetchV0, encodeFetchV2, type FetchRequest } from './fetch-request.js'
import { decodeFetch } from './fetch-response.js'
import { decodeLsRefs, encodeLsRefs } from './ls-refs.js'
import type { RemoteRef } from './remote-ref.js'

const SERVICE = 'git-upload-pack'

export interface RemoteSessionOptions {
  /** Without credentials. */
  url: string
  client: HttpClient
  /**
   * Asked at each request, so that rotated secrets take effect, and once more where the remote
   * rejected what it gave: for others, if there are any.
   */
  authorize: (attempt: {
    signal: AbortSignal | undefined
    rejected?: Record<string, string>
  }) => Promise<Record<string, string>>
  /** The most that the remote's list of refs may take, in bytes. */
  maxRefsBytes: number
  /** Throws where a response is not the success of `service`. */
  assertOk: (response: HttpResponse, contentType: string) => Promise<void>
}

/** A pack on its way. */
export interface FetchedPack {
  chunks: AsyncIterable<Buffer>
}

/** What was learnt at discovery, and the URL that answered it. */
interface Discovery {
  baseUrl: string
  advertisement: Advertisement
}

export class RemoteSession {
  readonly #options: RemoteSessionOptions
  #discovery: Discovery | undefined

  constructor(options: RemoteSessionOptions) {
    this.#options = options
  }

  /** The remote's refs that start with any of `prefixes`: one request once the server is known. */
  async listRefs(prefixes: readonly string[], signal: AbortSignal): Promise<RemoteRef[]> {
    return this.#forgettingOnFailure(async () => {
      const known = this.#discovery?.advertisement.version === 2 ? this.#discovery : undefined
      const discovery = known ?? (await this.#discover(signal))
      const { advertisement } = discovery
      if (advertisement.version === 0) {
        return advertisement.refs.filter(({ name }) =>
          prefixes.some((prefix) => name.startsWith(prefix)),
        )
      }
      const body = encodeLsRefs(prefixes, advertisement.capabilities)
      const response = await this.#post(discovery, body, signal)
      return decodeLsRefs(bounded(decodePkts(response.body), this.#options.maxRefsBytes))
    })
  }

  /** Starts a fetch of depth 1; the pack's bytes come as they arrive. */
  async fetch(request: FetchRequest, signal: AbortSignal): Promise<FetchedPack> {
    return this.#forgettingOnFailure(async () => {
      const discovery = this.#discovery ?? (await this.#discover(signal))
      const { version, capabilities } = discovery.advertisement
      const encode = version === 2 ? encodeFetchV2 : encodeFetchV0
      const response = await this.#post(discovery, encode(request, capabilities), signal)
      return { chunks: this.#chunksOf(decodeFetch(decodePkts(response.body), version)) }
    })
  }

  async #discover(signal: AbortSignal): Promise<Discovery> {
    const { url, assertOk, maxRefsBytes } = this.#options
    const suffix = `/info/refs?service=${SERVICE}`
    const headers = { 'git-protocol': 'version=2' }
    const response = await this.#request({ url: url + suffix, method: 'GET', headers, signal })
    await assertOk(response, `application/x-${SERVICE}-advertisement`)
    const advertisement = await decodeAdvertisement(
      bounded(decodePkts(response.body), maxRefsBytes),
    )
    const baseUrl = response.url.endsWith(suffix) ? response.url.slice(0, -suffix.length) : url
    // The refs of a v0 server are asked for anew at each poll: only the rest is kept.
    const kept = advertisement.version === 0 ? { ...advertisement, refs: [] } : advertisement
    this.#discovery = { baseUrl, advertisement: kept }
    return { baseUrl, advertisement }
  }

  async #post(discovery: Discovery, body: Buffer, signal: AbortSignal): Promise<HttpResponse> {
    const response = await this.#request({
      url: `${discovery.baseUrl}/${SERVICE}`,
      method: 'POST',
      headers: {
        'content-type': `application/x-${SERVICE}-request`,
        accept: `application/x-${SERVICE}-result`,
        ...(discovery.advertisement.version === 2 ? { 'git-protocol': 'version=2' } : {}),
      },
      body: [body],
      signal,
    })
    await this.#options.assertOk(response, `application/x-${SERVICE}-result`)
    return response
  }

  async #request(request: HttpRequest & { url: string }): Promise<HttpResponse> {
    const { url, client, authorize } = this.#options
    // A redirect to another origin is followed, but takes no credentials along.
    const trusted =
      request.url.startsWith('file:') || new URL(request.url).origin === new URL(url).origin
    if (!trusted) return client.request(request)
    const { signal } = request
    const send = (headers: Record<string, string>) =>
      client.request({ ...request, headers: { ...headers, ...request.headers } })
    const headers = await authorize({ signal })
    const response = await send(headers)
    if (response.statusCode !== 401 || Object.keys(headers).length === 0) return response
    // Whoever rejects after a redirect to another origin was not given them.
    if (new URL(response.url).origin !== new URL(url).origin) return response
    await leave(response)
    return send(await authorize({ signal, rejected: headers }))
  }

  async *#chunksOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    try {
      yield* chunks
    } catch (error) {
      this.#discovery = undefined
      throw error
    }
  }

  /** A server that moved or was upgraded is discovered anew at the next attempt. */
  async #forgettingOnFailure<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt()
    } catch (error) {
      this.#discovery = undefined
      throw error
    }
  }
}

/** Frees the connection of a response that nobody reads. */
async function leave({ body }: HttpResponse): Promise<void> {
  for await (const _ of body) break
}
