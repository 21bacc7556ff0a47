// Opens an SSH connection: reads keys and known hosts as they are now, verifies the
// host before anything is sent to it, and logs in.
import { once } from 'node:events'
import net, { type LookupFunction, type Socket } from 'node:net'
import ssh2, { type Client } from 'ssh2'
import type { Clock } from '../../base/clock.js'
import { SyncError } from '../../base/errors.js'
import type { SshCredential } from '../../credentials/ssh/ssh-credential.js'
import type { SshDefaults } from '../../credentials/ssh/ssh-defaults.js'
import { toNetworkError } from '../network-error.js'
import { displayHost, type SshAddress } from './address.js'
import { offerHostCertificates } from './certificate-offer.js'
import { type HostTrust, readTrust } from './host-trust.js'
import { readLogin, type SshLogin } from './login.js'
import { Offers } from './offers.js'
import { connectionLost, connectTimeout, notAgreed, toSshError } from './ssh-error.js'

export interface ConnectOptions {
  clock: Clock
  defaults: SshDefaults
  /** How long a host may take to accept a connection, in milliseconds. */
  connectTimeoutMs: number
  /** How long it may take to let in who logs in, in milliseconds. */
  loginTimeoutMs: number
  /** Finds the address of a host; by default, the system's way. */
  lookup?: LookupFunction | undefined
  /** Learns every password and passphrase before it is used. */
  onSecret?: ((secret: string) => void) | undefined
}

export type Host = Pick<SshAddress, 'host' | 'port' | 'user'>

/** A connection on which commands can be run. */
export interface LoggedIn {
  client: Client
  socket: Socket
}

/** How often an idle connection is looked at, in milliseconds, and how often in vain. */
const KEEPALIVE = { keepaliveInterval: 15_000, keepaliveCountMax: 3 }

/** Throws a SyncError where the host cannot be reached, is not trusted, or lets nobody in. */
export async function connect(
  host: Host,
  credential: SshCredential,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<LoggedIn> {
  const trust = await readTrust(host, credential, options)
  const login = await readLogin(host.user, credential, options.defaults, options.onSecret)
  const socket = await openSocket(host, options, signal)
  const timer = options.clock.schedule(options.loginTimeoutMs, () =>
    socket.destroy(login.timeout(displayHost(host))),
  )
  const onAbort = () => socket.destroy(abortedBefore(host))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return { client: await logIn(host, socket, trust, login), socket }
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    timer.cancel()
    signal.removeEventListener('abort', onAbort)
  }
}

async function openSocket(
  { host, port }: Host,
  { clock, connectTimeoutMs, lookup }: ConnectOptions,
  signal: AbortSignal,
): Promise<Socket> {
  const name = displayHost({ host, port })
  const socket = net.connect({ host, port, noDelay: true, ...(lookup ? { lookup } : {}) })
  const timer = clock.schedule(connectTimeoutMs, () =>
    socket.destroy(connectTimeout(name, 'accept a connection')),
  )
  try {
    await once(socket, 'connect', { signal })
    return socket
  } catch (error) {
    socket.destroy()
    throw signal.aborted ? abortedBefore({ host, port }) : toNetworkError(error, { host: name })
  } finally {
    timer.cancel()
  }
}

function logIn(host: Host, socket: Socket, trust: HostTrust, login: SshLogin): Promise<Client> {
  const name = displayHost(host)
  const client = new ssh2.Client()
  let distrust: SyncError | undefined
  let isExhausted = false
  const offers = new Offers()
  return new Promise((resolve, reject) => {
    client.on('ready', () => resolve(client))
    client.on('close', () => reject(connectionLost(name, 'the server closed it at the login')))
    client.on('error', (error: Error & { level?: string; code?: unknown }) => {
      const { level, code, message } = error
      if (distrust) return reject(distrust)
      if (isExhausted) return reject(login.failure(name, 'it refused each way'))
      // An agent that is away, or a key that cannot sign: the next way to log in is tried.
      if (level === 'agent') login.skipAgent(message)
      if (level === 'agent' || level === 'client-authentication') return
      const isDismissed = typeof code === 'number' && login.isUnderWay
      if (isDismissed) return reject(login.failure(name, message))
      const isUnnamed = level === undefined && code === undefined
      reject(isUnnamed ? notAgreed(name, error) : toSshError(error, name, offers))
    })
    client.connect({
      sock: socket,
      username: login.username,
      algorithms: { serverHostKey: trust.algorithms },
      hostVerifier(blob: Buffer) {
        distrust = trust.faultOf(blob)
        return distrust === undefined
      },
      authHandler(accepted) {
        const method = login.next(accepted)
        isExhausted = method === false
        return method
      },
      debug: (line) => offers.hear(line),
      readyTimeout: 0,
      ...KEEPALIVE,
    })
    if (trust.wantsCertificate) offerHostCertificates(client)
  })
}

function abortedBefore(host: Pick<Host, 'host' | 'port'>): SyncError {
  return new SyncError('aborted', `The SSH connection to ${displayHost(host)} was given up`)
}
