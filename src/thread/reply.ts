// How a thread answers: errors cross the border between threads as values, as structured
// cloning would take their class and their code.
import { type ErrorCode, SyncError, type SyncErrorOptions, toSyncError } from '../base/errors.js'

/** What became of a job, as it crosses. */
export type Reply<T> = { ok: true; value: T } | ({ ok: false } & CrossingError)

/** An error, as it crosses. */
export interface CrossingError extends Omit<SyncErrorOptions, 'cause'> {
  code: ErrorCode
  message: string
  stack: string | undefined
}

/** Runs `work` in the thread that was asked. Never rejects. */
export async function reply<T>(work: () => T | Promise<T>): Promise<Reply<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    return { ok: false, ...encodeError(error) }
  }
}

/** Takes a reply apart in the thread that asked. Throws the error of the other. */
export function unwrap<T>(replied: Reply<T>): T {
  if (replied.ok) return replied.value
  throw decodeError(replied)
}

/** What crosses of an error. */
export function encodeError(error: unknown): CrossingError {
  const { cause, code, dependency, message, retryAfterMs } = toSyncError(error)
  // Of a fault that was expected, the message says it all.
  const isFault = code === 'internal' && cause instanceof Error
  return { code, dependency, message, retryAfterMs, stack: isFault ? cause.stack : undefined }
}

/** The inverse of {@link encodeError}. */
export function decodeError({ code, message, stack, ...options }: CrossingError): SyncError {
  const { dependency, retryAfterMs } = options
  const cause = stack === undefined ? undefined : new Error(stack)
  return new SyncError(code, message, { cause, dependency, retryAfterMs })
}
