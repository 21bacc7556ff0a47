// How remotes are reached: over HTTP, over SSH or on disk, through proxies and with the
// credentials that the settings and the environment give. Every secret sent is told to the
// redactor, every request to the observer.
import type { Clock } from './base/clock.js'
import type { Redactor } from './base/known-secrets.js'
import type { Authorization } from './credentials/authorization.js'
import { createLocalClient } from './remote/disk/local.js'
import { RemoteSession } from './remote/smart/remote-session.js'
import { createRemoteCredentials } from './remote-credentials.js'
import type { Settings } from './settings.js'
import type { Observe } from './sync/events.js'
import type { SynchronizerOptions } from './sync/synchronizer.js'
import { createHttpClient } from './transport/http/client.js'
import { createProxyChoice } from './transport/http/proxy.js'
import { createAssertOk } from './transport/http/status.js'
import { withIdentity } from './transport/http/tls-identity.js'
import { createTransport } from './transport/open.js'
import { createSshTransport } from './transport/ssh/transport.js'

export interface SessionsOptions {
  settings: Settings
  clock: Clock
  observe: Observe
  redactor: Redactor
}

/** Opens sessions with remotes, which share their connections. */
export interface Sessions {
  open: SynchronizerOptions['openSession']
  /** Ends every connection. */
  close(): Promise<void>
}

/** Creates what opens sessions, as `settings` and this process's environment say. */
export function createSessions(options: SessionsOptions): Sessions {
  const { settings, clock, observe, redactor } = options
  const client = createHttpClient({
    idleTimeoutMs: settings.idleTimeoutMs,
    // A fetch that is slow to be unpacked must not hold up the polls of its host.
    connectionsPerOrigin: settings.maxConcurrentPolls + settings.maxConcurrentSyncs,
    caFile: settings.caFile,
    proxyFor: createProxyChoice(settings),
    requireTls: settings.requireTlsForCredentials,
    onPlainCredentials: (host) => observe({ type: 'credentials-exposed', host }),
    observe: (request) => observe({ type: 'remote-requested', ...request }),
  })
  const credentials = createRemoteCredentials(settings, { client, clock, redactor })
  const ssh = createSshTransport({
    clock,
    defaults: credentials.sshDefaults,
    idleTimeoutMs: settings.idleTimeoutMs,
    observe: (request) => observe({ type: 'remote-requested', ...request }),
    onSecret: (secret) => redactor.add(secret),
  })
  const transport = createTransport({ http: client, local: createLocalClient(), ssh })
  for (const proxy of [settings.httpProxy, settings.httpsProxy]) {
    redactor.addHeaders({ authorization: proxy?.authorization ?? '' })
  }
  return {
    open({ remote, credential }) {
      let sent: Authorization | undefined
      return new RemoteSession({
        url: remote.url,
        client: withIdentity(
          transport(remote, () => credentials.sshFor(remote, credential)),
          remote.url,
          () => credentials.identityFor(remote, credential),
        ),
        async authorize(attempt) {
          sent = await credentials.authorize(remote, credential, attempt)
          return sent.headers
        },
        assertOk: createAssertOk(
          () => clock.wallTime(),
          () => sent,
        ),
        maxRefsBytes: settings.maxRefsBytes,
      })
    },
    async close() {
      await Promise.all([client.close(), ssh.close()])
    },
  }
}
