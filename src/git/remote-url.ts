// Where a repository is, as users write it, with its credentials set apart so
// that no later part can print them. https://git-scm.com/docs/git-clone#_git_urls
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { looksLikeAddress } from '../base/file-name.js'

export interface RemoteUrl {
  transport: 'http' | 'ssh' | 'local'
  /** Normalised, without credentials: `http(s)://…`, `ssh://[user@]host[:port]/…` or `file:///…`. */
  url: string
  /** Credentials written into an http(s) URL, percent-decoded; into an ssh URL, if with a password. */
  credentials: { username: string; password: string } | undefined
}

const SSH_PORT = '22'
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
  refuseAddress(repo)
  return local(path.resolve(baseDirectory, repo))
}

function parseUrl(repo: string): RemoteUrl {
  const text = withSpacesEncoded(repo)
  // The URL parser drops or rewrites these, which would move what counts as the password.
  if (/[\s\\]/.test(text)) throw new TypeError('must not have white space or backslashes')
  if (!URL.canParse(text)) throw new TypeError(`is not a valid URL${portHint(text)}`)
  const url = new URL(text)
  refuseQueryAndFragment(url)
  switch (url.protocol) {
    case 'http:':
    case 'https:':
      return httpUrl(url)
    case 'ssh:':
    case 'git+ssh:':
      return sshUrl(url, text)
    default:
      throw new TypeError(
        `has the unknown scheme ${url.protocol}// (use https, http, ssh, file, user@host:path or a local path)`,
      )
  }
}

/** A colon after the host takes a port in a URL, and a path in the form without a scheme. */
function portHint(text: string): string {
  const [, scheme, port] =
    /^([^:]+):\/\/(?:[^/]*@)?(?:\[[^\]]*\]|[^/:[\]]*):([^/]*)/.exec(text) ?? []
  if (port === undefined || /^\d*$/.test(port)) return ''
  return /ssh/i.test(scheme ?? '')
    ? ': what follows the colon after its host is no port; write ssh://user@host/path, or user@host:path'
    : ': what follows the colon after its host is no port; write https://host/path, and percent-encode passwords'
}

/** Spaces inside the path, which Azure DevOps has, are taken as people copy them. */
function withSpacesEncoded(url: string): string {
  const pathAt = url.indexOf('/', url.indexOf('//') + 2)
  if (pathAt < 0 || url.endsWith(' ')) return url
  return url.slice(0, pathAt) + url.slice(pathAt).replaceAll(' ', '%20')
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
  refuseAddress(text.replace(/^file:(?:\/\/(?=\/))?/i, ''))
  return local(path.resolve(pathOf(url)))
}

/** As a path, a mistyped address would be shown with its password. */
function refuseAddress(text: string): void {
  if (text.trim() !== text) throw new TypeError('has white space before or after it: take it out')
  if (looksLikeAddress(text)) {
    throw new TypeError(
      'looks like a mistyped address: write https://host/… (a local path of such a name: write it whole, from / on)',
    )
  }
}

function pathOf({ pathname }: URL): string {
  try {
    return fileURLToPath(`file://${pathname}`)
  } catch (error) {
    if (!(error instanceof URIError)) throw error
    throw percentSign(error)
  }
}

/** Whether what authenticates one authenticates the other, too. */
export function isSameOrigin(one: RemoteUrl, other: RemoteUrl): boolean {
  const originOf = ({ url }: RemoteUrl) => {
    const { host, protocol, username } = new URL(url)
    return `${protocol}//${username}@${host}`
  }
  return originOf(one) === originOf(other)
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
      ? { username: decodeUserInfo(url.username), password: decodeUserInfo(url.password) }
      : undefined
  url.username = ''
  url.password = ''
  return { transport: 'http', url: withoutTrailingSlash(url.href), credentials }
}

/** The path is taken as it was written: the URL parser would resolve dots, also below a home. */
function sshUrl(url: URL, text: string): RemoteUrl {
  if (!url.hostname) throw new TypeError('names no host')
  const credentials = url.password
    ? { username: decodeUserInfo(url.username), password: decodeUserInfo(url.password) }
    : undefined
  const user = url.username ? `${encodeURIComponent(decodeUserInfo(url.username))}@` : ''
  const host = url.port === SSH_PORT ? url.hostname : url.host
  const [, written = ''] = /^[^/]+\/\/[^/]*(.*)$/s.exec(text) ?? []
  return ssh(`${user}${host}`, encodePath(written).replaceAll('%25', '%'), credentials)
}

function ssh(host: string, encodedPath: string, credentials: RemoteUrl['credentials']): RemoteUrl {
  const url = withoutTrailingSlash(`ssh://${host}${encodedPath}`)
  if (!URL.canParse(url))
    throw new TypeError(
      'names no host, or one that cannot be: write user@host:path or ssh://user@host/path',
    )
  const remotePath = decodePath(withoutTrailingSlash(encodedPath))
  if (/^(?:\/~[^/]*)?$/.test(remotePath)) throw new TypeError('names no path on the host')
  if (remotePath.includes('\0')) throw new TypeError('has a NUL in its path')
  // The host would take it for an option.
  if (remotePath.startsWith('/~/-')) throw new TypeError('has a path that starts with "-"')
  return { transport: 'ssh', url, credentials }
}

/** `user@host:path` is relative to the user's home unless `path` is absolute. */
function scpUrl({ user, host, path: scpPath = '' }: Record<string, string | undefined>): RemoteUrl {
  // With a user before, a password of another one may follow.
  const misplaced = user === undefined ? /^[^/]*@/ : /^[^/]*@[^/]*:/
  if (misplaced.test(scpPath)) {
    throw new TypeError('looks like a URL without its scheme: put https:// before it')
  }
  if (/^\/\/[^/]*@/.test(scpPath)) {
    throw new TypeError('looks like a URL with a mistyped scheme: write https://host/…')
  }
  const absolute = scpPath.startsWith('/') ? scpPath : `/~/${scpPath.replace(/^~\//, '')}`
  const login = user === undefined ? '' : `${encodeURIComponent(user)}@`
  return ssh(`${login}${host}`, encodePath(absolute), undefined)
}

function local(directory: string): RemoteUrl {
  return { transport: 'local', url: pathToFileURL(directory).href, credentials: undefined }
}

function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/, '')
}

function encodePath(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new TypeError('holds half a character')
  return encodeURI(text).replace(/[?#]/g, encodeURIComponent)
}

function decodePath(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    throw percentSign(error)
  }
}

function percentSign(cause: unknown): TypeError {
  return new TypeError('has a percent sign that starts no UTF-8 character: write %25', { cause })
}

/** A user name or a password as it is meant. */
export function decodeUserInfo(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // A lone percent sign is what the user typed.
    return part
  }
}
