// Who a request over HTTP is from: a repository's, and one of Git LFS that belongs to it.
import type { Clock } from './base/clock.js'
import type { Authorization } from './credentials/authorization.js'
import type { Credentials } from './credentials/credentials.js'
import { isSameOrigin, type RemoteUrl } from './git/remote-url.js'
import type { LfsLogin } from './lfs/lfs-session.js'

import type { RemoteLogin } from './sync/remote-login.js'
import { type Authorize, withAuthorization } from './transport/http/authorized-client.js'
import type { HttpClient } from './transport/http/http-client.js'
import { hasCredentials } from './transport/http/redirect.js'
import { createResponseCheck, refusalOf } from './transport/http/response-check.js'
import { withIdentity } from './transport/http/tls-identity.js'
import { createHttpTransport, type HttpLoginElsewhere } from './transport/http/transport.js'
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
    const authorize: Authorize = async (attempt) => {
      sent = await credentials.authorize(remote, credential, { ...attempt, ...marks })
      return sent.headers
    }
    return {
      client: withAuthorization(identified, url, authorize),
      sent: () => sent,
      hasCredentials: async (signal: AbortSignal) => hasCredentials(await authorize({ signal })),
    }
  }

  return {
    transportTo(login) {
      const open = (login: RemoteLogin): HttpLoginElsewhere => {
        const { sent, ...rest } = loginTo(login)
        return { ...rest, check: createResponseCheck(() => clock.wallTime(), sent) }
      }
      const loginAt = (url: string) =>
        open(byHost({ transport: 'http', url, credentials: undefined }))
      return createHttpTransport({ url: login.remote.url, ...open(login), loginAt })
    },
    forLfs(address, login) {
      const { client, sent } = isSameOrigin(address, login.remote)
        ? loginTo(login, address.url)
        : loginTo(byHost(address))
      return { client, refusalOf: (response) => refusalOf(response, clock.wallTime(), sent()) }
    },
  }
}

/** With what names the host of `remote`, which was a server's choice, or a commit's. */
function byHost(remote: RemoteUrl): RemoteLogin {
  return { remote, credential: undefined, mustNameHost: true }
}
