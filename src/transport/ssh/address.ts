// Where a request goes: the host to log in to, and the command to run there, quoted
// as git does it. https://git-scm.com/docs/git-clone#_git_urls
import { SyncError } from '../../base/errors.js'

/** A repository on a host, as the URL of a request names it. */
export interface SshAddress {
  /** Without the brackets of an IPv6 address. */
  host: string
  port: number
  user: string | undefined
  /** As upload-pack is given it: absolute, `~user/…`, or relative to the user's home. */
  path: string
  /** What is asked of upload-pack: what it can do, or a command. */
  service: 'advertisement' | 'result'
}

export const SSH_PORT = 22
const ADDRESS = /^ssh:\/\/[^/]+(\/.*)\/(info\/refs|git-upload-pack)(?:\?[^/]*)?$/

/** Takes the URL of a request apart. */
export function parseSshAddress(url: string): SshAddress {
  // The URL parser would resolve the dots of a path that starts at the user's home.
  const [, folder, service] = ADDRESS.exec(url) ?? []
  if (folder === undefined) {
    throw new SyncError('internal', `${url} is no address of upload-pack on an SSH host`)
  }
  const { hostname, port, username } = new URL(url)
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? SSH_PORT : Number(port),
    user: username === '' ? undefined : decodeURIComponent(username),
    path: remotePath(decodeURIComponent(folder)),
    service: service === 'info/refs' ? 'advertisement' : 'result',
  }
}

/** The command that serves a repository. */
export function uploadPackCommand(path: string): string {
  return `git-upload-pack '${path.replace(/['!]/g, "'\\$&'")}'`
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
