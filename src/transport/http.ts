// The HttpClient over HTTP: kept-alive connections for each origin, time limits
// on connecting and on silence, and redirects that take no credentials along.
import { Agent, type Dispatcher } from 'undici'
import { createBody, discard } from './http-body.js'
import type { HttpClient, HttpRequest, HttpResponse } from './http-client.js'
import { toNetworkError } from './network-error.js'
import { OpenConnections } from './open-connections.js'
import { followRedirect, type Hop, isRedirect } from './redirect.js'

export interface HttpClientOptions {
  /** How long a server may send nothing, in milliseconds. */
  idleTimeoutMs: number
  /** @default 10_000 */
  connectTimeoutMs?: number
  /** Connections to one origin at once; further requests wait. @default 16 */
  connectionsPerOrigin?: number
  /** GitHub and others serve git only to agents that start with `git/`. @default 'git/git-autosync' */
  userAgent?: string
  /** Told of each request on the wire; `code` is the status, or an error code where none came. */
  observe?: (request: ObservedRequest) => void
}

export interface ObservedRequest {
  host: string
  /** For instance `git-upload-pack`, or empty. */
  service: string
  code: string
}

export interface ClosableHttpClient extends HttpClient {
  /** Ends every connection, and every request with `aborted`. */
  close(): Promise<void>
}

/**
 * How long an unused connection is kept, in milliseconds: longer than usual poll intervals. A
 * server that says it keeps it for less is believed, and its end is noticed while idle.
 */
const KEEP_ALIVE_MS = 10 * 60_000

/** Creates a client with its own pool of connections. */
export function createHttpClient(options: HttpClientOptions): ClosableHttpClient {
  const agent = new Agent({
    connections: options.connectionsPerOrigin ?? 16,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    headersTimeout: options.idleTimeoutMs,
    bodyTimeout: options.idleTimeoutMs,
    connect: { timeout: options.connectTimeoutMs ?? 10_000 },
  })
  const connections = new OpenConnections(agent)
  return {
    request: (request) => requestFollowing({ agent, connections, options }, request),
    close: () => agent.destroy(),
  }
}

interface Wire {
  agent: Agent
  connections: OpenConnections
  options: HttpClientOptions
}

interface Outgoing {
  method: 'GET' | 'POST'
  body: Buffer | null
  signal: AbortSignal | undefined
}

async function requestFollowing(wire: Wire, request: HttpRequest): Promise<HttpResponse> {
  const { userAgent = 'git/git-autosync' } = wire.options
  const { method = 'GET', signal } = request
  const url = withoutUserInfo(request.url)
  const outgoing: Outgoing = { method, body: await bytesOf(request.body), signal }
  let hop: Hop = {
    url,
    headers: { 'user-agent': userAgent, ...request.headers },
  }
  for (let redirects = 1; ; redirects++) {
    const response = await send(wire, hop, outgoing)
    const headers = flatten(response.headers)
    const location = headers['location']
    if (!isRedirect(response.statusCode, location)) {
      return {
        url: hop.url.href,
        method,
        statusCode: response.statusCode,
        statusMessage: response.statusText,
        headers,
        body: createBody(response.body, { host: hop.url.host, signal }),
      }
    }
    await discard(response.body)
    hop = followRedirect(hop, method, location, redirects)
  }
}

/**
 * Sends one request. Where the connection it was given had been open before and broke before any
 * answer came, the server had closed it meanwhile, so the request goes out once more.
 */
async function send(wire: Wire, hop: Hop, outgoing: Outgoing): Promise<Dispatcher.ResponseData> {
  const mayBeStale = wire.connections.has(hop.url.origin)
  try {
    return await sendOnce(wire, hop, outgoing)
  } catch (error) {
    const failure = toNetworkError(error, { host: hop.url.host, signal: outgoing.signal })
    if (!mayBeStale || failure.code !== 'connection-failed') throw failure
  }
  try {
    return await sendOnce(wire, hop, outgoing)
  } catch (error) {
    throw toNetworkError(error, { host: hop.url.host, signal: outgoing.signal })
  }
}

async function sendOnce(
  { agent, options }: Wire,
  { url, headers }: Hop,
  { method, body, signal }: Outgoing,
): Promise<Dispatcher.ResponseData> {
  const observed = (code: string) =>
    options.observe?.({ host: url.host, service: serviceOf(url), code })
  try {
    const response = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers,
      body,
      ...(signal ? { signal } : {}),
    })
    observed(String(response.statusCode))
    return response
  } catch (error) {
    observed(toNetworkError(error, { host: url.host, signal }).code)
    throw error
  }
}

function withoutUserInfo(text: string): URL {
  const url = new URL(text)
  url.username = ''
  url.password = ''
  return url
}

/** Requests are small: sent whole, they carry a Content-Length, which some servers insist on. */
async function bytesOf(body: HttpRequest['body']): Promise<Buffer | null> {
  if (!body) return null
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function serviceOf(url: URL): string {
  return url.searchParams.get('service') ?? /\/(git-[a-z-]+)$/.exec(url.pathname)?.[1] ?? ''
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value = '']) => [
    name.toLowerCase(),
    Array.isArray(value) ? value.join(', ') : value,
  ])
  return Object.fromEntries(entries)
}
