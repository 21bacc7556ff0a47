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
  const { host } = new URL(request.url)
  try {
    const response = await client.request(request)
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of response.body) {
      bytes += chunk.length
      if (bytes > MAX_ANSWER_BYTES) throw failed(name, 'credentials-invalid', 'answers at length')
      chunks.push(chunk)
    }
    const { statusCode } = response
    if (statusCode >= 200 && statusCode < 300) return Buffer.concat(chunks).toString('utf8')
    throw failed(name, codeOf(statusCode), `answers with status ${statusCode}`)
  } catch (error) {
    if (error instanceof SyncError && error.message.startsWith(name)) throw error
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
