// The body of a response: its faults are SyncErrors, and leaving it early frees
// its connection, kept alive where only little was left to read.
import { setImmediate } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import { type RequestContext, toNetworkError } from '../network-error.js'

type UndiciBody = Dispatcher.ResponseData['body']

/** What is still read of a body that is left, so that its connection can be used again. */
const DISCARD_LIMIT_BYTES = 64 * 1024
const DISCARD_LIMIT_MS = 1000

/** Wraps the body of an undici response. It can be iterated once. */
export function createBody(body: UndiciBody, context: RequestContext): AsyncIterable<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = body.iterator({ destroyOnReturn: false })
  const iterator: AsyncIterator<Uint8Array> = {
    async next() {
      try {
        const result = await chunks.next()
        if (result.done) await connectionFreed()
        return result
      } catch (error) {
        throw toNetworkError(error, context)
      }
    },
    async return() {
      await chunks.return?.()
      await discard(body)
      return { done: true, value: undefined }
    },
  }
  return { [Symbol.asyncIterator]: () => iterator }
}

/** Reads the little that is left of a body, or else breaks its connection. Never throws. */
export async function discard(body: UndiciBody): Promise<void> {
  if (body.closed) return
  try {
    await body.dump({
      limit: DISCARD_LIMIT_BYTES,
      signal: AbortSignal.timeout(DISCARD_LIMIT_MS),
    })
    await connectionFreed()
  } catch {
    // Whatever happens to a body that nobody wants, its connection is gone.
    body.destroy()
  }
}

/** undici frees a connection just after the end of a body; a request before that opens another. */
async function connectionFreed(): Promise<void> {
  await setImmediate()
}
