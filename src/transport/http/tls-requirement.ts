// Credentials that would cross a network in plain text: said once of each host, or
// not sent at all.
import { SyncError } from '../../base/errors.js'
import { isLoopback } from '../../credentials/authorization.js'
import { hasCredentials } from './redirect.js'

export interface TlsRequirementOptions {
  /** Whether such a request is refused. */
  required: boolean
  /** Told of a host, with its port, the first time that credentials go to it in plain text. */
  onPlain: (host: string) => void
}

/** Throws `tls-required` where a request with these headers must not go out. */
export type AssertTls = (url: URL, headers: Record<string, string>) => void

/** Creates the check. What stays on this machine needs no TLS. */
export function createTlsRequirement({ required, onPlain }: TlsRequirementOptions): AssertTls {
  const told = new Set<string>()
  return (url, headers) => {
    const { protocol, host } = url
    if (protocol !== 'http:' || isLoopback(url) || !hasCredentials(headers)) return
    if (required) {
      throw new SyncError(
        'tls-required',
        `Credentials for ${host} would be sent in plain text, which REQUIRE_TLS_FOR_CREDENTIALS forbids; use an https:// address as repo`,
      )
    }
    if (told.has(host)) return
    told.add(host)
    onPlain(host)
  }
}
