// The file of git-credential-store: one URL with a user name and a password a line.
// https://git-scm.com/docs/git-credential-store#_storage_format
import type { Login } from './authorization.js'
import { invalidIn } from './secret-file.js'

/**
 * The first login for the scheme, host and port of `url` (and for `username`, where one is given);
 * paths do not count, as for git without useHttpPath. Throws `credentials-invalid`, which begins
 * with `name`.
 */
export function findInGitCredentials(
  text: string,
  name: string,
  url: URL,
  username: string | undefined,
): Login | undefined {
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const stored = URL.canParse(line) ? new URL(line) : undefined
    const login = stored && decodeLogin(stored)
    if (!login) throw invalidIn(name, `line ${index + 1} is not a URL with encoded credentials`)
    if (stored.origin !== url.origin || login.password === '') continue
    if (username === undefined || login.username === username) return login
  }
  return undefined
}

/** Undefined where a percent sign encodes nothing. */
function decodeLogin({ username, password }: URL): Login | undefined {
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) }
  } catch {
    return undefined
  }
}
