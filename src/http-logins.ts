// Who a request over HTTP is from: a repository's, and one of Git LFS that belongs to it.
import type { Clock } from './base/clock.js'
import type { Authorization } from './credentials/authorization.js'
import type { Credentials } from './credentials/credentials.js'
import { isSameOrigin, type RemoteUrl } from './git/remote-url.js'
import type { LfsLogin } from './lfs/lfs-session.js'

import type { RemoteLogin } from './sync/remote-login.js'
import { withAuthorization } from './transport/http/authorized-client.js'
import type { HttpClient } from './transport/http/http-client.js'
import { createResponseCheck, refusalOf } from './transport/http/response-check.js'
import { withIdentity } from './transport/http/tls-identity.js'
import { createHttpTransport } from './transport/http/transport.js'
import type { Transport } from './transport/transport.js'

export interface HttpLoginsOptions {
  client: HttpClient
  credentials: Pick<Credentials, 'authorize' | 'identityFor'>
  clock: Clock
}

export interface HttpLogins {
  /** A repository, with the credentials that are its own. */
  transportTo(login: RemoteLogin): Transport
  /**
   * A server of LFS objects at `address`: with the login of its repository where it is the same server,
   * otherwise with what names its host.
   */
  forLfs(address: RemoteUrl, login: RemoteLogin): LfsLogin
}

/** Creates what logs in with `credentials`. */
export function createHttpLogins({ client, credentials, clock }: HttpLoginsOptions): HttpLogins {
  /** `sent` gives what the last request was authorized with. */
  function loginTo(login: RemoteLogin, url = login.remote.url) {
    const { credential, fallsBack = false, mustNameHost = false, remote } = login
    let sent: Authorization | undefined
    const marks = { fallsBack, mustNameHost }
    const identified = withIdentity(client, url, () =>
      credentials.identityFor(remote, credential, marks),
    )
    const authorized = withAuthorization(identified, url, async (attempt) => {
      sent = await credentials.authorize(remote, credential, { ...attempt, ...marks })
      return sent.headers
    })
    return { client: authorized, sent: () => sent }
  }

  return {
    transportTo(login) {
      const { client, sent } = loginTo(login)
      const check = createResponseCheck(() => clock.wallTime(), sent)
      return createHttpTransport({ url: login.remote.url, client, check })
    },
    forLfs(address, login) {
      const { client, sent } = isSameOrigin(address, login.remote)
        ? loginTo(login, address.url)
        : loginTo({ remote: address, credential: undefined, mustNameHost: true })
      return { client, refusalOf: (response) => refusalOf(response, clock.wallTime(), sent()) }
    },
  }
}
