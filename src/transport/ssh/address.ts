// Where a repository is: the host to log in to, and the command to run there, quoted
// as git does it. https://git-scm.com/docs/git-clone#_git_urls
import { SyncError } from '../../base/errors.js'

/** A repository on a host. */
export interface SshAddress {
  /** Without the brackets of an IPv6 address. */
  host: string
  port: number
  user: string | undefined
  /** As upload-pack is given it: absolute, `~user/…`, or relative to the user's home. */
  path: string
}

export const SSH_PORT = 22
const ADDRESS = /^ssh:\/\/[^/]+(\/.*)$/

/** Takes the URL of a repository apart. */
export function parseSshAddress(url: string): SshAddress {
  // The URL parser would resolve the dots of a path that starts at the user's home.
  const [, folder] = ADDRESS.exec(url) ?? []
  if (folder === undefined) {
    throw new SyncError('internal', `${url} is no address of a repository on an SSH host`)
  }
  const { hostname, port, username } = new URL(url)
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? SSH_PORT : Number(port),
    user: username === '' ? undefined : decodeURIComponent(username),
    path: remotePath(decodeURIComponent(folder)),
  }
}

/** The command that serves a repository. */
export function uploadPackCommand(path: string): string {
  return `git-upload-pack ${quoted(path)}`
}

/** The command that tells where the objects of Git LFS are to be had, and with which headers. */
export function lfsCommand(path: string): string {
  return `git-lfs-authenticate ${quoted(path)} download`
}

/** The host as errors show it: with the port, where it is not SSH's own. */
export function displayHost({ host, port }: Pick<SshAddress, 'host' | 'port'>): string {
  const name = host.includes(':') ? `[${host}]` : host
  return port === SSH_PORT ? name : `${name}:${port}`
}

/** A session starts in the user's home, so that a path below it needs no tilde. */
function remotePath(folder: string): string {
  if (folder.startsWith('/~/')) return folder.slice(3)
  return folder.startsWith('/~') ? folder.slice(1) : folder
}

function quoted(path: string): string {
  return `'${path.replace(/['!]/g, "'\\$&'")}'`
}
