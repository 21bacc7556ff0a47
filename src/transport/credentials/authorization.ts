// What goes into an Authorization header, and where it may go.
// https://www.rfc-editor.org/rfc/rfc7617 https://www.rfc-editor.org/rfc/rfc6750
import { isLoopback } from '../tls-requirement.js'

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
