// Submodules whose URL is a path or `file:`: as in git, only whoever says so has them fetched.
// https://git-scm.com/docs/git-config#Documentation/git-config.txt-protocolallow
import { SyncError } from '../../base/errors.js'
import type { Entry } from '../../listing/entry.js'
import type { Sessions } from '../../sessions.js'

/** What opens sessions, but for those of submodules on this machine, unless `allow` is `always`. */
export function withoutFileSubmodules(
  open: Sessions['open'],
  { remote: own }: Pick<Entry, 'remote'>,
  allow: string | undefined,
): Sessions['open'] {
  if (allow === 'always') return open
  return (login) => {
    const { transport, url } = login.remote
    if (transport !== 'local' || url === own.url) return open(login)
    throw new SyncError(
      'submodule-invalid',
      `its url ${url} is on this machine: allow that by --git-config=protocol.file.allow:always, or set --submodules=off`,
    )
  }
}
