// Whether the verification of TLS may be off: only for whoever says so twice.
import { rewriteUrl } from '../../git/instead-of.js'
import { UsageError } from './command-line.js'
import type { GitSettings } from './git-settings.js'
import type { Options } from './options.js'

/** Throws a {@link UsageError} where it would be off for --repo; tells `warn` of whatever asks for that. */
export function assertVerified(
  { httpOf, insteadOf, unverified }: GitSettings,
  { insecure, repo }: Options,
  warn: (message: string) => void,
): void {
  const what = unverified.join(' and ')
  if (what === '') return
  const isForRepo = httpOf(rewriteUrl(repo, insteadOf)).unverified !== undefined
  if (insecure) warn(`TLS is not verified, as ${what} and --insecure-skip-tls-verify say`)
  else if (!isForRepo)
    warn(`${what} is ignored without --insecure-skip-tls-verify: TLS is verified`)
  if (insecure || !isForRepo) return
  throw new UsageError(
    `${what} turns the verification of TLS off, which lets anybody in between read and change what is synced: name the CA (http.sslCAInfo, GIT_SSL_CAINFO), or add --insecure-skip-tls-verify`,
    1,
    false,
  )
}
