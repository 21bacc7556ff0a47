// Which credential serves which repository.
import type { Credential } from './credentials-file.js'

/** The credential whose `url` is the longest prefix of `repoUrl`; of equals, the first. */
export function findCredential(
  credentials: readonly Credential[],
  repoUrl: string,
): Credential | undefined {
  const repo = new URL(repoUrl)
  let best: { credential: Credential; length: number } | undefined
  for (const credential of credentials) {
    const length = prefixLength(credential.url, repo)
    if (length !== undefined && length > (best?.length ?? -1)) best = { credential, length }
  }
  return best?.credential
}

/** The length of the path that `prefix` and `repo` share, where `prefix` covers it. */
function prefixLength(prefix: string | undefined, repo: URL): number | undefined {
  if (prefix === undefined) return undefined
  const { origin, pathname } = new URL(prefix)
  const folder = pathname.replace(/\/+$/, '')
  if (origin !== repo.origin) return undefined
  // A whole path component, or the repository itself written without its suffix.
  const isPrefix = `${repo.pathname}/`.startsWith(`${folder}/`) || repo.pathname === `${folder}.git`
  return isPrefix ? folder.length : undefined
}
