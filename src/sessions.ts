// How remotes are reached: over HTTP, over SSH or on disk, through proxies and with the
// credentials that the settings and the environment give. Every secret sent is told to the
// redactor, every request to the observer.
import { fileURLToPath } from 'node:url'
import type { Clock } from './base/clock.js'
import type { Redactor } from './base/known-secrets.js'
import type { CredentialsOptions } from './credentials/credentials.js'
import type { SentAlong } from './credentials/sent-along.js'
import { isSameOrigin } from './git/remote-url.js'
import { createPoster, type Post } from './hooks/post-hook.js'
import { createHttpLogins } from './http-logins.js'
import { createLfsFetch, LFS_DOWNLOADS } from './lfs/lfs-session.js'
import { createReaders, DiskSession } from './remote/disk/disk-session.js'
import { openRepository } from './remote/disk/repository.js'
import { SmartSession } from './remote/smart/smart-session.js'
import type { RefsBounds } from './remote/wanted-refs.js'
import { createRemoteCredentials } from './remote-credentials.js'
import { type Openers, withRewrites } from './rewritten-sessions.js'
import type { Settings } from './settings.js'
import type { Observe } from './sync/events.js'
import type { RemoteLogin } from './sync/remote-login.js'
import { SUBMODULE_FETCHES } from './sync/submodule-remotes.js'
import { type MemoryBudget, openPart } from './thread/memory-budget.js'
import type { ConnectionSettings } from './transport/http/connection-settings.js'
import { createProxyChoice, LOOPBACK, type ProxySettings } from './transport/http/proxy.js'
import { createHttpClient, type HttpClientOptions } from './transport/http/undici-client.js'
import { withRefusalCause } from './transport/refusal-cause.js'
import { createSshTransports } from './transport/ssh/transport.js'
import type { Transport } from './transport/transport.js'

/** What all polls at once have of the memory budget without waiting. */
const POLLS_SHARE = 1 / 8

export interface SessionsOptions {
  settings: Settings
  clock: Clock
  observe: Observe
  redactor: Redactor
  memory: MemoryBudget
  /** What to log in with, beside or in place of what the environment says. */
  logins?: Pick<CredentialsOptions, 'given' | 'ssh' | 'env'> | undefined
  /** How a URL is reached, and what goes with requests to it. @default as the settings say */
  httpFor?: ((url: URL) => ConnectionSettings & SentAlong) | undefined
  /** By which proxies it is posted. @default those of the settings */
  postProxies?: ProxySettings | undefined
}

/** Opens sessions with remotes, which share their connections. */
export interface Sessions extends Openers {
  /** Posts to whoever is told of what happens, with the trust of remotes. */
  post: Post
  /** Ends every connection. */
  close(): Promise<void>
}

/** Creates what opens sessions, as `settings` and this process's environment say. */
export function createSessions(options: SessionsOptions): Sessions {
  const { settings, clock, observe, redactor, memory, httpFor, postProxies = settings } = options
  const reached: HttpClientOptions = {
    idleTimeoutMs: settings.idleTimeoutMs,
    // A fetch that is slow to be unpacked must not hold up the polls of its host.
    connectionsPerOrigin:
      settings.maxConcurrentPolls +
      settings.maxConcurrentSyncs * (1 + Math.max(LFS_DOWNLOADS, SUBMODULE_FETCHES)),
    caFile: settings.caFile,
    requireTls: settings.requireTlsForCredentials,
    onPlainCredentials: (host) => observe({ type: 'credentials-exposed', host }),
    observe: (request) => observe({ type: 'remote-requested', ...request }),
  }
  const client = createHttpClient({
    ...reached,
    proxyFor: createProxyChoice(settings),
    settingsFor: httpFor && ((url) => connectionOf(httpFor(url))),
  })
  const posting = createHttpClient({
    ...reached,
    // Most of all, a neighbour in the pod is told, whom no proxy reaches.
    proxyFor: createProxyChoice(postProxies, LOOPBACK),
    settingsFor: httpFor && ((url) => ({ caFile: httpFor(url).caFile })),
  })
  const credentials = createRemoteCredentials(settings, {
    client,
    clock,
    redactor,
    onFileFault: (error, isKept) => observe({ type: 'credentials-rejected', error, isKept }),
    sentAlong: httpFor,
    ...options.logins,
  })
  const ssh = createSshTransports({
    clock,
    defaults: credentials.sshDefaults,
    idleTimeoutMs: settings.idleTimeoutMs,
    observe: (request) => observe({ type: 'remote-requested', ...request }),
    onSecret: (secret) => redactor.add(secret),
  })
  for (const { httpProxy, httpsProxy } of [settings, postProxies]) {
    for (const proxy of [httpProxy, httpsProxy]) {
      if (proxy && !('fault' in proxy))
        redactor.addHeaders({ authorization: proxy.authorization ?? '' })
    }
  }
  const logins = createHttpLogins({ client, credentials, clock })
  const overSsh = ({ remote, credential, fallsBack }: RemoteLogin): Transport =>
    ssh.open(remote.url, () => credentials.sshFor(remote, credential, { fallsBack }))
  const explained = (transport: Transport) => withRefusalCause(transport, credentials.fileFault)
  const { maxRefsBytes } = settings
  const openMemory = () => openPart(memory, POLLS_SHARE / settings.maxConcurrentPolls)
  const bounds: RefsBounds = { maxRefsBytes, openMemory }
  const readers = createReaders()
  const sessions: Sessions = {
    open(login) {
      const { remote } = login
      switch (remote.transport) {
        case 'http':
          client.prepare()
          return new SmartSession(explained(logins.transportTo(login)), bounds)
        case 'ssh':
          return new SmartSession(explained(overSsh(login)), bounds)
        case 'local':
          return new DiskSession(fileURLToPath(remote.url), bounds, readers)
      }
    },
    lfs: (login) => {
      const { credential, remote } = login
      return createLfsFetch(remote, {
        loginAt: (address) => logins.forLfs(address, login),
        askHost: (host, signal) => {
          const named = isSameOrigin(host, remote) ? credential : undefined
          const authorize = () => credentials.sshFor(host, named, { fallsBack: true })
          return ssh.askForLfs(host.url, authorize, signal)
        },
        findGitDir: async ({ url }) => (await openRepository(fileURLToPath(url))).commonDir,
        onHeaders: (headers, url) => redactor.addHeaders(headers, url),
        now: () => clock.wallTime(),
      })
    },
    preconnect({ remote, credential }) {
      if (remote.transport !== 'http') return
      const { url } = remote
      const identity = url.startsWith('https:') && credentials.identityFor(remote, credential)
      Promise.resolve(identity || undefined)
        .then((found) => client.preconnect(url, found))
        // A request says what is wrong.
        .catch(() => undefined)
    },
    post: createPoster({ client: posting, clock, redactor }),
    async close() {
      await Promise.all([client.close(), posting.close(), ssh.close()])
    },
  }
  return withRewrites(sessions, { settings, clock, observe })
}

/** What decides by which connections a request goes. */
function connectionOf({
  caFile,
  proxy,
  skipTlsVerification,
}: ConnectionSettings): ConnectionSettings {
  return { caFile, proxy, skipTlsVerification }
}
