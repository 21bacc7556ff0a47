// What tells one remote from another: where it is, and what logs in to it.
import type { Entry } from '../listing/entry.js'

/** A remote, and what an entry says of its login. */
export type RemoteLogin = Pick<Entry, 'remote' | 'credential'>

/** Entries with the same key share a remote. Holds credentials: never to be shown. */
export function remoteKeyOf({ remote, credential }: RemoteLogin): string {
  return JSON.stringify([remote.url, credential, remote.credentials])
}
