// Fetches objects of Git LFS for one repository: a batch tells where each is to be had, or they lie
// on this machine's disk; up to eight come at once. What comes is not verified here: whoever writes it does that.
// https://github.com/git-lfs/git-lfs/blob/main/docs/api/basic-transfers.md
import { setMaxListeners } from 'node:events'
import { attributeTo, SyncError } from '../base/errors.js'
import { parseJson } from '../base/json.js'
import { Slots } from '../base/slots.js'
import type { RemoteUrl } from '../git/remote-url.js'
import type { HttpClient, HttpResponse } from '../transport/http/http-client.js'
import { belowRepository, lfsAddress } from './address.js'
import {
  type DownloadAction,
  decodeAction,
  decodeBatch,
  encodeBatch,
  LFS_JSON,
  type LfsObject,
  missingObjects,
  unusable,
} from './batch.js'
import { readLocalObject } from './local-objects.js'

/** Objects that one batch is for: at most {@link BATCH_OBJECTS}. */
export interface LfsRequest {
  objects: readonly LfsObject[]
  /** The `.lfsconfig` of the commit, if it has one. */
  config: string | undefined
}

/** Fetches what a request asks for: for each object, in their order, what its bytes are said to be. */
export type FetchLfs = (request: LfsRequest, signal: AbortSignal) => AsyncIterable<Uint8Array>[]

/** How many objects are asked for at once. */
export const BATCH_OBJECTS = 100
/** How many objects come at once. */
export const LFS_DOWNLOADS = 8
/** No answer but an object is larger, in bytes: ten KiB for each of a batch. */
const MAX_ANSWER_BYTES = 1024 * 1024
/** What ends so soon is asked for anew, in milliseconds. */
const EXPIRY_MARGIN_MS = 5000

/** An HTTP client that logs in at one address, and what it says of an answer that is a refusal. */
export interface LfsLogin {
  client: HttpClient
  refusalOf: (response: HttpResponse) => Promise<SyncError>
}

export interface LfsSessionOptions {
  /** Logs in at an address as the repository's own credentials do, or those that name its host. */
  loginAt: (address: RemoteUrl) => LfsLogin
  /** What the host of a repository on SSH says of where objects are. */
  askHost: (remote: RemoteUrl, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>
  /** Where a repository on this machine's disk keeps what is its own. */
  findGitDir: (remote: RemoteUrl) => Promise<string>
  /** Told of headers that a server gave for a request to a URL. */
  onHeaders: (headers: Record<string, string>, url: string) => void
  /** Milliseconds since the epoch. */
  now: () => number
}

/** Creates what fetches the objects of `remote`. What a host fails by is told as its own. */
export function createLfsFetch(remote: RemoteUrl, options: LfsSessionOptions): FetchLfs {
  return (request, signal) => {
    // Every object that waits listens to it.
    const limited = AbortSignal.any([signal])
    setMaxListeners(0, limited)
    const batch = new Batch(remote, request, options, limited)
    return request.objects.map((object) => batch.download(object))
  }
}

/** Where the batch API is, and what a request to it carries. */
interface Endpoint extends LfsLogin {
  url: string
  headers: Record<string, string>
}

class Batch {
  readonly #remote: RemoteUrl
  readonly #request: LfsRequest
  readonly #options: LfsSessionOptions
  readonly #signal: AbortSignal
  readonly #slots = new Slots(LFS_DOWNLOADS)
  #asked: Promise<Answer> | undefined

  constructor(
    remote: RemoteUrl,
    request: LfsRequest,
    options: LfsSessionOptions,
    signal: AbortSignal,
  ) {
    this.#remote = remote
    this.#request = request
    this.#options = options
    this.#signal = signal
  }

  async *download(object: LfsObject): AsyncGenerator<Uint8Array> {
    const signal = this.#signal
    await this.#slots.take(signal)
    try {
      const address = lfsAddress(this.#remote, this.#request.config)
      if (address.transport === 'local') {
        yield* readLocalObject(await this.#options.findGitDir(address), object)
        return
      }
      try {
        yield* this.#downloadFrom(address, object)
      } catch (error) {
        throw attributeTo({ lfsHost: new URL(address.url).host }, error)
      }
    } finally {
      this.#slots.free()
    }
  }

  async *#downloadFrom(address: RemoteUrl, object: LfsObject): AsyncGenerator<Uint8Array> {
    const { action, endpoint } = await this.#actionFor(object, address)
    const { headers, href: url } = action
    const response = await endpoint.client.request({ url, headers, signal: this.#signal })
    if (response.statusCode !== 200) throw await refused(response, object, endpoint)
    yield* response.body
  }

  /** One that has run out meanwhile is asked for once more. */
  async #actionFor(
    object: LfsObject,
    address: RemoteUrl,
  ): Promise<{ action: DownloadAction; endpoint: Endpoint }> {
    this.#asked ??= this.#ask(address)
    const asked = this.#asked
    const { expiresAt = Number.POSITIVE_INFINITY } = actionIn(await asked, object)
    if (expiresAt - EXPIRY_MARGIN_MS <= this.#options.now() && this.#asked === asked) {
      this.#asked = this.#ask(address)
    }
    const answer = await this.#asked
    return { action: actionIn(answer, object), endpoint: answer.endpoint }
  }

  async #ask(address: RemoteUrl): Promise<Answer> {
    const { objects } = this.#request
    const endpoint = await this.#findEndpoint(address)
    const url = `${endpoint.url}/objects/batch`
    const response = await endpoint.client.request({
      url,
      method: 'POST',
      headers: { ...endpoint.headers, accept: LFS_JSON, 'content-type': LFS_JSON },
      body: [encodeBatch(objects)],
      signal: this.#signal,
    })
    if (response.statusCode !== 200) throw await noBatch(response, endpoint)
    const text = await readText(response.body)
    const actions = decodeBatch(text, objects, this.#options.now())
    for (const { headers, href } of actions.values()) this.#options.onHeaders(headers, href)
    return { endpoint, actions }
  }

  async #findEndpoint(address: RemoteUrl): Promise<Endpoint> {
    const { askHost, loginAt, now, onHeaders } = this.#options
    if (address.transport === 'http') {
      return { ...loginAt(address), url: address.url, headers: {} }
    }
    const answer = await askHost(address, this.#signal).then(readText).catch(explainHost)
    const fields = toFields(answer)
    const { href = httpsUrlOf(address) } = fields
    const { headers, href: url } = decodeAction({ ...fields, href }, now())
    onHeaders(headers, url)
    const there: RemoteUrl = {
      transport: 'http',
      url: url.replace(/\/+$/, ''),
      credentials: undefined,
    }
    return { ...loginAt(there), url: there.url, headers }
  }
}

/** What a batch was answered. */
interface Answer {
  endpoint: Endpoint
  actions: ReadonlyMap<string, DownloadAction>
}

function actionIn({ actions }: Answer, object: LfsObject): DownloadAction {
  const action = actions.get(object.oid)
  if (action) return action
  throw missingObjects([object])
}

async function refused(
  response: HttpResponse,
  object: LfsObject,
  { refusalOf }: Endpoint,
): Promise<SyncError> {
  const { statusCode } = response
  const refusal = await refusalOf(response)
  if (statusCode === 404 || statusCode === 410) return missingObjects([object])
  if (statusCode >= 400) return refusal
  return unusable(`the status ${statusCode} for ${object.path}`)
}

async function noBatch(response: HttpResponse, { refusalOf, url }: Endpoint): Promise<SyncError> {
  const refusal = await refusalOf(response)
  const { statusCode, statusMessage } = response
  if (statusCode >= 500 && statusCode !== 501) return refusal
  if ([401, 403, 407, 429].includes(statusCode)) return refusal
  const status = `${statusCode} ${statusMessage}`.trim()
  return new SyncError(
    'lfs-unavailable',
    `There is no Git LFS server at ${url} (${status}), or it hides what is there from who may not read it: turn Git LFS on there, or name its address in .lfsconfig`,
    { cause: refusal },
  )
}

/** A host that knows the repository, and not the command. */
function explainHost(error: unknown): never {
  const isUnknown = error instanceof SyncError && error.code === 'not-a-git-server'
  if (!isUnknown) throw error
  throw new SyncError(
    'lfs-unavailable',
    'The SSH host runs no git-lfs-authenticate: install it there, or name an https address as lfs.url in .lfsconfig',
    { cause: error },
  )
}

/** As git-lfs has it for a host that only tells headers. */
function httpsUrlOf({ url }: RemoteUrl): string {
  const { hostname, pathname } = new URL(url)
  return belowRepository(`https://${hostname}${pathname.replace(/^\/~\//, '/')}`)
}

function toFields(text: string): Record<string, unknown> {
  try {
    const parsed = parseJson(text)
    if (typeof parsed === 'object' && parsed !== null) return { ...parsed }
  } catch (error) {
    throw unusable('something that is not JSON', error)
  }
  throw unusable('something that is not an object of JSON')
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) throw unusable('more than an answer may have')
  }
  return Buffer.concat(chunks).toString('utf8')
}
