// Tells from the status and the content type of a response whether a git server
// answered, and if not, what the user can do about it.
// https://git-scm.com/docs/gitprotocol-http
import { type ErrorCode, SyncError } from '../base/errors.js'
import type { HttpResponse } from './http-client.js'
import { retryAfterMs } from './retry-after.js'

/** How much of an error page is read for its words, and how much of them is shown. */
const EXCERPT_BYTES = 1024
const EXCERPT_CHARACTERS = 200

/** Throws a SyncError unless the response is a success of the expected content type. */
export type AssertOk = (response: HttpResponse, expectedContentType: string) => Promise<void>

/**
 * Creates the check of responses. It reads and frees the body of a response that it throws for,
 * and leaves the body of a good one alone. `now` gives milliseconds since the epoch, and
 * `credentials` says in words where those of the request come from.
 */
export function createAssertOk(now: () => number, credentials = 'CREDENTIALS_PATH'): AssertOk {
  return async (response, expectedContentType) => {
    const type = contentTypeOf(response)
    const encoding = response.headers['content-encoding'] ?? 'identity'
    if (response.statusCode === 200 && type === expectedContentType && encoding === 'identity') {
      return
    }
    const excerpt = await readExcerpt(response)
    const code = codeOf(response)
    const repository = repositoryOf(response)
    throw new SyncError(code, `${explain(code, response, { repository, credentials })}${excerpt}`, {
      retryAfterMs: isBusy(code) ? retryAfterMs(response.headers, now()) : undefined,
    })
  }
}

function codeOf({ statusCode, headers }: HttpResponse): ErrorCode {
  switch (statusCode) {
    case 401:
    case 407:
      return 'authentication-required'
    case 403:
      return asksForPatience(headers) ? 'rate-limited' : 'access-denied'
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

function asksForPatience(headers: Record<string, string>): boolean {
  const remaining = headers['x-ratelimit-remaining'] ?? headers['ratelimit-remaining']
  return headers['retry-after'] !== undefined || remaining === '0'
}

function isBusy(code: ErrorCode): boolean {
  return code === 'rate-limited' || code === 'server-error'
}

interface Asked {
  repository: string
  credentials: string
}

function explain(code: ErrorCode, response: HttpResponse, asked: Asked): string {
  const { repository, credentials } = asked
  const status = `${response.statusCode} ${response.statusMessage}`.trim()
  switch (code) {
    case 'authentication-required':
      return `${repository} wants credentials, or other ones (${status}); check ${credentials}`
    case 'access-denied':
      return `${repository} denies access (${status}): the credentials need the right to read; check ${credentials}`
    case 'repository-not-found':
      return `There is no repository at ${repository} (${status}), or it is private: many servers answer so without credentials that may read it`
    case 'rate-limited':
      return `${repository} asks for fewer requests (${status}); raise the interval, or use credentials with a higher limit`
    case 'server-error':
      return `${repository} has a fault of its own (${status}); it is asked again`
    case 'redirect-refused':
      return `${repository} redirects without saying where (${status}); check the address`
    case 'remote-error':
      return `${repository} refuses the request (${status}); check the address`
    default:
      return notGit(response, repository, status)
  }
}

function notGit(response: HttpResponse, repository: string, status: string): string {
  const type = contentTypeOf(response)
  const encoding = response.headers['content-encoding']
  if (type.startsWith('application/x-git-') && encoding) {
    return `${repository} answers in the encoding ${encoding}, which was not asked for; let the proxy before it leave git's answers alone`
  }
  if (type === 'text/html') {
    return `${repository} answers with a web page (${status}), not as a git server; check the address, and whether it wants credentials`
  }
  if (type === 'text/plain' && response.url.includes('/info/refs')) {
    return `${repository} is served as plain files (the dumb HTTP protocol), which is not supported; serve it with git http-backend`
  }
  return `${repository} answers with ${type || 'no content type'} (${status}), not as a git server; check the address`
}

/** The first line of a plain-text answer, where servers say what is wrong. */
async function readExcerpt(response: HttpResponse): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of response.body) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= EXCERPT_BYTES) break
    }
  } catch {
    // The status says more than a page that broke off.
  }
  if (contentTypeOf(response) !== 'text/plain' || response.statusCode < 400) return ''
  const text =
    Buffer.concat(chunks)
      .toString('utf8')
      .trim()
      .split(/[\r\n]/, 1)[0] ?? ''
  return text === '' ? '' : `; it said: ${text.slice(0, EXCERPT_CHARACTERS)}`
}

function contentTypeOf({ headers }: HttpResponse): string {
  return (headers['content-type']?.split(';', 1)[0] ?? '').trim().toLowerCase()
}

function repositoryOf({ url }: HttpResponse): string {
  const { origin, pathname } = new URL(url)
  return origin + pathname.replace(/\/(?:info\/refs|git-upload-pack)$/, '')
}
