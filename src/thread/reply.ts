// How a worker thread answers: errors cross the border between threads as values, as
// structured cloning would take their class and their code.
import { type ErrorCode, SyncError, toSyncError } from '../base/errors.js'

export type Answer<T> =
  | { ok: true; value: T }
  | { ok: false; code: ErrorCode; message: string; stack: string | undefined }

/** Runs `work` in the worker thread. Never rejects. */
export async function answer<T>(work: () => T | Promise<T>): Promise<Answer<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    const { code, message, cause } = toSyncError(error)
    // Of a fault that was expected, the message says it all.
    const isFault = code === 'internal' && cause instanceof Error
    return { ok: false, code, message, stack: isFault ? cause.stack : undefined }
  }
}

/** Takes an answer apart in the main thread. Throws the worker's error. */
export function unwrap<T>(answered: Answer<T>): T {
  if (answered.ok) return answered.value
  const cause = answered.stack === undefined ? undefined : new Error(answered.stack)
  throw new SyncError(answered.code, answered.message, { cause })
}
