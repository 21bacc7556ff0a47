// The pools of connections: one for each client certificate, replaced by a new one
// when a file of its TLS changes.
import type { SecureContext } from 'node:tls'
import type { Agent } from 'undici'
import type { NamedFile } from '../../base/file-name.js'
import type { TlsIdentity } from '../../credentials/tls-identity.js'
import type { ConnectionSettings } from './connection-settings.js'
import { OpenConnections } from './open-connections.js'
import type { SpareConnections } from './spare-connections.js'
import { createTlsContext, fingerprintOf, type TlsFiles } from './tls-files.js'

/** What keeps connections of one kind alive, and those that wait for it. */
export interface PooledAgent {
  agent: Agent
  spares: SpareConnections
}

/** Kept-alive connections of one kind. */
export interface Pool extends PooledAgent {
  connections: OpenConnections
}

export interface TlsPoolsOptions {
  caFile: NamedFile | undefined
  /** Without contexts, what it opens is not secured. */
  createAgent: (
    contexts: TlsContexts | undefined,
    settings: ConnectionSettings,
  ) => Promise<PooledAgent>
}

/** How connections are secured; the client certificate is shown to the remote only. */
export interface TlsContexts {
  remote: SecureContext
  proxy: SecureContext
}

export class TlsPools {
  readonly #options: TlsPoolsOptions
  readonly #pools = new Map<string, { fingerprint: string; pool: Promise<Pool> }>()
  readonly #plain = new Map<string, Promise<Pool>>()
  readonly #agents = new Set<PooledAgent>()
  #isClosed = false

  constructor(options: TlsPoolsOptions) {
    this.#options = options
  }

  /** The pool whose connections are opened by `settings` and show `identity`. Throws where a file cannot be used. */
  async poolFor(
    identity: TlsIdentity | undefined,
    settings: ConnectionSettings = {},
  ): Promise<Pool> {
    const files = { caFile: settings.caFile ?? this.#options.caFile, identity }
    const key = JSON.stringify([identity, settings])
    const fingerprint = await fingerprintOf(files)
    const known = this.#pools.get(key)
    if (known?.fingerprint === fingerprint) return known.pool
    const pool = this.#create(files, settings)
    this.#pools.set(key, { fingerprint, pool })
    // What could not be read for want of a descriptor, say, can be read the next time.
    pool.catch(() => {
      if (this.#pools.get(key)?.pool === pool) this.#pools.delete(key)
    })
    if (known) this.#retire(known.pool)
    return pool
  }

  /** The pool of connections without TLS, for which no certificate is read. */
  plainPool({ proxy }: ConnectionSettings = {}): Promise<Pool> {
    const key = JSON.stringify([proxy])
    const pool = this.#plain.get(key) ?? this.#open(undefined, { proxy })
    this.#plain.set(key, pool)
    pool.catch(() => this.#plain.delete(key))
    return pool
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#agents].map(destroy))
  }

  async #create(files: TlsFiles, settings: ConnectionSettings): Promise<Pool> {
    const remote = await createTlsContext(files)
    const proxy = files.identity
      ? await createTlsContext({ ...files, identity: undefined })
      : remote
    return this.#open({ remote, proxy }, settings)
  }

  async #open(contexts: TlsContexts | undefined, settings: ConnectionSettings): Promise<Pool> {
    const pooled = await this.#options.createAgent(contexts, settings)
    if (this.#isClosed) void destroy(pooled)
    this.#agents.add(pooled)
    return { ...pooled, connections: new OpenConnections(pooled.agent) }
  }

  /** What is under way on the old connections comes to its end. */
  #retire(retired: Promise<Pool>): void {
    retired
      .then(async ({ agent, spares }) => {
        spares.close()
        await agent.close()
        for (const each of this.#agents) if (each.agent === agent) this.#agents.delete(each)
      })
      // Whoever waited for this pool was told why there is none.
      .catch(() => undefined)
  }
}

function destroy({ agent, spares }: PooledAgent): Promise<void> {
  spares.close()
  return agent.destroy()
}
