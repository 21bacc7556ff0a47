// Tells from the status and the content type of a response whether a git server
// answered, and if not, what the user can do about it.
// https://git-scm.com/docs/gitprotocol-http
import { cutName } from '../../base/cut-text.js'
import { type ErrorCode, SyncError } from '../../base/errors.js'
import { hasShortSecret } from '../../base/known-secrets.js'
import { asksForPatience, retryAfterMs } from '../../base/retry-after.js'
import type { Authorization } from '../../credentials/authorization.js'
import { started } from '../started.js'
import { EXCERPT_CHARACTERS, readExcerpt } from './excerpt.js'
import type { HttpResponse } from './http-client.js'

/**
 * Gives the body of a success that is git's advertisement, or its result. Throws a SyncError for any
 * other response, whose body it frees.
 */
export type CheckResponse = (
  response: HttpResponse,
  expected: 'advertisement' | 'result',
) => Promise<AsyncIterable<Uint8Array>>

/** How a packet line starts; git itself writes its length in lower case. */
const PACKET_LINE = /^[0-9a-f]{4}/

/**
 * Creates the check of responses. `now` gives milliseconds since the epoch, and `sent` what the last
 * request carried.
 */
export function createResponseCheck(
  now: () => number,
  sent: () => Authorization | undefined = () => undefined,
): CheckResponse {
  return async (response, expected) => {
    const { statusCode, headers } = response
    const isSuccess =
      statusCode >= 200 && statusCode < 300 && headers['content-encoding'] === undefined
    const isTyped = contentTypeOf(response) === `application/x-git-upload-pack-${expected}`
    if (isSuccess && isTyped) return response.body
    let { body } = response
    if (isSuccess && expected === 'result') {
      // Git looks at the type of an advertisement only, and some gateways change all others.
      const { first, stream } = await started(body)
      if (first && PACKET_LINE.test(Buffer.from(first.subarray(0, 4)).toString('latin1'))) {
        return stream
      }
      body = stream
    }
    throw await refusalOf({ ...response, body }, now(), sent())
  }
}

/**
 * Why an answer is not what was asked for, as a SyncError; frees its body. `authorization` is what
 * the request carried.
 */
export async function refusalOf(
  response: HttpResponse,
  now: number,
  authorization: Authorization | undefined,
): Promise<SyncError> {
  const page = await readExcerpt(response.body)
  const code = errorCodeOf(response, page)
  const repository = repositoryOf(response)
  const sentence = explain(code, response, { repository, authorization, page })
  // A secret that is too short to be found in the server's words may be among them.
  const isMute = hasShortSecret(authorization?.headers ?? {}, response.url)
  const excerpt = isMute ? '' : excerptOf(response, page)
  return new SyncError(code, `${sentence}${excerpt}`, {
    retryAfterMs: isBusy(code) ? retryAfterMs(response.headers, now) : undefined,
  })
}

function errorCodeOf(response: HttpResponse, page: string): ErrorCode {
  const { statusCode, headers } = response
  if (wantsCertificate(response, page) || isSignIn(response)) return 'authentication-required'
  switch (statusCode) {
    case 401:
    case 407:
      return 'authentication-required'
    case 403:
      return asksForPatience(headers) || /rate limit/i.test(page) ? 'rate-limited' : 'access-denied'
    case 404:
    case 410:
      return 'repository-not-found'
    case 429:
      return 'rate-limited'
    // Azure DevOps answers so with its sign-in page.
    case 203:
      return 'authentication-required'
  }
  if (statusCode >= 500) return 'server-error'
  if (statusCode >= 400) return 'remote-error'
  if (statusCode >= 300) return 'redirect-refused'
  return 'not-a-git-server'
}

/** nginx answers so where no client certificate came, or one that it does not trust. */
function wantsCertificate({ statusCode }: HttpResponse, page: string): boolean {
  return statusCode === 400 && /SSL certificate/i.test(page)
}

/** GitLab and others redirect who may not read a repository to such a page. */
function isSignIn(response: HttpResponse): boolean {
  const { pathname } = new URL(response.url)
  return contentTypeOf(response) === 'text/html' && /[/_](?:sign_?in|login)\/?$/i.test(pathname)
}

function isBusy(code: ErrorCode): boolean {
  return code === 'rate-limited' || code === 'server-error'
}

interface Asked {
  repository: string
  authorization: Authorization | undefined
  /** The first words of the answer. */
  page: string
}

function explain(code: ErrorCode, response: HttpResponse, asked: Asked): string {
  const { repository } = asked
  const status = `${response.statusCode} ${response.statusMessage}`.trim()
  switch (code) {
    case 'authentication-required':
      return explainAuthentication(response, asked, status)
    case 'access-denied':
      return `${repository} denies access (${status}): the credentials need the right to read; ${adviceOf(asked)}`
    case 'repository-not-found':
      return `There is no repository at ${repository} (${status}), or it is private: many servers answer so without credentials that may read it${suffixHint(repository)}`
    case 'rate-limited':
      return `${repository} asks for fewer requests (${status}); raise the interval, or use credentials with a higher limit`
    case 'server-error':
      return `${repository} has a fault of its own (${status}); it is asked again`
    case 'redirect-refused':
      return `${repository} redirects without saying where (${status}); check the address`
    case 'remote-error':
      return `${repository} refuses the request (${status}); check the address`
    default:
      return notGit(response, asked, status)
  }
}

function explainAuthentication(response: HttpResponse, asked: Asked, status: string): string {
  const { repository, authorization, page } = asked
  if (wantsCertificate(response, page)) {
    return `${repository} wants a client certificate, or another one (${status}); name it as clientCertFile and clientKeyFile of a credential in CREDENTIALS_PATH`
  }
  if (isSignIn(response)) {
    return `The remote redirects to its sign-in page ${repository}: the repository may be private, or not exist; check the address; ${adviceOf(asked)}`
  }
  const schemes = schemesOf(response.headers['www-authenticate'] ?? '')
  if (schemes.length > 0 && !schemes.some((scheme) => /^(?:basic|bearer)$/i.test(scheme))) {
    return `${repository} takes only ${schemes.join(' or ')} authentication (${status}), which is not supported; allow Basic on the server, or use its SSH address`
  }
  const { source, origin, headers } = authorization ?? {}
  if (source === undefined) {
    return `${repository} wants credentials (${status}); ${adviceOf(asked)}`
  }
  if (origin !== new URL(response.url).origin) {
    return `${repository} wants credentials (${status}), and none go along with a redirect from ${origin}; use its address as repo`
  }
  const isToken = /^bearer /i.test(headers?.['authorization'] ?? '')
  if (isToken && schemes.length > 0 && !schemes.some((scheme) => /^bearer$/i.test(scheme))) {
    return `${repository} refuses the token (${status}) and asks for a user name and a password; check ${source}, and give the token as password`
  }
  return `${repository} refuses the credentials it was sent (${status}); ${adviceOf(asked)}`
}

/** What to do about credentials: the end of a sentence. */
function adviceOf({ authorization }: Asked): string {
  const { source, whyNone } = authorization ?? {}
  if (source !== undefined) return `check ${source}`
  const none = 'no credentials are given for it'
  return whyNone === undefined
    ? `${none} in CREDENTIALS_PATH, the GIT_… variables, the netrc file, or GIT_CREDENTIALS_FILE`
    : `${none}: ${whyNone}`
}

/** The schemes of challenges such as `Digest realm="a", nonce="b", Basic realm="c"`. */
function schemesOf(challenges: string): string[] {
  const unquoted = challenges.replace(/"(?:[^"\\]|\\.)*"/g, '""')
  const words = unquoted.split(',').map((part) => /^\s*([\w-]+)(?:\s|$)(?!\s*=)/.exec(part)?.[1])
  return [...new Set(words.filter((word) => word !== undefined))]
}

/** Most servers know a repository by both names. */
function suffixHint(repository: string): string {
  return repository.endsWith('.git')
    ? '; Azure DevOps and CodeCommit know it only without .git at the end'
    : ''
}

function notGit(response: HttpResponse, { repository, page }: Asked, status: string): string {
  const type = contentTypeOf(response)
  const encoding = response.headers['content-encoding']
  if (type.startsWith('application/x-git-') && encoding) {
    return `${repository} answers in the encoding ${cutName(encoding)}, which was not asked for; let the proxy before it leave git's answers alone`
  }
  if (type === 'text/html') {
    return `${repository} answers with a web page (${status}), not as a git server; check the address, and whether it wants credentials`
  }
  const isRefList = type === 'text/plain' || /^[0-9a-f]{40,64}\t/.test(page)
  if (isRefList && response.url.includes('/info/refs')) {
    return `${repository} is served as plain files (the dumb HTTP protocol), which is not supported; serve it with git http-backend`
  }
  return `${repository} answers with ${type || 'no content type'} (${status}), not as a git server; check the address`
}

/** The first line of a plain-text answer, where servers say what is wrong. */
function excerptOf(response: HttpResponse, page: string): string {
  if (contentTypeOf(response) !== 'text/plain' || response.statusCode < 400) return ''
  const line = page.trim().split(/[\r\n]/, 1)[0] ?? ''
  return line === '' ? '' : `; it said: ${line.slice(0, EXCERPT_CHARACTERS)}`
}

function contentTypeOf({ headers }: HttpResponse): string {
  return (headers['content-type']?.split(';', 1)[0] ?? '').trim().toLowerCase()
}

function repositoryOf({ url }: HttpResponse): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname.replace(/\/(?:info\/refs|git-upload-pack|objects\/batch)$/, '')
}
