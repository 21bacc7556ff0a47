// The HttpClient over a repository on this machine's disk: it answers as a git
// server would, in protocol v2, and needs no git.
import { fileURLToPath } from 'node:url'
import { toAbortError } from '../../base/abort-error.js'
import { SyncError } from '../../base/errors.js'
import type { Oid } from '../../git/oid.js'
import type { HttpClient, HttpRequest, HttpResponse } from '../../transport/http/http-client.js'
import { type LocalRef, readRefs } from './refs.js'
import { type LocalRepository, openRepository, toLocalError } from './repository.js'
import { encodeAdvertisement, encodeRefs, encodeRefusal } from './upload-pack.js'
import { decodeRequest, type LsRefsRequest, RefusedRequest } from './upload-pack-request.js'
import { fetchInWorker, peelInWorker } from './worker-client.js'

type Body = AsyncIterable<Uint8Array>
type PeelCache = Map<Oid, Oid | null>

const MAX_CACHED_PEELS = 10_000

/** Creates a client for `file:` URLs. */
export function createLocalClient(): HttpClient {
  // What a tag peels to never changes, so that a poll seldom needs to read one.
  const peels: PeelCache = new Map()
  return {
    async request(request) {
      const { url, method = 'GET', signal } = request
      if (signal?.aborted) throw toAbortError(signal.reason)
      const { directory, service } = parse(url)
      const repository = await openRepository(directory)
      if (service === 'info/refs') {
        return respond(
          url,
          method,
          'advertisement',
          single(encodeAdvertisement(repository.objectFormat)),
        )
      }
      const body = await answer(repository, request, peels)
      return respond(url, method, 'result', body)
    },
  }
}

async function answer(
  repository: LocalRepository,
  { body = [], signal }: HttpRequest,
  peels: PeelCache,
): Promise<Body> {
  try {
    const request = await decodeRequest(body, repository.objectFormat)
    if (request.command === 'fetch') return fetchInWorker(repository, request, signal)
    return single(encodeRefs(await listRefs(repository, request, peels, signal), request))
  } catch (error) {
    if (error instanceof RefusedRequest) return single(encodeRefusal(error.message))
    throw toLocalError(error, repository.directory)
  }
}

async function listRefs(
  repository: LocalRepository,
  { peel, prefixes }: LsRefsRequest,
  peels: PeelCache,
  signal: AbortSignal | undefined,
): Promise<LocalRef[]> {
  const refs = await readRefs(repository, prefixes)
  if (!peel) return refs
  const unknown = refs.flatMap(({ name, oid, peeled }) =>
    oid !== undefined && peeled === undefined && mayBeTag(name) && !peels.has(oid) ? [oid] : [],
  )
  if (unknown.length > 0) {
    if (peels.size + unknown.length > MAX_CACHED_PEELS) peels.clear()
    for (const [oid, target] of await peelInWorker(repository, unknown, signal)) {
      // What is missing now may come later.
      if (target !== undefined) peels.set(oid, target)
    }
  }
  return refs.map((ref) => ({ ...ref, peeled: ref.peeled ?? peels.get(ref.oid ?? '') ?? null }))
}

/** Branches hold commits, which git itself makes sure of. */
function mayBeTag(name: string): boolean {
  return name !== 'HEAD' && !name.startsWith('refs/heads/') && !name.startsWith('refs/remotes/')
}

function parse(url: string): { directory: string; service: string } {
  const { protocol, pathname } = new URL(url)
  const [, folder, service] = /^(.*)\/(info\/refs|git-upload-pack)$/.exec(pathname) ?? []
  if (protocol !== 'file:' || folder === undefined || service === undefined) {
    throw new SyncError('internal', `${url} is no address of upload-pack in a local repository`)
  }
  return { directory: fileURLToPath(`file://${folder}/`).replace(/(?<=.)\/$/, ''), service }
}

function respond(
  url: string,
  method: string,
  kind: 'advertisement' | 'result',
  body: Body,
): HttpResponse {
  const headers = { 'content-type': `application/x-git-upload-pack-${kind}` }
  return { url, method, statusCode: 200, statusMessage: 'OK', headers, body }
}

async function* single(bytes: Buffer): Body {
  yield bytes
}
