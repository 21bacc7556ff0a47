// Opens the connections of a pool: directly, or through a proxy, whose faults are
// told apart from those of the remote behind it.
// https://www.rfc-editor.org/rfc/rfc9110#name-connect
import { once } from 'node:events'
import http, { type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { buildConnector } from 'undici'
import { SyncError } from '../../base/errors.js'
import { toNetworkError } from '../network-error.js'
import type { ChooseProxy, HttpProxy } from './proxy.js'
import { withSoundHeads } from './sound-heads.js'

export interface ConnectorOptions {
  proxyFor: ChooseProxy
  /** Connects to remotes, also over the socket of a tunnel. */
  toRemote: buildConnector.connector
  /** Connects to proxies, without a client certificate. */
  toProxy: buildConnector.connector
  /** How long a proxy may take to answer, in milliseconds. */
  timeoutMs: number
}

/** Creates the `connect` function of an undici Agent. */
export function createConnector(options: ConnectorOptions): buildConnector.connector {
  const { proxyFor, toRemote } = options
  const open = async (target: buildConnector.Options) => {
    const proxy = proxyFor(urlOf(target))
    return proxy ? connectThrough(proxy, target, options) : connect(toRemote, target)
  }
  return (target, callback) => {
    open(target).then(
      (socket) => callback(null, withSoundHeads(endingWithItsError(socket))),
      (error: Error) => callback(error, null),
    )
  }
}

/** A server may refuse a client certificate after the handshake, and then only seem to hang up. */
function endingWithItsError(socket: Socket): Socket {
  return socket.once('error', (error) => socket.destroy(error))
}

/** An http remote is asked for by its whole URL; only an https one takes a tunnel. */
async function connectThrough(
  proxy: HttpProxy,
  target: buildConnector.Options,
  { toRemote, toProxy, timeoutMs }: ConnectorOptions,
): Promise<Socket> {
  const socket = await connect(toProxy, addressOf(proxy)).catch((error) => {
    throw unusable(proxy, error)
  })
  if (target.protocol !== 'https:') return socket
  await openTunnel(socket, proxy, authorityOf(target), timeoutMs)
  return connect(toRemote, { ...target, httpSocket: socket })
}

async function openTunnel(
  socket: Socket,
  proxy: HttpProxy,
  authority: string,
  timeoutMs: number,
): Promise<void> {
  const { authorization } = proxy
  const request = http.request({
    method: 'CONNECT',
    path: authority,
    headers: {
      host: authority,
      ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }),
    },
    createConnection: () => socket,
  })
  // The first fault is reported, whatever follows from it.
  request.on('error', () => undefined)
  try {
    request.end()
    const timeout = AbortSignal.timeout(timeoutMs)
    const answer = await once(request, 'connect', { signal: timeout }).catch((error) => {
      throw timeout.aborted ? tooSlow(proxy, authority) : unusable(proxy, error)
    })
    const [response, , head] = answer as [IncomingMessage, Duplex, Buffer]
    const { statusCode = 0, statusMessage = '' } = response
    if (statusCode < 200 || statusCode > 299) {
      throw refusedByProxy(proxy, authority, `${statusCode} ${statusMessage}`.trim())
    }
    if (head.length > 0) socket.unshift(head)
  } catch (error) {
    socket.on('error', () => undefined).destroy()
    throw error
  }
}

/** What a proxy means by answering a request or a CONNECT with `status`. */
export function refusedByProxy({ origin }: HttpProxy, target: string, status: string): SyncError {
  if (status.startsWith('407')) {
    return new SyncError(
      'proxy-refused',
      `The proxy ${origin} wants credentials, or other ones (${status}); write them into its URL in HTTPS_PROXY or HTTP_PROXY: http://user:password@host:port`,
    )
  }
  return status.startsWith('5')
    ? new SyncError(
        'proxy-failed',
        `The proxy ${origin} cannot reach ${target} (${status}); check the address, or reach the host directly by NO_PROXY`,
      )
    : new SyncError(
        'proxy-refused',
        `The proxy ${origin} refuses to connect to ${target} (${status}); allow it there, or reach the host directly by NO_PROXY`,
      )
}

function tooSlow({ origin }: HttpProxy, authority: string): SyncError {
  return new SyncError(
    'proxy-failed',
    `The proxy ${origin} did not connect to ${authority} in time; check both, or reach the host directly by NO_PROXY`,
  )
}

function unusable({ origin }: HttpProxy, error: unknown): SyncError {
  const { message } = toNetworkError(error, { host: new URL(origin).host })
  return new SyncError(
    'proxy-failed',
    `The proxy ${origin} of HTTPS_PROXY or HTTP_PROXY cannot be used: ${message}`,
    { cause: error },
  )
}

function connect(
  connector: buildConnector.connector,
  target: buildConnector.Options,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    connector(target, (error, socket) => (error ? reject(error) : resolve(socket as Socket)))
  })
}

function addressOf({ origin }: HttpProxy): buildConnector.Options {
  const { protocol, host, hostname, port } = new URL(origin)
  return { protocol, host, hostname: withoutBrackets(hostname), port }
}

function urlOf({ protocol, hostname, port }: buildConnector.Options): URL {
  return new URL(`${protocol}//${bracketed(hostname)}${port ? `:${port}` : ''}`)
}

function authorityOf({ hostname, port }: buildConnector.Options): string {
  return `${bracketed(hostname)}:${port || 443}`
}

function bracketed(hostname: string): string {
  return hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname
}

function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}
