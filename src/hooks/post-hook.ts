// Posts JSON, through the same proxies and with the same trust as remotes are asked, signed as
// Standard Webhooks are. Files with secrets are read at each attempt; redirects are not followed.
import type { Clock } from '../base/clock.js'
import { SyncError } from '../base/errors.js'
import type { Redactor } from '../base/known-secrets.js'
import { asksForPatience, retryAfterMs } from '../base/retry-after.js'
import { isHeaderValue, UNSENDABLE } from '../credentials/credential-faults.js'
import { invalidIn, type Origin, readSecret } from '../credentials/secret-file.js'
import type { Call, PostAddress } from '../listing/hook.js'
import { type Facts, fillText } from '../listing/hook-template.js'
import { assertAddress, assertPostable } from '../listing/read-hooks.js'
import { EXCERPT_CHARACTERS, readExcerpt } from '../transport/http/excerpt.js'
import type { HttpClient, HttpResponse } from '../transport/http/http-client.js'
import { HookRefusal } from './hook-refusal.js'
import { learnAddress } from './secret-address.js'
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
  /** What is sent in place of it, and the status that is wanted; undefined: any. */
  call?: Pick<Call, 'method' | 'redirects' | 'status'> & { headers: Record<string, string> }
}

/** What errors call the parts of an address, where they are set. */
export interface AddressNames {
  urlFile: string
  secretFile: string
  headerFiles: string
  /** What to do where there is no answer in time. */
  late: string
}

/** How one message is sent. */
export interface PostOptions {
  /** As errors name it. */
  name: string
  names: AddressNames
  timeoutMs: number
  signal: AbortSignal
}

/** Sends `message`. Throws a SyncError, a {@link HookRefusal} where the answer is one of 4xx. */
export type Post = (
  address: PostAddress,
  message: PostedMessage,
  options: PostOptions,
) => Promise<void>

/** Answers of 4xx that say nothing of what was sent: that it came too slowly, or too early. */
const MISTIMED = [408, 425]

/** Creates what posts. */
export function createPoster({ client, clock, redactor }: PosterOptions): Post {
  return async (address, message, { name, names, signal, timeoutMs }) => {
    const limit = new AbortController()
    const late = new SyncError(
      'hook-failed',
      `${name} had no answer after ${timeoutMs / 1000} s: ${names.late}`,
    )
    const timer = clock.schedule(timeoutMs, () => limit.abort(late))
    const limited = AbortSignal.any([signal, limit.signal])
    const origin: Origin = { name, folder: '/', nameOf: (field) => field }
    try {
      const url = await urlOf(address, message, { origin, names, redactor })
      const given = await headersOf(address, origin, names)
      redactor.addHeaders(given, url)
      const keys = await keysOf(address, origin, names)
      const headers = {
        'content-type': message.contentType,
        'user-agent': 'git-autosync',
        ...given,
        ...signatureHeaders(message, keys, clock.wallTime()),
      }
      const { call } = message
      if (call) {
        const { method, redirects: limit, status } = call
        const redirects = { limit, along: Object.keys(call.headers) }
        const sent = { ...given, ...call.headers }
        const bare = { url, method, headers: sent, redirects, signal: limited }
        return await assertStatus(
          await client.request(bare),
          `${name} (${new URL(url).origin})`,
          status,
        )
      }
      const body = [Buffer.from(message.body)]
      const request = { url, method: 'POST', headers, body, signal: limited }
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

interface AddressReading {
  origin: Origin
  names: AddressNames
  redactor: Pick<Redactor, 'add'>
}

async function urlOf(
  { url, urlFile }: PostAddress,
  { facts }: PostedMessage,
  { names, origin, redactor }: AddressReading,
): Promise<string> {
  const written = urlFile === undefined ? url : await readSecret(urlFile, origin, names.urlFile)
  const text = (written ?? '').trim()
  if (urlFile !== undefined) learnAddress(text, redactor)
  try {
    if (facts) assertAddress(text)
    else assertPostable(text)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw invalidIn(origin.name, `its address ${error.message}`)
  }
  return facts ? fillText(text, facts, encodeURIComponent) : text
}

async function headersOf(
  { headerFiles, headers }: PostAddress,
  origin: Origin,
  names: AddressNames,
): Promise<Record<string, string>> {
  const read: Record<string, string> = { ...headers }
  for (const [name, file] of Object.entries(headerFiles)) {
    const value = await readSecret(file, origin, `${names.headerFiles} (${name})`)
    if (!isHeaderValue(value))
      throw invalidIn(origin.name, `the file for ${name} has ${UNSENDABLE}`)
    read[name] = value
  }
  return read
}

async function keysOf(
  { secretFile }: PostAddress,
  origin: Origin,
  names: AddressNames,
): Promise<Buffer[]> {
  if (secretFile === undefined) return []
  const keys = parseSecrets(await readSecret(secretFile, origin, names.secretFile))
  if (keys) return keys
  const remedy = 'write one with: echo "whsec_$(openssl rand -base64 32)"'
  throw invalidIn(
    origin.name,
    `${names.secretFile} has a line that is no secret: whsec_ and the base64 of 16 bytes or more; ${remedy}`,
  )
}

async function assertStatus(
  { body, statusCode }: HttpResponse,
  name: string,
  wanted = statusCode,
): Promise<void> {
  await readExcerpt(body)
  if (statusCode === wanted) return
  throw new SyncError(
    'hook-failed',
    `${name} answers with status ${statusCode}, expected ${wanted}`,
  )
}

async function assertTaken(response: HttpResponse, name: string, clock: Clock): Promise<void> {
  const { headers, statusCode } = response
  const words = (await readExcerpt(response.body)).replaceAll(/\s+/g, ' ').trim()
  const excerpt = words.slice(0, EXCERPT_CHARACTERS)
  if (statusCode >= 200 && statusCode < 300) return
  const said = excerpt === '' ? '' : `: ${excerpt}`
  const isBusy = statusCode === 429 || (statusCode === 403 && asksForPatience(headers))
  const fault = `${name} answers with status ${statusCode}${said}`
  const options = { retryAfterMs: retryAfterMs(headers, clock.wallTime()) }
  if (isBusy) throw new SyncError('rate-limited', fault, options)
  const isItsOwn = statusCode >= 500 || MISTIMED.includes(statusCode)
  if (isItsOwn) throw new SyncError('server-error', fault, options)
  if (statusCode >= 400) throw new HookRefusal(fault, options)
  throw new SyncError('hook-failed', fault, options)
}
