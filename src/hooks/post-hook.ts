// Posts JSON, through the same proxies and with the same trust as remotes are asked, signed as
// Standard Webhooks are. Files with secrets are read at each attempt; redirects are not followed.
import type { Clock } from '../base/clock.js'
import { SyncError } from '../base/errors.js'
import type { Redactor } from '../base/known-secrets.js'
import { asksForPatience, retryAfterMs } from '../base/retry-after.js'
import { isHeaderValue, UNSENDABLE } from '../credentials/credential-faults.js'
import { invalidIn, type Origin, readSecret } from '../credentials/secret-file.js'
import type { PostAddress } from '../listing/hook.js'
import { type Facts, fillText } from '../listing/hook-template.js'
import { assertPostable } from '../listing/read-hooks.js'
import type { HttpClient, HttpResponse } from '../transport/http/http-client.js'
import { parseSecrets, type SignedMessage, signatureHeaders } from './signature.js'

export interface PosterOptions {
  client: HttpClient
  clock: Clock
  /** Learns the secrets that are sent. */
  redactor: Pick<Redactor, 'add' | 'addHeaders'>
}

export interface PostedMessage extends SignedMessage {
  contentType: string
  /** What placeholders in the address stand for. @default there are none */
  facts?: Facts
}

/** How one message is sent. */
export interface PostOptions {
  /** As errors name it. */
  name: string
  timeoutMs: number
  signal: AbortSignal
}

/** Sends `message`. Throws a SyncError, `hook-failed` where the answer is a refusal. */
export type Post = (
  address: PostAddress,
  message: PostedMessage,
  options: PostOptions,
) => Promise<void>

/** So much of a refusal is read, in bytes, and shown. */
const EXCERPT_BYTES = 1024
const EXCERPT_CHARACTERS = 200

/** Creates what posts. */
export function createPoster({ client, clock, redactor }: PosterOptions): Post {
  return async (address, message, { name, signal, timeoutMs }) => {
    const limit = new AbortController()
    const late = new SyncError(
      'hook-failed',
      `${name} had no answer after ${timeoutMs / 1000} s: look at the service, or raise timeout`,
    )
    const timer = clock.schedule(timeoutMs, () => limit.abort(late))
    const limited = AbortSignal.any([signal, limit.signal])
    const origin: Origin = { name, folder: '/' }
    try {
      const url = await urlOf(address, message, origin, redactor)
      const given = await headersOf(address, origin)
      redactor.addHeaders(given, url)
      const keys = await keysOf(address, origin)
      const headers = {
        'content-type': message.contentType,
        'user-agent': 'git-autosync',
        ...given,
        ...signatureHeaders(message, keys, clock.wallTime()),
      }
      const body = [Buffer.from(message.body)]
      const request = { url, method: 'POST' as const, headers, body, signal: limited }
      await assertTaken(await client.request(request), `${name} (${new URL(url).origin})`, clock)
    } catch (error) {
      if (limit.signal.aborted && !signal.aborted) throw late
      if (error instanceof SyncError && error.code === 'redirect-refused') {
        const fault = 'answers with a redirect, which is not followed: give it the new address'
        throw new SyncError('hook-failed', `${name} ${fault}`, { cause: error })
      }
      throw error
    } finally {
      timer.cancel()
    }
  }
}

async function urlOf(
  { url, urlFile }: PostAddress,
  { facts }: PostedMessage,
  origin: Origin,
  redactor: Pick<Redactor, 'add'>,
): Promise<string> {
  const written = urlFile === undefined ? url : await readSecret(urlFile, origin, 'postFile')
  const text = (written ?? '').trim()
  const filled = facts ? fillText(text, facts, encodeURIComponent) : text
  try {
    assertPostable(filled)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw invalidIn(origin.name, `its address ${error.message}`)
  }
  const { pathname, search } = new URL(filled)
  // Whoever knows the path of some services may post there.
  if (urlFile !== undefined) redactor.add(`${pathname}${search}`)
  return filled
}

async function headersOf(
  { headerFiles, headers }: PostAddress,
  origin: Origin,
): Promise<Record<string, string>> {
  const read: Record<string, string> = { ...headers }
  for (const [name, file] of Object.entries(headerFiles)) {
    const value = await readSecret(file, origin, `headerFiles (${name})`)
    if (!isHeaderValue(value))
      throw invalidIn(origin.name, `the file for ${name} has ${UNSENDABLE}`)
    read[name] = value
  }
  return read
}

async function keysOf({ secretFile }: PostAddress, origin: Origin): Promise<Buffer[]> {
  if (secretFile === undefined) return []
  const keys = parseSecrets(await readSecret(secretFile, origin, 'secretFile'))
  if (keys) return keys
  const remedy = 'write one with: echo "whsec_$(openssl rand -base64 32)"'
  throw invalidIn(
    origin.name,
    `its secretFile has a line that is no secret of whsec_ and base64; ${remedy}`,
  )
}

async function assertTaken(response: HttpResponse, name: string, clock: Clock): Promise<void> {
  const { headers, statusCode } = response
  const excerpt = await readExcerpt(response.body)
  if (statusCode >= 200 && statusCode < 300) return
  const said = excerpt === '' ? '' : `: ${excerpt}`
  const isBusy = statusCode === 429 || (statusCode === 403 && asksForPatience(headers))
  const code = isBusy ? 'rate-limited' : statusCode >= 500 ? 'server-error' : 'hook-failed'
  throw new SyncError(code, `${name} answers with status ${statusCode}${said}`, {
    retryAfterMs: retryAfterMs(headers, clock.wallTime()),
  })
}

async function readExcerpt(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= EXCERPT_BYTES) break
  }
  const text = Buffer.concat(chunks).subarray(0, EXCERPT_BYTES).toString('utf8')
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, EXCERPT_CHARACTERS)
}
