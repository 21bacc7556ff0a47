// Chooses how a remote is reached: the one place that knows every transport.

import type { SshCredential } from '../credentials/ssh/ssh-credential.js'
import type { RemoteUrl } from '../git/remote-url.js'
import type { HttpClient } from './http/http-client.js'
import type { SshTransport } from './ssh/transport.js'

export interface Transports {
  http: HttpClient
  local: HttpClient
  ssh: Pick<SshTransport, 'clientWith'>
}

/** The client for a remote; `authorize` gives what a login over SSH takes. */
export type OpenTransport = (
  remote: RemoteUrl,
  authorize: () => Promise<SshCredential>,
) => HttpClient

/** Creates the choice among `transports`. */
export function createTransport({ http, local, ssh }: Transports): OpenTransport {
  return (remote, authorize) => {
    switch (remote.transport) {
      case 'http':
        return http
      case 'local':
        return local
      case 'ssh':
        return ssh.clientWith(authorize)
    }
  }
}
