// A request to a service that hands out credentials. Its answer is never quoted, and of
// its address only the origin.
import { type ErrorCode, SyncError } from '../../base/errors.js'
import type { HttpClient, HttpRequest } from '../http-client.js'
import { toNetworkError } from '../network-error.js'

const MAX_ANSWER_BYTES = 64 * 1024

/** The body of a successful answer. `name` begins the sentence of what it throws. */
export async function requestSecret(
  client: HttpClient,
  name: string,
  request: HttpRequest,
): Promise<string> {
  const { statusCode, text } = await exchange(client, name, request)
  if (statusCode < 200 || statusCode > 299) {
    throw failed(name, codeOf(statusCode), `answers with status ${statusCode}`)
  }
  if (text === undefined) throw failed(name, 'credentials-invalid', 'answers at length')
  return text
}

/** The text is undefined where it is too long to be a secret. */
async function exchange(
  client: HttpClient,
  name: string,
  request: HttpRequest,
): Promise<{ statusCode: number; text: string | undefined }> {
  const { host } = new URL(request.url)
  try {
    const { statusCode, body } = await client.request(request)
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of body) {
      bytes += chunk.length
      if (bytes > MAX_ANSWER_BYTES) return { statusCode, text: undefined }
      chunks.push(chunk)
    }
    return { statusCode, text: Buffer.concat(chunks).toString('utf8') }
  } catch (error) {
    const { code, message } = toNetworkError(error, { host, signal: request.signal })
    throw new SyncError(code, `${name} cannot be asked: ${message}`, { cause: error })
  }
}

function codeOf(statusCode: number): ErrorCode {
  if (statusCode === 429) return 'rate-limited'
  return statusCode >= 500 ? 'server-error' : 'credentials-invalid'
}

function failed(name: string, code: ErrorCode, fault: string): SyncError {
  return new SyncError(code, `${name} ${fault}, instead of with credentials`)
}
