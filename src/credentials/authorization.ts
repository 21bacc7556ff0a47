// What goes into an Authorization header, and where it may go.
// https://www.rfc-editor.org/rfc/rfc7617 https://www.rfc-editor.org/rfc/rfc6750
import net from 'node:net'

/** What a request to a remote carries, and where that is from. */
export interface Authorization {
  /** Names in lower case. */
  headers: Record<string, string>
  /** The origin of the URL that they are for. */
  origin: string
  /** In words, for a sentence: `the netrc file /etc/netrc`; undefined: no source has any. */
  source: string | undefined
  /** Where `source` is undefined: why, if more can be said. */
  whyNone: string | undefined
}

/** A user and what proves it. */
export interface Login {
  username: string
  password: string
}

/** The value for HTTP Basic. */
export function basic({ username, password }: Login): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

/** The value for a bearer token, which must be fit for a header. */
export function bearer(token: string): string {
  return `Bearer ${token}`
}

/** Whether what is sent to `url` can be read by nobody on the way: TLS, or this very machine. */
export function isPrivate(url: URL): boolean {
  return url.protocol === 'https:' || isLoopback(url)
}

/** Whether `url` leads to this very machine. */
export function isLoopback({ hostname }: URL): boolean {
  const host = hostname.replace(/\.$/, '')
  if (host === 'localhost' || host === '[::1]') return true
  return net.isIPv4(host) && host.startsWith('127.')
}
