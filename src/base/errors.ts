// One error class with a stable code. The table says what each code means and
// what the scheduler does about it; it is also the source of the README's list.
import { redact } from './redact.js'

/**
 * What follows a failure.
 * - `retry`: soon again, with growing back-off.
 * - `wait`: at the entry's next interval, or after back-off that grows to a minute where the
 *   interval is shorter; a fault that time alone rarely mends.
 * - `stall`: a fault that somebody must mend. A commit that cannot be published is left alone until
 *   the remote names another, the entry changes or SIGHUP comes; a remote that cannot be polled is
 *   looked at as after `wait`.
 */
export type Disposition = 'retry' | 'wait' | 'stall'

/** Every stable error code, what follows it, and what it means. */
export const ERROR_CODES = {
  'settings-invalid': ['stall', 'A setting is unknown or has a bad value.'],
  'listing-invalid': ['stall', 'The listing is missing, not JSON, or breaks its schema.'],
  'credentials-invalid': ['wait', 'The credentials file or a secret it names cannot be used.'],

  'host-not-found': ['retry', 'The name of the remote host does not resolve.'],
  'connection-refused': ['retry', 'Nothing listens at the address of the remote.'],
  'connection-failed': ['retry', 'The connection to the remote broke or could not be made.'],
  'connect-timeout': ['retry', 'The remote host did not accept a connection in time.'],
  'idle-timeout': ['retry', 'The remote sent nothing for IDLE_TIMEOUT.'],
  'sync-timeout': ['retry', 'The sync took longer than SYNC_TIMEOUT.'],
  'tls-failed': ['wait', 'The certificate of the remote is not trusted, or TLS failed.'],
  'proxy-failed': ['retry', 'The proxy cannot be reached, or cannot reach the remote.'],
  'proxy-refused': ['wait', 'The proxy wants credentials, or forbids the remote.'],
  'redirect-refused': ['wait', 'The remote redirects in a way that is not followed.'],
  'rate-limited': ['retry', 'The remote asks for fewer requests.'],
  'server-error': ['retry', 'The remote answered with a server error.'],
  'authentication-required': ['wait', 'The remote wants credentials, or other ones.'],
  'tls-required': ['wait', 'Credentials would be sent in plain text, which a setting forbids.'],
  'access-denied': ['wait', 'The remote knows the credentials and denies access.'],
  'repository-not-found': ['wait', 'There is no repository at this address.'],
  'not-a-git-server': ['wait', 'What answered is not a git server.'],
  'ssh-failed': ['wait', 'The remote and this service found no way to speak SSH.'],
  'host-key-unknown': ['wait', 'The host key of the remote is not among the known hosts.'],
  'host-key-changed': ['stall', 'The host key of the remote is not the one that is known.'],
  'host-certificate-refused': ['wait', 'The certificate of the host key does not hold.'],

  'remote-error': ['retry', 'The git server refused, in its own words.'],
  'protocol-error': ['retry', 'The git server sent something that is not the git protocol.'],
  'refs-too-large': ['wait', 'The list of refs is larger than MAX_REFS_BYTES.'],
  'branch-not-found': ['wait', 'The remote has no such branch.'],
  'tag-not-found': ['wait', 'The remote has no such tag.'],
  'commit-not-found': ['wait', 'The remote does not have the commit, or does not serve it.'],
  'empty-repository': ['wait', 'The remote has no commit yet.'],
  'not-a-commit': ['stall', 'The ref names something that is not a commit.'],
  'object-format-unsupported': ['stall', 'The repository uses an unsupported object format.'],

  'base-missing': ['retry', 'A thin pack builds on a file that was changed; all of it is fetched.'],
  'pack-corrupt': ['retry', 'The received pack is damaged.'],
  'pack-incomplete': ['retry', 'The received pack lacks objects of the commit.'],
  'commit-too-large': [
    'stall',
    'The commit exceeds MAX_PACK_BYTES, MAX_CHECKOUT_BYTES or MAX_FILES.',
  ],
  'unsafe-tree': ['stall', 'A name or mode in the tree is dangerous to write.'],

  'lease-held': ['retry', 'Another instance publishes this entry; this one waits for its turn.'],
  'lease-lost': ['retry', 'Another instance has taken over what this one was about to publish.'],

  'path-blocked': ['wait', 'Something this service did not write stands in the way.'],
  'volume-failed': ['retry', 'The volume refused a read or a write.'],
  'volume-unsupported': [
    'stall',
    'The volume lacks what it takes: symlinks for that mode, or names that differ in case only.',
  ],
  'volume-full': ['retry', 'No room is left on the volume.'],

  aborted: ['retry', 'The work was stopped because the service stops or the entry changed.'],
  internal: ['retry', 'A fault in this program.'],
} as const satisfies Record<string, readonly [Disposition, string]>

export type ErrorCode = keyof typeof ERROR_CODES

export interface SyncErrorOptions {
  cause?: unknown
  /** How long the remote asked to be left alone, in milliseconds. */
  retryAfterMs?: number | undefined
}

/** A failure with a stable code and a sentence, free of credentials, that says what to do. */
export class SyncError extends Error {
  override readonly name = 'SyncError'
  readonly code: ErrorCode
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, options: SyncErrorOptions = {}) {
    super(redact(message), options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.retryAfterMs = options.retryAfterMs
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
