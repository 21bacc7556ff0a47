// Gives every fault of a connection its stable code, and a sentence with the
// host and what to do. https://nodejs.org/api/errors.html#nodejs-error-codes
import { toAbortError } from '../base/abort-error.js'
import { codeOf } from '../base/errno.js'
import { type ErrorCode, SyncError } from '../base/errors.js'
import { explainTls } from './http/tls-error.js'

/** Codes of Node and undici whose meaning a table can tell. */
const CODES: Record<string, ErrorCode> = {
  ENOTFOUND: 'host-not-found',
  EAI_AGAIN: 'host-not-found',
  EAI_NODATA: 'host-not-found',
  EAI_NONAME: 'host-not-found',
  EAI_FAIL: 'host-not-found',
  ECONNREFUSED: 'connection-refused',
  ETIMEDOUT: 'connect-timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connect-timeout',
  ERR_SOCKET_CONNECTION_TIMEOUT: 'connect-timeout',
  UND_ERR_HEADERS_TIMEOUT: 'idle-timeout',
  UND_ERR_BODY_TIMEOUT: 'idle-timeout',
  UND_ERR_ABORTED: 'aborted',
  ABORT_ERR: 'aborted',
  UND_ERR_DESTROYED: 'aborted',
  UND_ERR_CLOSED: 'aborted',
  UND_ERR_SOCKET: 'connection-failed',
  ECONNRESET: 'connection-failed',
  ECONNABORTED: 'connection-failed',
  EPIPE: 'connection-failed',
  EHOSTUNREACH: 'connection-failed',
  EHOSTDOWN: 'connection-failed',
  ENETUNREACH: 'connection-failed',
  ENETDOWN: 'connection-failed',
  EADDRNOTAVAIL: 'connection-failed',
  EMFILE: 'connection-failed',
  ENFILE: 'connection-failed',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'connection-failed',
  HPE_INVALID_EOF_STATE: 'connection-failed',
  UND_ERR_HEADERS_OVERFLOW: 'not-a-git-server',
}

const TLS =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|PATH_LENGTH_EXCEEDED|EPROTO$)/

/** The parts of a request that its errors speak of. */
export interface RequestContext {
  /** With the port, where it is not the scheme's own. */
  host: string
  signal?: AbortSignal | undefined
}

/** Any fault of a request as a SyncError; the reason of an aborted signal comes first. */
export function toNetworkError(error: unknown, { host, signal }: RequestContext): SyncError {
  if (signal?.aborted) return toAbortError(signal.reason)
  if (error instanceof SyncError) return error
  const { code, cause } = firstCoded(error)
  const syncCode = syncCodeOf(code, cause)
  return new SyncError(syncCode, explain(syncCode, host, describe(cause, code)), { cause: error })
}

/** Connecting to several addresses of a host fails with one error for each of them. */
function firstCoded(error: unknown): { code: string; cause: unknown } {
  const errors = error instanceof AggregateError ? [error, ...error.errors] : [error]
  for (const cause of errors) {
    if (cause instanceof Error && codeOf(cause) !== '') {
      return { code: codeOf(cause), cause: cause.message === '' ? (errors[1] ?? cause) : cause }
    }
  }
  return { code: '', cause: error }
}

function syncCodeOf(code: string, cause: unknown): ErrorCode {
  // An established connection whose peer vanished ends so too.
  const isRead = cause instanceof Error && 'syscall' in cause && cause.syscall !== 'connect'
  if (code === 'ETIMEDOUT' && isRead) return 'connection-failed'
  const known = CODES[code]
  if (known) return known
  if (TLS.test(code)) return 'tls-failed'
  if (nameOf(cause) === 'HTTPParserError' || code.startsWith('HPE_')) return 'not-a-git-server'
  return 'internal'
}

/** Not by its class: undici is loaded only where something is asked over HTTP. */
function nameOf(cause: unknown): string {
  return cause instanceof Error ? cause.name : ''
}

function describe(cause: unknown, code: string): string {
  const message = cause instanceof Error ? cause.message : String(cause)
  return message.includes(code) ? message : `${code}: ${message}`
}

function explain(code: ErrorCode, host: string, detail: string): string {
  switch (code) {
    case 'host-not-found':
      return `The host ${host} is not found (${detail}); check its spelling and the DNS`
    case 'connection-refused':
      return `${host} refuses connections (${detail}); check the port, and that the server runs`
    case 'connect-timeout':
      return `${host} did not accept a connection in time (${detail}); check the address and the firewall`
    case 'idle-timeout':
      return `${host} sent nothing for IDLE_TIMEOUT (${detail}); raise it if the server is slow`
    case 'connection-failed':
      return `The connection to ${host} failed (${detail}); it is tried again`
    case 'tls-failed':
      return explainTls(host, detail)
    case 'not-a-git-server':
      return `What answers at ${host} does not speak HTTP (${detail}); check the scheme and the port`
    case 'aborted':
      return `The request to ${host} was stopped before it was answered`
    default:
      return `The request to ${host} failed (${detail}); it is tried again`
  }
}
