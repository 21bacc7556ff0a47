// Where a repository is, as users write it, with its credentials set apart so
// that no later part can print them. https://git-scm.com/docs/git-clone#_git_urls
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export interface RemoteUrl {
  transport: 'http' | 'ssh' | 'local'
  /** Normalised, without credentials: `http(s)://…`, `ssh://[user@]host[:port]/…` or `file:///…`. */
  url: string
  /** Credentials written into an http(s) URL, percent-decoded. */
  credentials: { username: string; password: string } | undefined
}

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i
const SCP_FORM = /^(?:(?<user>[^@/:\s]+)@)?(?<host>\[[^\]]+\]|[^:/\s]+):(?<path>[^:].*)$/

/**
 * Parses `https://`, `http://`, `ssh://`, `file:`, `user@host:path` or a local path; relative
 * paths start at `baseDirectory`. Throws a TypeError whose message says what is wrong, without
 * quoting `repo`, as it may hold a secret.
 */
export function parseRemoteUrl(repo: string, baseDirectory: string): RemoteUrl {
  if (/^file:/i.test(repo)) return fileUrl(repo, baseDirectory)
  if (SCHEME.test(repo)) return parseUrl(repo)
  if (/^(?:https?|ssh|git\+ssh):/i.test(repo)) throw new TypeError('needs // after its scheme')
  const scp = SCP_FORM.exec(repo)
  if (scp && !path.isAbsolute(repo) && !repo.startsWith('.')) return scpUrl(scp.groups ?? {})
  return local(path.resolve(baseDirectory, repo))
}

function parseUrl(text: string): RemoteUrl {
  // The URL parser drops or rewrites these, which would move what counts as the password.
  if (/[\s\\]/.test(text)) throw new TypeError('must not have white space or backslashes')
  if (!URL.canParse(text)) throw new TypeError('is not a valid URL')
  const url = new URL(text)
  refuseQueryAndFragment(url)
  switch (url.protocol) {
    case 'http:':
    case 'https:':
      return httpUrl(url)
    case 'ssh:':
    case 'git+ssh:':
      return sshUrl(url)
    default:
      throw new TypeError(
        `has the unknown scheme ${url.protocol}// (use https, http, ssh, file, user@host:path or a local path)`,
      )
  }
}

/** `file:///path`, or `file:path` relative to `baseDirectory`. */
function fileUrl(text: string, baseDirectory: string): RemoteUrl {
  const base = pathToFileURL(path.join(baseDirectory, '/')).href
  if (!URL.canParse(text, base)) throw new TypeError('is not a valid URL')
  const url = new URL(text, base)
  if (url.host !== '' && url.host !== 'localhost') {
    throw new TypeError('names a host: a file URL has three slashes, file:///path')
  }
  refuseQueryAndFragment(url)
  return local(path.resolve(pathOf(url)))
}

function pathOf({ pathname }: URL): string {
  try {
    return fileURLToPath(`file://${pathname}`)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    throw new TypeError('has a percent sign that starts no UTF-8 character: write %25', {
      cause: error,
    })
  }
}

/** A path with these characters must be encoded, or its end would be lost. */
function refuseQueryAndFragment({ search, hash }: URL): void {
  if (search || hash)
    throw new TypeError('must not have a query or a fragment (%3F is ?, %23 is #)')
}

function httpUrl(url: URL): RemoteUrl {
  // Most likely the end of a password that holds a slash, which must not become part of the path.
  if (url.pathname.includes('@')) {
    throw new TypeError('has "@" in its path: write %40, and percent-encode passwords')
  }
  const credentials =
    url.username || url.password
      ? { username: decode(url.username), password: decode(url.password) }
      : undefined
  url.username = ''
  url.password = ''
  return { transport: 'http', url: withoutTrailingSlash(url.href), credentials }
}

function sshUrl(url: URL): RemoteUrl {
  if (!url.hostname) throw new TypeError('names no host')
  if (url.pathname.length < 2) throw new TypeError('names no path on the host')
  if (url.password) throw new TypeError('must not hold a password: use a key')
  const user = url.username ? `${url.username}@` : ''
  return {
    transport: 'ssh',
    url: withoutTrailingSlash(`ssh://${user}${url.host}${url.pathname}`),
    credentials: undefined,
  }
}

/** `user@host:path` is relative to the user's home unless `path` is absolute. */
function scpUrl({ user, host, path: scpPath = '' }: Record<string, string | undefined>): RemoteUrl {
  if (user === undefined && /^[^/]*@/.test(scpPath)) {
    throw new TypeError('looks like a URL without its scheme: put https:// before it')
  }
  if (/\p{Surrogate}/u.test(scpPath)) throw new TypeError('holds half a character')
  const absolute = scpPath.startsWith('/') ? scpPath : `/~/${scpPath.replace(/^~\//, '')}`
  const encoded = encodeURI(absolute).replace(/[?#]/g, encodeURIComponent)
  return {
    transport: 'ssh',
    url: withoutTrailingSlash(`ssh://${user ? `${user}@` : ''}${host}${encoded}`),
    credentials: undefined,
  }
}

function local(directory: string): RemoteUrl {
  return { transport: 'local', url: pathToFileURL(directory).href, credentials: undefined }
}

function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/, '')
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // A lone percent sign is what the user typed.
    return part
  }
}
