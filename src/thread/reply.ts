// How a thread answers: errors cross the border between threads as values, as structured
// cloning would take their class and their code.
import { type ErrorCode, SyncError, toSyncError } from '../base/errors.js'

/** What became of a job, as it crosses. */
export type Reply<T> =
  | { ok: true; value: T }
  | { ok: false; code: ErrorCode; message: string; stack: string | undefined }

/** Runs `work` in the thread that was asked. Never rejects. */
export async function reply<T>(work: () => T | Promise<T>): Promise<Reply<T>> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    const { code, message, cause } = toSyncError(error)
    // Of a fault that was expected, the message says it all.
    const isFault = code === 'internal' && cause instanceof Error
    return { ok: false, code, message, stack: isFault ? cause.stack : undefined }
  }
}

/** Takes a reply apart in the thread that asked. Throws the error of the other. */
export function unwrap<T>(replied: Reply<T>): T {
  if (replied.ok) return replied.value
  const cause = replied.stack === undefined ? undefined : new Error(replied.stack)
  throw new SyncError(replied.code, replied.message, { cause })
}
