// The HttpClient over HTTP: kept-alive connections for each origin, time limits
// on connecting and on silence, and redirects that take no credentials along.
import type { Dispatcher } from 'undici'
import { SyncError } from '../../base/errors.js'
import type { NamedFile } from '../../base/file-name.js'
import type { TlsIdentity } from '../../credentials/tls-identity.js'
import { toNetworkError } from '../network-error.js'
import type { ObservedRequest } from '../transport.js'
import type { AgentOptions } from './agent.js'
import type { ConnectionSettings } from './connection-settings.js'
import { decodeBody } from './content-encoding.js'
import type { HttpClient, HttpRequest, HttpResponse } from './http-client.js'
import type { ChooseProxy } from './proxy.js'
import { refusedByProxy } from './proxy-connector.js'
import { followRedirect, type Hop, isRedirect } from './redirect.js'
import { createBody, discard } from './response-body.js'
import { type Pool, TlsPools } from './tls-pools.js'
import { type AssertTls, createTlsRequirement } from './tls-requirement.js'

/** How requests are made, and who is told of them. */
export interface HttpClientOptions extends Omit<AgentOptions, 'skipTlsVerification'> {
  /** How connections for a URL are opened. @default as for all others */
  settingsFor?: ((url: URL) => ConnectionSettings) | undefined
  /** Certificates of CAs that are trusted beside Node's own: a PEM file, read when it changes. */
  caFile?: NamedFile | undefined
  /** Refuses to send credentials in plain text to another machine. @default false */
  requireTls?: boolean
  /** Told of a host the first time that credentials go to it in plain text. */
  onPlainCredentials?: (host: string) => void
  /** Told of each request on the wire. */
  observe?: (request: ObservedRequest) => void
}

export interface ClosableHttpClient extends HttpClient {
  /** Loads what the first request needs, ahead of it. */
  prepare(): void
  /**
   * Opens connections that requests to the host of `url` will want soon, unless it has any; without
   * such requests, they are closed again. Throws where a file of TLS cannot be used.
   */
  preconnect(url: string, identity: TlsIdentity | undefined): Promise<void>
  /** Ends every connection, and every request with `aborted`. */
  close(): Promise<void>
}

/** GitHub and others serve git only to agents that start so. */
const USER_AGENT = 'git/git-autosync'

/** One for all who are reached as all others. */
const AS_ALL: ConnectionSettings = {}

/** So many connections a push takes: it is looked for, and fetched, at once. */
const PUSH_CONNECTIONS = 2

/** Creates a client with its own pools of connections. */
export function createHttpClient(options: HttpClientOptions): ClosableHttpClient {
  const { caFile, requireTls = false, onPlainCredentials } = options
  const { proxyFor: usualProxyFor = () => undefined, settingsFor = () => AS_ALL } = options
  const proxyBy = ({ proxy }: ConnectionSettings, url: URL) =>
    proxy === undefined ? usualProxyFor(url) : proxy || undefined
  const proxyFor: ChooseProxy = (url) => proxyBy(settingsFor(url), url)
  const pools = new TlsPools({
    caFile,
    createAgent: async (contexts, settings) => {
      const { skipTlsVerification = false } = settings
      const opening = { skipTlsVerification, proxyFor: (url: URL) => proxyBy(settings, url) }
      return (await agents()).createAgent({ ...options, ...opening }, contexts)
    },
  })
  const assertTls = createTlsRequirement({
    required: requireTls,
    onPlain: (host) => onPlainCredentials?.(host),
  })
  const wire: Wire = { pools, proxyFor, settingsFor, assertTls, options }
  return {
    request: (request) => requestFollowing(wire, request),
    prepare() {
      // Whoever needs it is told what is wrong.
      agents().catch(() => undefined)
    },
    async preconnect(address, identity) {
      const url = withoutUserInfo(address)
      const pool = await poolFor(wire, { url, identity })
      if (pool.spares.has(url.origin)) return
      pool.spares.open(url, Math.max(0, PUSH_CONNECTIONS - pool.connections.countOf(url.origin)))
    },
    close: () => pools.close(),
  }
}

/** What makes connections takes long to be loaded, and not everybody has a remote over HTTP. */
function agents(): Promise<typeof import('./agent.js')> {
  return import('./agent.js')
}

interface Wire {
  pools: TlsPools
  proxyFor: ChooseProxy
  settingsFor: (url: URL) => ConnectionSettings
  assertTls: AssertTls
  options: HttpClientOptions
}

interface Outgoing {
  body: Buffer | null
  signal: AbortSignal | undefined
  /** The remote that is asked, wherever redirects lead. */
  remoteHost: string
}

async function requestFollowing(wire: Wire, request: HttpRequest): Promise<HttpResponse> {
  const { method = 'GET', redirects, signal } = request
  const url = withoutUserInfo(request.url)
  const { remoteHost = url.host } = request
  const outgoing: Outgoing = { body: await bytesOf(request.body), signal, remoteHost }
  let hop: Hop = {
    url,
    method,
    headers: { 'user-agent': USER_AGENT, ...request.headers },
    identity: request.identity,
  }
  // Credentials stay with this origin, whatever redirects follow.
  wire.assertTls(hop.url, request.headers ?? {})
  for (let count = 1; ; count++) {
    const response = await send(wire, hop, outgoing)
    const headers = flatten(response.headers)
    const location = headers['location']
    if (!isRedirect(response.statusCode, location)) {
      const body = createBody(response.body, { host: hop.url.host, signal })
      const decoded = decodeBody(body, headers['content-encoding'] ?? '', hop.url.host)
      if (decoded) delete headers['content-encoding']
      return {
        url: hop.url.href,
        method,
        statusCode: response.statusCode,
        statusMessage: response.statusText,
        headers,
        body: decoded ?? body,
      }
    }
    await discard(response.body)
    const { statusCode } = response
    hop = followRedirect(hop, { statusCode, location, count }, redirects)
  }
}

/**
 * Sends one request. Where the connection it was given had been open before and broke before any
 * answer came, the server had closed it meanwhile, so the request goes out once more.
 */
async function send(wire: Wire, hop: Hop, outgoing: Outgoing): Promise<Dispatcher.ResponseData> {
  const pool = await poolFor(wire, hop)
  const { origin } = hop.url
  const mayBeStale = pool.connections.countOf(origin) > 0 || pool.spares.has(origin)
  try {
    return await sendOnce(wire, pool, hop, outgoing)
  } catch (error) {
    const isStale = mayBeStale && error instanceof SyncError && error.code === 'connection-failed'
    if (!isStale) throw error
  }
  return sendOnce(wire, await poolFor(wire, hop), hop, outgoing)
}

function poolFor(
  { pools, proxyFor, settingsFor }: Wire,
  { url, identity }: Pick<Hop, 'url' | 'identity'>,
): Promise<Pool> {
  const isPlain = url.protocol === 'http:' && !proxyFor(url)?.origin.startsWith('https:')
  return isPlain ? pools.plainPool(settingsFor(url)) : pools.poolFor(identity, settingsFor(url))
}

async function sendOnce(
  { proxyFor, options }: Wire,
  { agent }: Pool,
  { url, method, headers }: Hop,
  { body, signal, remoteHost }: Outgoing,
): Promise<Dispatcher.ResponseData> {
  const observed = (code: string) =>
    options.observe?.({ host: remoteHost, service: serviceOf(url), code })
  // Of an https remote, the proxy sees only the tunnel.
  const proxy = url.protocol === 'http:' ? proxyFor(url) : undefined
  const { authorization } = proxy ?? {}
  let response: Dispatcher.ResponseData
  try {
    response = await agent.request({
      origin: url.origin,
      path: (proxy ? url.origin : '') + url.pathname + url.search,
      method,
      headers: {
        ...headers,
        ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }),
      },
      body,
      ...(signal ? { signal } : {}),
    })
  } catch (error) {
    const failure = toNetworkError(error, { host: url.host, signal })
    observed(failure.code)
    throw failure
  }
  observed(String(response.statusCode))
  if (!proxy || response.statusCode !== 407) return response
  await discard(response.body)
  throw refusedByProxy(proxy, url.host, `407 ${response.statusText}`)
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

/** Of a redirect's address, only the words that are known: it may hold anything. */
function serviceOf({ searchParams, pathname }: URL): string {
  const named = searchParams.get('service') ?? /\/(git-[a-z-]+)$/.exec(pathname)?.[1] ?? ''
  return ['git-upload-pack', 'git-receive-pack'].includes(named) ? named : ''
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value = '']) => [
    name.toLowerCase(),
    Array.isArray(value) ? value.join(', ') : value,
  ])
  return Object.fromEntries(entries)
}
