// The file of git-credential-store: one URL with a user name and a password a line.
// https://git-scm.com/docs/git-credential-store#_storage_format
import type { Login } from '../authorization.js'

interface StoredLogin extends Login {
  /** Of the scheme, host and port. */
  origin: string
}

/** Git encodes every part, also the colon before a port, which no URL parser takes. */
const LINE = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\/(?:(?<login>[^@/]*)@)?(?<host>[^/]*)/i

/**
 * The first login for the scheme, host and port of `url` (and for `username`, where one is given);
 * paths do not count, as for git without useHttpPath. `onFault` is told of lines that say nothing,
 * which are passed over.
 */
export function findInGitCredentials(
  text: string,
  url: URL,
  username: string | undefined,
  onFault: (fault: string) => void,
): Login | undefined {
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const stored = parseLine(line)
    if (!stored) onFault(`line ${index + 1} is not a URL with encoded credentials`)
    if (stored?.origin !== url.origin || stored.password === '') continue
    if (username !== undefined && stored.username !== username) continue
    return { username: stored.username, password: stored.password }
  }
  return undefined
}

function parseLine(line: string): StoredLogin | undefined {
  const { scheme, login = '', host = '' } = LINE.exec(line)?.groups ?? {}
  if (scheme === undefined) return undefined
  const [username = '', ...password] = login.split(':')
  try {
    return {
      origin: new URL(`${scheme}://${decodeURIComponent(host)}`).origin,
      username: decodeURIComponent(username),
      password: decodeURIComponent(password.join(':')),
    }
  } catch {
    // A percent sign that encodes nothing, or a host that cannot be one.
    return undefined
  }
}
