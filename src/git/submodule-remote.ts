// Where a submodule is fetched from, as its superproject says: never what leads to this machine's
// own files, or to a program, unless the superproject is on this machine itself.
import { fileURLToPath } from 'node:url'
import { SyncError } from '../base/errors.js'
import { displayPath } from '../volume/byte-path.js'
import type { Submodule } from './gitmodules.js'
import { type InsteadOf, rewriteUrl } from './instead-of.js'
import { isSameOrigin, parseRemoteUrl, type RemoteUrl } from './remote-url.js'
import { resolveSubmoduleUrl } from './submodule-url.js'

/**
 * The remote of a submodule; it has its superproject's own credentials only where both are of one
 * origin. Throws `submodule-invalid`.
 */
export function submoduleRemote(
  { url }: Pick<Submodule, 'url'>,
  superproject: RemoteUrl,
  insteadOf: InsteadOf = [],
): RemoteUrl {
  const remote = parse(url, superproject, insteadOf)
  // Whoever configures another address may name them.
  const isWritten = url === undefined || rewriteUrl(url, insteadOf) === url
  if (remote.transport === 'local' && superproject.transport !== 'local' && isWritten) {
    throw invalid('leads to files of this machine, which only a repository on it may name')
  }
  if (remote.credentials || !isSameOrigin(remote, superproject)) return remote
  return { ...remote, credentials: superproject.credentials }
}

/** The remote of a submodule that is published, of which no credentials of its own are kept. */
export function publishedRemote(url: string, superproject: RemoteUrl): RemoteUrl {
  const { protocol } = new URL(url)
  const isHttp = protocol === 'https:' || protocol === 'http:'
  const transport = isHttp ? 'http' : protocol === 'ssh:' ? 'ssh' : 'local'
  const remote: RemoteUrl = { transport, url, credentials: undefined }
  return isSameOrigin(remote, superproject)
    ? { ...remote, credentials: superproject.credentials }
    : remote
}

function parse(url: string | undefined, superproject: RemoteUrl, insteadOf: InsteadOf): RemoteUrl {
  if (url === undefined) throw invalid('is missing, or could be taken for an option')
  if (/^[\w+.-]+::/.test(url)) throw invalid('names a program')
  const base =
    superproject.transport === 'local' ? fileURLToPath(superproject.url) : superproject.url
  try {
    return parseRemoteUrl(rewriteUrl(displayPath(resolveSubmoduleUrl(url, base)), insteadOf), '/')
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) throw invalid(error.message)
    throw error
  }
}

function invalid(fault: string): SyncError {
  return new SyncError(
    'submodule-invalid',
    `its url in .gitmodules ${fault}; nothing of this commit is published: correct it in the repository, or take submodules out of the entry`,
  )
}
