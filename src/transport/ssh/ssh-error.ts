// Gives every fault of an SSH connection, and every refusal of upload-pack, its stable
// code and a sentence with the host and what to do.
import { codeOf } from '../../base/errno.js'
import { type ErrorCode, SyncError } from '../../base/errors.js'
import { toNetworkError } from '../network-error.js'
import type { Offers } from './offers.js'

/** How many characters of a server's words are shown. */
const MAX_WORDS = 200

/** How a command ended; both undefined where the server did not say. */
export interface Exit {
  code: number | undefined
  signal: string | undefined
}

/** A fault of the connection to `host` as a SyncError; `offers` tells what both sides know. */
export function toSshError(error: unknown, host: string, offers?: Offers): SyncError {
  const level = error instanceof Error && 'level' in error ? error.level : undefined
  switch (level) {
    case 'client-timeout':
      return connectionLost(host, 'it no longer answers', error)
    case 'handshake':
    case 'protocol':
      return notAgreed(host, error, offers)
    default:
      return isCoded(error) ? toNetworkError(error, { host }) : connectionLost(host, '', error)
  }
}

/** A connection that is no more. */
export function connectionLost(host: string, words: string, cause?: unknown): SyncError {
  const detail = words || (cause instanceof Error ? cause.message : 'it was closed')
  return new SyncError(
    'connection-failed',
    `The SSH connection to ${host} failed (${detail}); it is tried again`,
    { cause },
  )
}

/** Silence where an answer was due. */
export function silence(host: string): SyncError {
  return new SyncError(
    'idle-timeout',
    `${host} sent nothing for IDLE_TIMEOUT over SSH; raise it if the server is slow`,
  )
}

/** A host that takes too long to connect to. */
export function connectTimeout(host: string, what: string): SyncError {
  return new SyncError(
    'connect-timeout',
    `${host} did not ${what} in time; check the address and the firewall`,
  )
}

/** What upload-pack, or the server before it, said as it refused `repository`. */
export function refusal(repository: string, { code, signal }: Exit, stderr: string): SyncError {
  const ended = signal ? `ended by ${signal}` : `exit code ${code ?? 'unknown'}`
  const said = clean(stderr)
  const detail = said === '' ? ended : `it said: ${said}`
  switch (codeOfExit(code, said)) {
    case 'not-a-git-server':
      return new SyncError(
        'not-a-git-server',
        `The host of ${repository} runs no git-upload-pack (${detail}); install git there, or check the address`,
      )
    case 'repository-not-found':
      return new SyncError(
        'repository-not-found',
        `There is no repository at ${repository}, or this key may not read it; check the address, and what the key may read (${detail})`,
      )
    case 'access-denied':
      return new SyncError(
        'access-denied',
        `${repository} denies access (${detail}): the key, or the user, needs the right to read`,
      )
    default:
      return new SyncError(
        'remote-error',
        `${repository} could not be served; look at the log of that host (${detail})`,
      )
  }
}

function codeOfExit(exitCode: number | undefined, said: string): ErrorCode {
  if (exitCode === 127 || /command not found|not recognized as/i.test(said)) {
    return 'not-a-git-server'
  }
  if (/permission denied|access denied|denied to|not authori[sz]ed|forbidden/i.test(said)) {
    return 'access-denied'
  }
  const isMissing =
    /not appear to be a git repo|not found|no such|does not exist|(?:could not|couldn't) be found|not exported/i
  return isMissing.test(said) ? 'repository-not-found' : 'remote-error'
}

function clean(words: string): string {
  return words
    .slice(0, 4 * MAX_WORDS)
    .replace(/\p{Cc}\[[\d;]*m/gu, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, MAX_WORDS)
}

/** A host with which no SSH connection comes about. */
export function notAgreed(host: string, error: unknown, offers?: Offers): SyncError {
  const words = error instanceof Error ? error.message : String(error)
  const detail = /no matching/i.test(words) && offers ? `${words}: ${offers}` : words
  return /lost before handshake|ended prematurely/i.test(detail)
    ? new SyncError(
        'connection-failed',
        `The SSH connection to ${host} ended before it began (${detail}); it is tried again. Where that stays, check that an SSH server answers at this port, and its log`,
        { cause: error },
      )
    : new SyncError(
        'ssh-failed',
        `No SSH connection to ${host} (${detail}); check that an SSH server with current algorithms answers there`,
        { cause: error },
      )
}

function isCoded(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isCoded)
  return codeOf(error) !== ''
}
