// One message of the batch API: which objects are wanted, and where each of them is to be had.
// https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md
import { SyncError } from '../base/errors.js'
import { parseJson } from '../base/json.js'
import type { LfsPointer } from './pointer.js'

/** The type of requests and answers. */
export const LFS_JSON = 'application/vnd.git-lfs+json'

/** An object that is wanted. */
export interface LfsObject extends LfsPointer {
  /** The first file that it is wanted for, as messages show it. */
  path: string
}

/** How an object is to be had. */
export interface DownloadAction {
  /** `http:` or `https:`. */
  href: string
  /** Names in lower case. */
  headers: Record<string, string>
  /** Milliseconds since the epoch; undefined where it stays good. */
  expiresAt: number | undefined
}

/** Names that a message has for itself: others are not to set them. */
const OWN_HEADERS = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
const HEADER_NAME = /^[!#$%&'*+.^_`|~\w-]+$/
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
/** So many paths are named. */
const MAX_PATHS = 3
const MAX_WORDS = 200

/** What asks for the download of `objects`. */
export function encodeBatch(objects: readonly LfsObject[]): Buffer {
  const wanted = objects.map(({ oid, size }) => ({ oid, size }))
  const batch = { operation: 'download', transfers: ['basic'], hash_algo: 'sha256' }
  return Buffer.from(JSON.stringify({ ...batch, objects: wanted }))
}

/**
 * The action for each of `objects`, by its oid, of an answer that came at `now`. Throws
 * `lfs-object-missing` where the server lacks some, and `lfs-unavailable` where it is no such answer.
 */
export function decodeBatch(
  text: string,
  objects: readonly LfsObject[],
  now: number,
): Map<string, DownloadAction> {
  const answer = record(unlessBroken(text))
  if ((answer['transfer'] ?? 'basic') !== 'basic') throw unusable('another transfer than basic')
  if ((answer['hash_algo'] ?? 'sha256') !== 'sha256') throw unusable('another hash than sha256')
  if (!Array.isArray(answer['objects'])) throw unusable('no list of objects')
  const answers = answersFor(objects, answer['objects'])
  const actions = new Map<string, DownloadAction>()
  const missing: LfsObject[] = []
  let words = ''
  for (const object of objects) {
    const { actions: given, error } = answers.get(object.oid) ?? {}
    if (error !== undefined) {
      words ||= assertMissing(record(error), object)
      missing.push(object)
    } else if (record(given)['download'] === undefined) missing.push(object)
    else actions.set(object.oid, decodeAction(record(record(given)['download']), now))
  }
  if (missing.length > 0) throw missingObjects(missing, words)
  return actions
}

/** What is said of each of `objects`, by its oid: a server may say anything of any number of others. */
function answersFor(
  objects: readonly LfsObject[],
  list: readonly unknown[],
): Map<unknown, Record<string, unknown>> {
  const wanted = new Set<unknown>(objects.map(({ oid }) => oid))
  const answers = new Map<unknown, Record<string, unknown>>()
  for (const each of list) {
    const fields = record(each)
    if (wanted.has(fields['oid'])) answers.set(fields['oid'], fields)
  }
  return answers
}

/** Where an answer leads that has `href`, `header`, `expires_in` and `expires_at`. */
export function decodeAction(fields: Record<string, unknown>, now: number): DownloadAction {
  const { href, header } = fields
  if (typeof href !== 'string' || !URL.canParse(href) || !/^https?:/i.test(href)) {
    throw unusable('an address that is neither https nor http')
  }
  return { href, headers: decodeHeaders(header), expiresAt: decodeExpiry(fields, now) }
}

function decodeHeaders(header: unknown): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(record(header))) {
    const key = name.toLowerCase()
    if (OWN_HEADERS.has(key)) continue
    if (typeof value !== 'string' || !HEADER_NAME.test(name) || !HEADER_VALUE.test(value)) {
      throw unusable('a header that cannot be sent')
    }
    headers[key] = value
  }
  return headers
}

/** Of both, the time from now counts. */
function decodeExpiry(fields: Record<string, unknown>, now: number): number | undefined {
  const { expires_in: seconds, expires_at: at } = fields
  if (typeof seconds === 'number' && seconds !== 0) return now + seconds * 1000
  const time = typeof at === 'string' ? Date.parse(at) : Number.NaN
  // Some write the zero of their clock where they mean that there is no end.
  return Number.isNaN(time) || time <= 0 ? undefined : time
}

/** Objects that a server has not. */
export function missingObjects(objects: readonly LfsObject[], words = ''): SyncError {
  const paths = objects.slice(0, MAX_PATHS).map(({ path, oid }) => `${path} (${oid})`)
  const more = objects.length > MAX_PATHS ? ` and ${objects.length - MAX_PATHS} more` : ''
  const said = words === '' ? '' : `; it said: ${words}`
  return new SyncError(
    'lfs-object-missing',
    `The Git LFS server lacks the objects of ${paths.join(', ')}${more}; nothing of this commit is published: push them with git lfs push --all${said}`,
  )
}

/** Throws where an object is not had for another reason than that it is missing; else its words. */
function assertMissing({ code, message }: Record<string, unknown>, { path }: LfsObject): string {
  const words = typeof message === 'string' ? message.slice(0, MAX_WORDS) : ''
  if (typeof code !== 'number') return words
  const said = `${path} (${code}${words && `: ${words}`})`
  if (code === 401 || code === 403) {
    throw new SyncError(
      'access-denied',
      `The Git LFS server denies access to the object of ${said}: the credentials need the right to read it`,
    )
  }
  if (code === 429) {
    throw new SyncError('rate-limited', `The Git LFS server asks for fewer requests: ${said}`)
  }
  if (code >= 500) {
    throw new SyncError(
      'server-error',
      `The Git LFS server has a fault of its own with the object of ${said}; it is asked again`,
    )
  }
  return words
}

function unlessBroken(text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    throw unusable('something that is not JSON', error)
  }
}

/** The fields of an object; of anything else, none. */
function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value))
    : {}
}

/** An answer that is not of the batch API, or not of a part of it that is known here. */
export function unusable(what: string, cause?: unknown): SyncError {
  return new SyncError(
    'lfs-unavailable',
    `The Git LFS server answers with ${what}; look at its log, and at proxies before it`,
    { cause },
  )
}
