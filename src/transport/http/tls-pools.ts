// The pools of connections: one for each client certificate, replaced by a new one
// when a file of its TLS changes.
import type { SecureContext } from 'node:tls'
import type { Agent } from 'undici'
import type { NamedFile } from '../../base/file-name.js'
import type { TlsIdentity } from '../../credentials/tls-identity.js'
import { OpenConnections } from './open-connections.js'
import { createTlsContext, fingerprintOf, type TlsFiles } from './tls-files.js'

/** Kept-alive connections of one kind. */
export interface Pool {
  agent: Agent
  connections: OpenConnections
}

export interface TlsPoolsOptions {
  caFile: NamedFile | undefined
  createAgent: (contexts: TlsContexts) => Promise<Agent>
}

/** How connections are secured; the client certificate is shown to the remote only. */
export interface TlsContexts {
  remote: SecureContext
  proxy: SecureContext
}

export class TlsPools {
  readonly #options: TlsPoolsOptions
  readonly #pools = new Map<string, { fingerprint: string; pool: Promise<Pool> }>()
  readonly #agents = new Set<Agent>()
  #isClosed = false

  constructor(options: TlsPoolsOptions) {
    this.#options = options
  }

  /** The pool whose connections show `identity`. Throws where a file cannot be used. */
  async poolFor(identity: TlsIdentity | undefined): Promise<Pool> {
    const files = { caFile: this.#options.caFile, identity }
    const key = JSON.stringify(identity ?? null)
    const fingerprint = await fingerprintOf(files)
    const known = this.#pools.get(key)
    if (known?.fingerprint === fingerprint) return known.pool
    const pool = this.#create(files)
    this.#pools.set(key, { fingerprint, pool })
    // What could not be read for want of a descriptor, say, can be read the next time.
    pool.catch(() => {
      if (this.#pools.get(key)?.pool === pool) this.#pools.delete(key)
    })
    if (known) this.#retire(known.pool)
    return pool
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#agents].map((agent) => agent.destroy()))
  }

  async #create(files: TlsFiles): Promise<Pool> {
    const remote = await createTlsContext(files)
    const proxy = files.identity
      ? await createTlsContext({ ...files, identity: undefined })
      : remote
    const agent = await this.#options.createAgent({ remote, proxy })
    if (this.#isClosed) void agent.destroy()
    this.#agents.add(agent)
    return { agent, connections: new OpenConnections(agent) }
  }

  /** What is under way on the old connections comes to its end. */
  #retire(retired: Promise<Pool>): void {
    retired
      .then(async ({ agent }) => {
        await agent.close()
        this.#agents.delete(agent)
      })
      // Whoever waited for this pool was told why there is none.
      .catch(() => undefined)
  }
}
