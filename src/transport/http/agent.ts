// The kept-alive connections of undici: how they are opened, and for how long they may be silent.
import type { SecureContext } from 'node:tls'
import { Agent, buildConnector } from 'undici'
import type { ChooseProxy } from './proxy.js'
import { createConnector } from './proxy-connector.js'
import { SpareConnections } from './spare-connections.js'
import type { PooledAgent, TlsContexts } from './tls-pools.js'

/** How connections are opened, and how long they may be silent. */
export interface AgentOptions {
  /** How long a server may send nothing, in milliseconds. */
  idleTimeoutMs: number
  /** @default 10_000 */
  connectTimeoutMs?: number
  /** Connections to one origin at once; further requests wait. @default 16 */
  connectionsPerOrigin?: number
  /** Takes any certificate of any server: for whoever insists. @default false */
  skipTlsVerification?: boolean
  /** @default every remote is reached directly */
  proxyFor?: ChooseProxy
}

/**
 * How long an unused connection is kept, in milliseconds: longer than usual poll intervals. A
 * server that says it keeps it for less is believed, and its end is noticed while idle.
 */
const KEEP_ALIVE_MS = 10 * 60_000
/**
 * How long one address of a host may take before the next one is tried instead, in milliseconds.
 * Node's own 250 are too short for the other side of the world.
 */
const ADDRESS_TIMEOUT_MS = 2000

/** Creates the connections of a client that are secured in one way. */
export function createAgent(options: AgentOptions, contexts: TlsContexts | undefined): PooledAgent {
  const { connectTimeoutMs: timeoutMs = 10_000, proxyFor = () => undefined } = options
  const connectorOf = (secureContext: SecureContext | undefined) =>
    buildConnector({
      timeout: timeoutMs,
      ...(secureContext && { secureContext }),
      // Said, as NODE_TLS_REJECT_UNAUTHORIZED would turn it off otherwise.
      rejectUnauthorized: options.skipTlsVerification !== true,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT_MS,
    })
  const [toRemote, toProxy] = [connectorOf(contexts?.remote), connectorOf(contexts?.proxy)]
  const spares = new SpareConnections(createConnector({ proxyFor, toRemote, toProxy, timeoutMs }))
  const agent = new Agent({
    connections: options.connectionsPerOrigin ?? 16,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    headersTimeout: options.idleTimeoutMs,
    bodyTimeout: options.idleTimeoutMs,
    connect: spares.connect,
  })
  return { agent, spares }
}
