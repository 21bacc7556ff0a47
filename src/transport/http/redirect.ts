// Which redirects are followed, and what goes along. Credentials never reach
// another origin. https://fetch.spec.whatwg.org/#http-redirect-fetch
import { SyncError } from '../../base/errors.js'
import type { TlsIdentity } from '../../credentials/tls-identity.js'
import type { HttpRequest } from './http-client.js'

/** A request that may be redirected. */
export interface Hop {
  url: URL
  method: string
  headers: Record<string, string>
  identity?: TlsIdentity | undefined
}

const MAX_REDIRECTS = 5
const REDIRECT_CODES = new Set([301, 302, 303, 307, 308])

/** All that another origin is sent; anything else may be a credential. */
const HARMLESS_HEADERS = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'content-type',
  'git-protocol',
  'pragma',
  'user-agent',
  'webhook-id',
  'webhook-signature',
  'webhook-timestamp',
])

/** Whether a response sends its client elsewhere. */
export function isRedirect(statusCode: number, location: string | undefined): location is string {
  return location !== undefined && REDIRECT_CODES.has(statusCode)
}

/** An answer that sends its client elsewhere. */
export interface Redirect {
  statusCode: number
  location: string
  /** The first is 1. */
  count: number
}

/** The request that follows a redirect of `hop`. Throws `redirect-refused` where it must not be followed. */
export function followRedirect(
  hop: Hop,
  { count, location, statusCode }: Redirect,
  allowed: HttpRequest['redirects'],
): Hop {
  const { host } = hop.url
  const { limit = MAX_REDIRECTS, along = [] } = allowed ?? {}
  if (!URL.canParse(location, hop.url.href)) {
    throw refused(`${host} redirects to an address that is not a URL`, 'check the address')
  }
  const url = new URL(location, hop.url)
  url.username = ''
  url.password = ''
  url.hash = ''
  const target = `${url.origin}${url.pathname}`
  if (hop.method !== 'GET' && !allowed) {
    throw refused(`${host} redirects a ${hop.method} to ${target}`, 'use the new address as repo')
  }
  if (count > limit) {
    throw refused(`${host} redirects more than ${limit} times`, 'check the address')
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw refused(`${host} redirects to a ${url.protocol} address`, 'check the address')
  }
  if (hop.url.protocol === 'https:' && url.protocol === 'http:') {
    throw refused(`${host} redirects from https to ${target}`, 'use an https address as repo')
  }
  const isSameOrigin = url.origin === hop.url.origin
  const keepsMethod = statusCode > 303 || ['GET', 'HEAD'].includes(hop.method)
  const method = keepsMethod ? hop.method : 'GET'
  if (isSameOrigin) return { ...hop, url, method }
  return { url, method, headers: withoutCredentials(hop.headers, along) }
}

/** Whether any of `headers` may be a credential. */
export function hasCredentials(headers: Record<string, string>): boolean {
  return Object.keys(headers).some((name) => !HARMLESS_HEADERS.has(name))
}

/** What of `headers` is none, and those that are named. */
export function withoutCredentials(
  headers: Record<string, string>,
  along: readonly string[] = [],
): Record<string, string> {
  const isHarmless = (name: string) => HARMLESS_HEADERS.has(name) || along.includes(name)
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isHarmless(name)))
}

function refused(what: string, remedy: string): SyncError {
  return new SyncError('redirect-refused', `${what}, which is not followed: ${remedy}`)
}
