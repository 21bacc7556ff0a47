// Variables that are probably meant for git-sync, and are none of its own.
import { suggestion } from '../../base/did-you-mean.js'
import { FLAGS } from './flags.js'

/** Names that the field mixes up, and what they should be. */
const MEANT: Readonly<Record<string, string>> = {
  GITSYNC_BRANCH: 'GITSYNC_REF',
  GITSYNC_REV: 'GITSYNC_REF',
  GIT_SYNC_REF: 'GITSYNC_REF',
  GITSYNC_DEST: 'GITSYNC_LINK',
  GITSYNC_WAIT: 'GITSYNC_PERIOD',
  GITSYNC_TIMEOUT: 'GITSYNC_SYNC_TIMEOUT',
  GITSYNC_PERMISSIONS: 'GITSYNC_GROUP_WRITE',
  GITSYNC_MAX_SYNC_FAILURES: 'GITSYNC_MAX_FAILURES',
  GITSYNC_HOOK_COMMAND: 'GITSYNC_EXECHOOK_COMMAND',
  GITSYNC_KNOWN_HOSTS: 'GITSYNC_SSH_KNOWN_HOSTS',
  GIT_SYNC_SSH_KNOWN_HOSTS: 'GITSYNC_SSH_KNOWN_HOSTS',
}
/** These have never done anything, and need not. */
const IGNORED = ['GITSYNC_SSH', 'GIT_SYNC_SSH', 'GITSYNC_HASH']

/** What Kubernetes sets for each Service, be its name git-sync. */
const OF_SERVICE = /_(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_\w+)?)?)$/

/** A warning for each variable that does nothing. */
export function findMistyped(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = Object.values(FLAGS).flatMap(({ variables }) => variables)
  return Object.keys(env).flatMap((name) => {
    if (!/^GIT_?SYNC_/.test(name) || known.includes(name) || IGNORED.includes(name)) return []
    if (OF_SERVICE.test(name)) return []
    const meant = MEANT[name]
    const hint = meant ? ` (did you mean "${meant}"?)` : suggestion(name, known)
    return [`env $${name} means nothing to git-sync and is ignored${hint}`]
  })
}
