// Sessions with remotes by the addresses that REPO_REWRITE gives, and what logs in there. All else
// knows a remote by its own address, which the listing has.
import type { Clock } from './base/clock.js'
import type { SyncError } from './base/errors.js'
import type { InsteadOf } from './git/instead-of.js'
import { rewriteRemote } from './git/repo-rewrite.js'
import { Reach, standbySession } from './remote/standby-session.js'
import type { Settings } from './settings.js'
import type { Observe } from './sync/events.js'
import type { RemoteLogin } from './sync/remote-login.js'
import type { SynchronizerOptions } from './sync/synchronizer.js'

/** What asks a remote. */
export interface Openers {
  open: SynchronizerOptions['openSession']
  /** Creates what fetches the objects of Git LFS of a remote. */
  lfs: SynchronizerOptions['openLfs']
  /**
   * Opens connections to a remote that will be asked soon, where that is cheap: a login over SSH is dear
   * for the server, and its connection is kept anyway.
   */
  preconnect(login: RemoteLogin): void
}

export interface RewritesOptions {
  settings: RewriteSettings
  clock: Clock
  observe: Observe
}

type RewriteSettings = Pick<Settings, 'repoRewrite' | 'repoRewriteFallbackMs'>

/**
 * How a remote is logged in to by the address that stands for it; undefined where none does. What its
 * entry names is for its own: only what names the other logs in there.
 */
export function rewrittenLogin(
  { remote }: RemoteLogin,
  repoRewrite: InsteadOf = [],
): RemoteLogin | undefined {
  const rewritten = rewriteRemote(remote, repoRewrite)
  return rewritten && { remote: rewritten, credential: undefined, mustNameHost: true }
}

/** All that a remote may be logged in to by. */
export function askedLogins(login: RemoteLogin, settings: RewriteSettings): RemoteLogin[] {
  const rewritten = rewrittenLogin(login, settings.repoRewrite)
  if (!rewritten) return [login]
  return settings.repoRewriteFallbackMs === undefined ? [rewritten] : [rewritten, login]
}

/** The openers, with remotes that REPO_REWRITE concerns reached by what it says. */
export function withRewrites<T extends Openers>(openers: T, options: RewritesOptions): T {
  const { clock, observe, settings } = options
  const { repoRewrite, repoRewriteFallbackMs: patienceMs } = settings
  if (repoRewrite === undefined) return openers
  const reaches = new Map<string, Reach>()
  const reachOf = ({ remote }: RemoteLogin): Reach | undefined => {
    if (patienceMs === undefined) return undefined
    const { protocol, host } = new URL(remote.url)
    const address = `${protocol}//${host}`
    const onLeft = (error: SyncError) => observe({ type: 'rewrite-left', address, error })
    const onBack = () => observe({ type: 'rewrite-resumed', address })
    const reach =
      reaches.get(address) ?? new Reach({ clock, patienceMs, random: Math.random, onLeft, onBack })
    reaches.set(address, reach)
    return reach
  }
  return {
    ...openers,
    open(login) {
      const rewritten = rewrittenLogin(login, repoRewrite)
      if (!rewritten) return openers.open(login)
      const session = openers.open(rewritten)
      const reach = reachOf(rewritten)
      return reach ? standbySession(session, () => openers.open(login), reach) : session
    },
    lfs(login) {
      const rewritten = rewrittenLogin(login, repoRewrite)
      if (!rewritten) return openers.lfs(login)
      const [fetch, reach] = [openers.lfs(rewritten), reachOf(rewritten)]
      return (request, signal) =>
        reach?.isLeft ? openers.lfs(login)(request, signal) : fetch(request, signal)
    },
    preconnect: (login) => openers.preconnect(rewrittenLogin(login, repoRewrite) ?? login),
  }
}
