// Chooses how a remote is reached: the one place that knows every transport.
import { SyncError } from '../base/errors.js'
import type { RemoteUrl } from '../git/remote-url.js'
import type { HttpClient } from './http-client.js'

export interface Transports {
  http: HttpClient
  local: HttpClient
}

/** The client for a remote; every request of one without a transport fails. */
export type OpenTransport = (remote: RemoteUrl) => HttpClient

/** Creates the choice among `transports`. */
export function createTransport({ http, local }: Transports): OpenTransport {
  return (remote) => {
    switch (remote.transport) {
      case 'http':
        return http
      case 'local':
        return local
      case 'ssh':
        return unsupported(remote)
    }
  }
}

function unsupported({ url }: RemoteUrl): HttpClient {
  const error = new SyncError(
    'transport-unsupported',
    `${url} is reached over SSH, which is not supported yet; use its https:// address`,
  )
  return { request: () => Promise.reject(error) }
}
