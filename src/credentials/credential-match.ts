// Which credential serves which repository.
import { decodeUserInfo } from '../git/remote-url.js'
import type { Credential } from './credential.js'

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
  const url = new URL(prefix)
  if (!isSameHost(url, repo)) return undefined
  const folder = pathOf(url).replace(/\/+$/, '')
  const path = pathOf(repo)
  // Whole parts of the path, or the repository itself, with or without its suffix.
  const isPrefix =
    `${path}/`.startsWith(`${folder}/`) || withoutSuffix(path) === withoutSuffix(folder)
  return isPrefix ? folder.length : undefined
}

function withoutSuffix(path: string): string {
  return path.replace(/\.git$/, '')
}

/**
 * A prefix for SSH without a user serves every user, and its user those that name none; without a
 * port, it serves the usual one.
 */
function isSameHost(prefix: URL, repo: URL): boolean {
  if (prefix.protocol !== repo.protocol) return false
  if (repo.protocol !== 'ssh:') return prefix.host === repo.host
  const [wanted, user] = [prefix, repo].map(({ username }) => decodeUserInfo(username))
  return (
    prefix.hostname.toLowerCase() === repo.hostname.toLowerCase() &&
    (prefix.port || '22') === (repo.port || '22') &&
    (wanted === '' || user === '' || wanted === user)
  )
}

/** On most SSH hosts, `user@host:path` and `ssh://user@host/path` are the same. */
function pathOf({ protocol, pathname }: URL): string {
  return protocol === 'ssh:' ? pathname.replace(/^\/~(?=\/)/, '') : pathname
}
