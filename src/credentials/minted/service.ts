// A request to a service that hands out credentials. Its answer is never quoted, and of
// its address only the origin.
import { toAbortError } from '../../base/abort-error.js'
import { type ErrorCode, SyncError, toSyncError } from '../../base/errors.js'
import { asksForPatience, retryAfterMs } from '../../base/retry-after.js'
import { invalidIn } from '../secret-file.js'

const MAX_ANSWER_BYTES = 64 * 1024

/** What asks over HTTP. Throws a SyncError where no answer comes; every status is one. */
export interface ServiceClient {
  request(request: ServiceRequest): Promise<{
    statusCode: number
    /** Names in lower case. */
    headers: Record<string, string>
    body: AsyncIterable<Uint8Array>
  }>
}

interface ServiceRequest {
  url: string
  method?: 'GET' | 'POST'
  /** Names in lower case. */
  headers: Record<string, string>
  body?: Iterable<Uint8Array>
  signal: AbortSignal
}

/** A request, and what its failures need. */
export interface SecretRequest extends ServiceRequest {
  /** Milliseconds since the epoch. */
  nowMs: number
  /** What to do about a status: the end of a sentence. */
  remedies: Readonly<Record<number, string>>
}

interface SecretAnswer {
  statusCode: number
  headers: Record<string, string>
  /** Undefined where it is too long to be a secret. */
  text: string | undefined
}

/** The body of a successful answer. `name` begins the sentence of what it throws. */
export async function requestSecret(
  client: ServiceClient,
  name: string,
  request: SecretRequest,
): Promise<string> {
  const { nowMs, remedies, ...asked } = request
  const answer = await exchange(client, name, asked)
  const { statusCode, headers, text } = answer
  if (statusCode < 200 || statusCode > 299) {
    const code = errorCodeOf(answer)
    const remedy =
      code === 'rate-limited'
        ? 'it asks for fewer requests, and is asked later'
        : remedies[statusCode]
    const rest =
      remedy === undefined
        ? ', instead of with credentials: check its address and its log'
        : `: ${remedy}`
    throw new SyncError(code, `${name} answers with status ${statusCode}${rest}`, {
      retryAfterMs: code === 'credentials-invalid' ? undefined : retryAfterMs(headers, nowMs),
    })
  }
  if (text === undefined) throw invalidIn(name, 'its answer is too long for credentials')
  return text
}

async function exchange(
  client: ServiceClient,
  name: string,
  request: ServiceRequest,
): Promise<SecretAnswer> {
  const { signal } = request
  try {
    const { statusCode, headers, body } = await client.request(request)
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of body) {
      bytes += chunk.length
      if (bytes > MAX_ANSWER_BYTES) return { statusCode, headers, text: undefined }
      chunks.push(chunk)
    }
    return { statusCode, headers, text: Buffer.concat(chunks).toString('utf8') }
  } catch (error) {
    const { code, message } = signal.aborted ? toAbortError(signal.reason) : toSyncError(error)
    // Its words are about the address of a repo.
    const fault =
      code === 'redirect-refused'
        ? 'redirects in a way that is not followed: check its address'
        : `cannot be asked: ${message}`
    throw new SyncError(code, `${name} ${fault}`, { cause: error })
  }
}

function errorCodeOf({ statusCode, headers }: SecretAnswer): ErrorCode {
  if (statusCode === 429 || (statusCode === 403 && asksForPatience(headers))) return 'rate-limited'
  return statusCode >= 500 ? 'server-error' : 'credentials-invalid'
}
