// One error class with a stable code, of the table in error-codes.ts.
import { type Disposition, ERROR_CODES, type ErrorCode } from './error-codes.js'
import { redact } from './redact-patterns.js'

export type { ErrorCode } from './error-codes.js'

export interface SyncErrorOptions {
  cause?: unknown
  /** How long the remote asked to be left alone, in milliseconds. */
  retryAfterMs?: number | undefined
  /** @default the entry's own repository, or none */
  dependency?: Dependency | undefined
}

/** What else than the entry's own repository a failure is of; plain data, so that it can cross threads. */
export interface Dependency {
  /** The path of a submodule, as messages show it. */
  submodule?: string
  /** The host of a Git LFS server. */
  lfsHost?: string
  /** The place of a hook in its entry, as `before/0`. */
  hook?: string
}

/** A failure with a stable code and a sentence, free of credentials, that says what to do. */
export class SyncError extends Error {
  override readonly name = 'SyncError'
  readonly code: ErrorCode
  readonly retryAfterMs: number | undefined
  readonly dependency: Dependency | undefined

  constructor(code: ErrorCode, message: string, options: SyncErrorOptions = {}) {
    super(redact(message), options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.retryAfterMs = options.retryAfterMs
    this.dependency = options.dependency
  }

  get disposition(): Disposition {
    return ERROR_CODES[this.code][0]
  }
}

/** Returns `error` itself if it is a {@link SyncError}, else wraps it as `internal`. */
export function toSyncError(error: unknown): SyncError {
  if (error instanceof SyncError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new SyncError('internal', message, { cause: error })
}

/** `error`, as one of `dependency`; its message may be another one. */
export function attributeTo(
  dependency: Dependency,
  error: unknown,
  message = toSyncError(error).message,
): SyncError {
  const { code, dependency: inner, retryAfterMs } = toSyncError(error)
  return new SyncError(code, message, {
    cause: error,
    retryAfterMs,
    dependency: { ...dependency, ...inner },
  })
}
