// What tells one repository from another in whatever form somebody writes its address: over HTTP
// or SSH, as a clone or a browser has it, with or without user, port and `.git`. It decides what is
// looked at, and never what is trusted: two repositories of one name cost a look too many.
import { fileURLToPath } from 'node:url'

/** A repository; its host is unknown where only a path was said. Both are in lower case. */
export interface RepositoryName {
  host: string | undefined
  path: string
}

const SCP_FORM = /^(?:[^@/\s]+@)?(\[[^\]]+\]|[^:/\s]+):(?!\/\/)(.+)$/
/** Hosts that serve SSH for another one, on a port of their own or that of HTTPS. */
const SSH_HOST = /^(?:alt)?ssh\.(?=[^.]+\.)/
const VISUAL_STUDIO = /^(?!vs-ssh\.)([^.]+)\.visualstudio\.com$/

/** The name of the repository at `address`; undefined where that names none. */
export function repositoryNameOf(address: string): RepositoryName | undefined {
  const { host, path } = takeApart(address.trim())
  const name = azureName(host, path) ?? { host: host.replace(SSH_HOST, ''), path }
  return name.path === '' ? undefined : { host: name.host, path: name.path }
}

/** The name of a repository of which only the path on some host is known. */
export function repositoryNameOfPath(path: string): RepositoryName {
  return { host: undefined, path: comparable(path) }
}

/** Whether two names may be of one repository; one without a host may be below any folder. */
export function isSameRepository(one: RepositoryName, other: RepositoryName): boolean {
  if (one.host !== undefined && other.host !== undefined) {
    return one.host === other.host && one.path === other.path
  }
  const [short, long] = one.host === undefined ? [one, other] : [other, one]
  return short.path !== '' && (long.path === short.path || long.path.endsWith(`/${short.path}`))
}

function takeApart(address: string): { host: string; path: string } {
  if (/^file:/i.test(address)) return { host: '', path: comparable(localPath(address)) }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) {
    if (!URL.canParse(address)) return { host: '', path: '' }
    const { hostname, pathname } = new URL(address)
    return { host: hostname.toLowerCase(), path: comparable(decoded(pathname)) }
  }
  const [, host, path = ''] = (address.startsWith('/') ? undefined : SCP_FORM.exec(address)) ?? []
  return host === undefined
    ? { host: '', path: comparable(address) }
    : { host: host.toLowerCase(), path: comparable(path) }
}

/** A path without what does not tell repositories apart; what begins at a home is at the root. */
function comparable(path: string): string {
  // Azure DevOps encodes what others write as it is.
  const parts = decoded(path)
    .split('/')
    .filter((part) => part !== '' && part !== '~')
  return parts
    .join('/')
    .replace(/\.git$/i, '')
    .toLowerCase()
}

/**
 * Azure DevOps has several hosts and forms for one repository, and leaves the project out where it
 * is called as the repository is. https://learn.microsoft.com/azure/devops/repos/git/share-your-code-in-git-vs
 */
function azureName(host: string, path: string): RepositoryName | undefined {
  const parts = path.split('/')
  const [, organization] = VISUAL_STUDIO.exec(host) ?? []
  if (organization !== undefined) {
    parts.unshift(organization)
    if (parts[1] === 'defaultcollection') parts.splice(1, 1)
  } else if (!['dev.azure.com', 'ssh.dev.azure.com', 'vs-ssh.visualstudio.com'].includes(host)) {
    // A server of one's own has them as well.
    const at = parts.indexOf('_git')
    return at < 0 ? undefined : { host, path: withoutMark(parts, at).join('/') }
  }
  if (parts[0] === 'v3') parts.shift()
  const at = parts.indexOf('_git')
  return { host: 'dev.azure.com', path: (at < 0 ? parts : withoutMark(parts, at)).join('/') }
}

function withoutMark(parts: readonly string[], at: number): string[] {
  const [before, after] = [parts.slice(0, at), parts.slice(at + 1)]
  return before.length === 1 ? [...before, ...after, ...after] : [...before, ...after]
}

function localPath(address: string): string {
  try {
    return fileURLToPath(address)
  } catch {
    // Of another host, or relative: not one that is followed.
    return ''
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    // A lone percent sign is what was typed.
    return path
  }
}
