// Where the objects of Git LFS are to be had: below the repository's own address, or where the
// `.lfsconfig` of the commit says, which never leads to this machine's files.
// https://github.com/git-lfs/git-lfs/blob/main/docs/api/server-discovery.md
import { SyncError } from '../base/errors.js'
import { parseConfig } from '../git/config.js'
import { parseRemoteUrl, type RemoteUrl } from '../git/remote-url.js'

/** The file at the root of a commit that may name the address. */
export const CONFIG_FILE = '.lfsconfig'

/** The address for a commit of `remote` that has this `.lfsconfig`. Throws `lfs-config-invalid`. */
export function lfsAddress(remote: RemoteUrl, config: string | undefined): RemoteUrl {
  const named = config === undefined ? undefined : urlIn(config)
  if (named === undefined) {
    return remote.transport === 'http' ? { ...remote, url: belowRepository(remote.url) } : remote
  }
  const address = parse(named)
  if (address.transport === 'local') {
    throw refused('an address that is neither https, http nor ssh')
  }
  return address
}

/** The address for a repository whose host has nothing else to say. */
export function belowRepository(url: string): string {
  return `${url}${url.endsWith('.git') ? '' : '.git'}/info/lfs`
}

/** As git-lfs has it for a clone, whose remote is called `origin`. */
function urlIn(config: string): string | undefined {
  const { faultyLine, variables } = parseConfig(config)
  if (faultyLine !== undefined) throw refused(`a line that git does not take (${faultyLine})`)
  const last = (section: string, subsection: string | undefined, name: string) =>
    variables.findLast(
      (variable) =>
        variable.section === section &&
        variable.subsection === subsection &&
        variable.name === name &&
        variable.value,
    )?.value
  return last('lfs', undefined, 'url') ?? last('remote', 'origin', 'lfsurl')
}

function parse(url: string): RemoteUrl {
  try {
    return parseRemoteUrl(url, '/')
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw refused(`an address that ${error.message}`)
  }
}

function refused(what: string): SyncError {
  return new SyncError(
    'lfs-config-invalid',
    `The ${CONFIG_FILE} of the commit has ${what}; nothing of this commit is published: correct it in the repository`,
  )
}
