// A cookie file of the Netscape form, as git takes it for http.cookieFile.
// https://curl.se/docs/http-cookies.html
import type { Clock } from '../base/clock.js'
import { isFileName, type NamedFile, showFile } from '../base/file-name.js'
import { isPrivate } from './authorization.js'
import type { CredentialProvider } from './provider.js'
import { invalidIn, MUST_BE_FILE_NAME, readText } from './secret-file.js'

interface Cookie {
  domain: string
  includesSubdomains: boolean
  path: string
  isSecure: boolean
  /** Seconds since the epoch; 0: it does not expire. */
  expires: number
  name: string
  value: string
}

const HTTP_ONLY = '#HttpOnly_'
const SENDABLE = /^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/

/** Creates the provider of the Cookie header that a cookie file has; `whose` begins what is said of it. */
export function createCookieProvider(
  named: NamedFile,
  whose: string,
  clock: Pick<Clock, 'wallTime'>,
): CredentialProvider<string> {
  return async ({ url }) => {
    if (!isFileName(named.written)) throw invalidIn(whose, MUST_BE_FILE_NAME)
    const name = `${whose} ${showFile(named)}`
    return cookieHeaderFor(await readText(named.file, name), name, url, clock.wallTime())
  }
}

/**
 * The Cookie header for `url` at the time `nowMs`, or undefined where no cookie of the `text` is
 * meant for it. Throws `credentials-invalid`, which begins with `fileName`.
 */
export function cookieHeaderFor(
  text: string,
  fileName: string,
  url: URL,
  nowMs: number,
): string | undefined {
  const sent = parse(text, fileName).filter((cookie) => isFor(cookie, url, nowMs))
  // The more specific path comes first: https://www.rfc-editor.org/rfc/rfc6265#section-5.4
  sent.sort((a, b) => b.path.length - a.path.length)
  return sent.length === 0
    ? undefined
    : sent.map(({ name, value }) => `${name}=${value}`).join('; ')
}

function parse(text: string, fileName: string): Cookie[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const isComment = line.startsWith('#') && !line.startsWith(HTTP_ONLY)
    if (isComment || line.trim() === '') return []
    const cookie = parseLine(line.startsWith(HTTP_ONLY) ? line.slice(HTTP_ONLY.length) : line)
    if (cookie) return [cookie]
    throw invalidIn(fileName, `line ${index + 1} is not a cookie of seven fields between tabs`)
  })
}

function parseLine(line: string): Cookie | undefined {
  const [domain, subdomains, path, secure, expires = '', name, value = '', more] = line.split('\t')
  if (!domain || !path || !name || more !== undefined) return undefined
  if (!isFlag(subdomains) || !isFlag(secure) || !/^\d+$/.test(expires)) return undefined
  if (!SENDABLE.test(`${name}=${value}`)) return undefined
  return {
    domain: domain.replace(/^\./, '').toLowerCase(),
    includesSubdomains: subdomains === 'TRUE',
    path,
    isSecure: secure === 'TRUE',
    expires: Number(expires),
    name,
    value,
  }
}

function isFlag(text: string | undefined): boolean {
  return text === 'TRUE' || text === 'FALSE'
}

function isFor(cookie: Cookie, url: URL, nowMs: number): boolean {
  const { domain, includesSubdomains, expires } = cookie
  const isHost = url.hostname === domain
  const isSubdomain = includesSubdomains && url.hostname.endsWith(`.${domain}`)
  const folder = cookie.path.replace(/\/+$/, '')
  return (
    (isHost || isSubdomain) &&
    `${url.pathname}/`.startsWith(`${folder}/`) &&
    (!cookie.isSecure || isPrivate(url)) &&
    (expires === 0 || expires * 1000 > nowMs)
  )
}
