// The HttpClient over SSH: each request runs git-upload-pack on a channel of its own, over
// the one connection that is kept for its host, user and credential.

import { toAbortError } from '../../base/abort-error.js'
import { toSyncError } from '../../base/errors.js'
import type { SshCredential } from '../../credentials/ssh/ssh-credential.js'
import { FLUSH } from '../../git/pkt-line.js'
import type { ObservedRequest } from '../http/client.js'
import type { HttpClient, HttpRequest, HttpResponse } from '../http/http-client.js'
import { displayHost, parseSshAddress, type SshAddress, uploadPackCommand } from './address.js'
import type { ConnectOptions } from './connect.js'
import { ConnectionPool } from './connection-pool.js'
import { converse } from './conversation.js'
import { skipSection } from './skip-section.js'

export interface SshTransportOptions
  extends Pick<ConnectOptions, 'clock' | 'defaults' | 'lookup' | 'onSecret'> {
  /** How long a server may send nothing, in milliseconds. */
  idleTimeoutMs: number
  /** @default 10_000 */
  connectTimeoutMs?: number
  /** Told of each request; `code` is 200, or an error code where no answer came. */
  observe?: (request: ObservedRequest) => void
}

export interface SshTransport {
  /** A client whose connections use what `authorize` gives; it is asked at each request. */
  clientWith(authorize: () => Promise<SshCredential>): HttpClient
  /** Ends every connection, and every request with `aborted`. */
  close(): Promise<void>
}

/** Creates a transport with its own pool of connections. */
export function createSshTransport(options: SshTransportOptions): SshTransport {
  const { clock, defaults, lookup, onSecret, idleTimeoutMs, connectTimeoutMs = 10_000 } = options
  const pool = new ConnectionPool({
    clock,
    defaults,
    lookup,
    onSecret,
    connectTimeoutMs,
    loginTimeoutMs: idleTimeoutMs,
  })
  return {
    clientWith: (authorize) => ({
      async request(request) {
        const address = parseSshAddress(request.url)
        const observed = (code: string) =>
          options.observe?.({ host: displayHost(address), service: 'git-upload-pack', code })
        try {
          const body = await ask({ pool, options }, address, request, await authorize())
          observed('200')
          return respond(request, address, body)
        } catch (error) {
          const { signal } = request
          const failure = signal?.aborted ? toAbortError(signal.reason) : toSyncError(error)
          observed(failure.code)
          throw failure
        }
      },
    }),
    close: () => pool.close(),
  }
}

interface Wire {
  pool: ConnectionPool
  options: SshTransportOptions
}

/**
 * Returns the answer once it has begun. Where a kept connection broke before, the request goes out
 * once more over a new one; also where others used a connection up, which served at least them.
 */
async function ask(
  wire: Wire,
  address: SshAddress,
  request: HttpRequest,
  credential: SshCredential,
): Promise<AsyncIterable<Buffer>> {
  const input = await inputOf(address, request)
  for (let isRepeated = false; ; ) {
    const { connection, isKept } = await wire.pool.get(address, credential, request.signal)
    const protocol = request.headers?.['git-protocol']
    const command = {
      command: uploadPackCommand(address.path),
      env: protocol === undefined ? {} : { GIT_PROTOCOL: protocol },
    }
    const { clock, idleTimeoutMs } = wire.options
    const output = converse(connection, command, input, {
      clock,
      idleTimeoutMs,
      signal: request.signal,
      repository: displayRepository(address),
    })
    const answer = address.service === 'result' ? skipSection(output) : output
    try {
      return await begin(answer)
    } catch (error) {
      if (toSyncError(error).code !== 'connection-failed') throw error
      if (connection.isRetired) continue
      if (!isKept || isRepeated) throw error
      isRepeated = true
    }
  }
}

/** The flush packet ends the conversation, but in a fetch of protocol v0, which ends by itself. */
async function inputOf({ service }: SshAddress, { body = [], headers }: HttpRequest) {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  const endsByItself = service === 'result' && headers?.['git-protocol'] === undefined
  return Buffer.concat(endsByItself ? chunks : [...chunks, FLUSH])
}

/** Reads the start of an answer, so that what is wrong with it is known before the rest is read. */
async function begin(answer: AsyncGenerator<Buffer>): Promise<AsyncIterable<Buffer>> {
  let first: IteratorResult<Buffer> | undefined = await answer.next()
  const iterator: AsyncIterator<Buffer> = {
    async next() {
      const result = first ?? (await answer.next())
      first = undefined
      return result
    },
    async return() {
      await answer.return(undefined)
      return { done: true, value: undefined }
    },
  }
  return { [Symbol.asyncIterator]: () => iterator }
}

function respond(
  { url, method = 'GET' }: HttpRequest,
  { service }: SshAddress,
  body: AsyncIterable<Buffer>,
): HttpResponse {
  const headers = { 'content-type': `application/x-git-upload-pack-${service}` }
  return { url, method, statusCode: 200, statusMessage: 'OK', headers, body }
}

function displayRepository(address: SshAddress): string {
  return `${displayHost(address)}:${address.path}`
}
