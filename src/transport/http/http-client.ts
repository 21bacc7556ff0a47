// What sends HTTP requests: the shape of isomorphic-git's HttpClient.
import type { TlsIdentity } from '../../credentials/tls-identity.js'

export interface HttpRequest {
  url: string
  /** @default 'GET' */
  method?: string
  /** Names in lower case. */
  headers?: Record<string, string>
  body?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
  /** The client certificate to show, to the origin of the URL only. */
  identity?: TlsIdentity | undefined
  signal?: AbortSignal
  /** The remote that is asked, as observers are told, wherever redirects lead. @default that of the URL */
  remoteHost?: string
  /**
   * Of a request without a body: that redirects are followed whatever its method is, which becomes GET
   * where they say so; how many, and which of its headers go along anywhere.
   * @default a few, of GET only
   */
  redirects?: { limit: number; along: readonly string[] }
}

export interface HttpResponse {
  /** The URL that answered, after redirects. */
  url: string
  method: string
  statusCode: number
  statusMessage: string
  /** Names in lower case. */
  headers: Record<string, string>
  /** Must be read to its end or returned early; either frees the connection. */
  body: AsyncIterable<Uint8Array>
}

export interface HttpClient {
  /** Throws a SyncError where no response came; every status is a response. */
  request(request: HttpRequest): Promise<HttpResponse>
}
