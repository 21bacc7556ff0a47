// The codes of errors: of those that the operating system answers with, such as ENOENT, and
// of those of Node itself, such as ERR_INVALID_ARG_VALUE.

/** The code of an error that has one, the system's or Node's own; empty for any other. */
export function codeOf(error: unknown): string {
  const isCoded = error instanceof Error && 'code' in error && typeof error.code === 'string'
  return isCoded ? String(error.code) : ''
}

/** The code of an operating system's error; empty for any other. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'syscall' in error ? codeOf(error) : ''
}
