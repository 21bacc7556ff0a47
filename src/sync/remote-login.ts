// What tells one remote from another: where it is, and what logs in to it.
import type { Entry } from '../listing/entry.js'

/** A remote, and what an entry says of its login. */
export interface RemoteLogin extends Pick<Entry, 'remote' | 'credential'> {
  /** Whether a commit names it, elsewhere than the entry: only what names its host logs in there. */
  mustNameHost?: boolean
}

/** Entries with the same key share a remote. Holds credentials: never to be shown. */
export function remoteKeyOf({ remote, credential, mustNameHost = false }: RemoteLogin): string {
  return JSON.stringify([remote.url, credential, remote.credentials, mustNameHost])
}
