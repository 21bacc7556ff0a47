// What tells one remote from another: where it is, and what logs in to it.
import { isSameOrigin } from '../git/remote-url.js'
import type { Entry } from '../listing/entry.js'

/** A remote, and what an entry says of its login. */
export interface RemoteLogin extends Pick<Entry, 'remote' | 'credential'> {
  /** Whether a commit names it, elsewhere than the entry: only what names its host logs in there. */
  mustNameHost?: boolean
  /**
   * Whether a commit names it, on the entry's host: what the credential's url does not cover is logged
   * in to as if the entry named none.
   */
  fallsBack?: boolean
}

/** How a submodule of an entry is logged in to: what logs in to the entry's own goes no farther. */
export function submoduleLogin(
  remote: RemoteLogin['remote'],
  { credential, remote: own }: RemoteLogin,
): RemoteLogin {
  return isSameOrigin(remote, own)
    ? { remote, credential, fallsBack: true }
    : { remote, credential: undefined, mustNameHost: true }
}

/** Entries with the same key share a remote. Holds credentials: never to be shown. */
export function remoteKeyOf(login: RemoteLogin): string {
  const { credential, fallsBack = false, mustNameHost = false, remote } = login
  return JSON.stringify([remote.url, credential, remote.credentials, mustNameHost, fallsBack])
}
