// The one entry that git-sync keeps, and its hooks.
import { redact } from '../../base/redact-patterns.js'
import { basic } from '../../credentials/authorization.js'
import { rewriteUrl } from '../../git/instead-of.js'
import { decodeUserInfo, parseRemoteUrl } from '../../git/remote-url.js'
import type { Revision } from '../../git/revision.js'
import type { Entry } from '../../listing/entry.js'
import type { Hook, RunHook } from '../../listing/hook.js'
import { UsageError } from './command-line.js'
import type { GitSettings } from './git-settings.js'
import type { Options } from './options.js'
import type { SshCommandParts } from './ssh-command.js'

/** As many as the client of Go follows. */
const MAX_REDIRECTS = 10

const USER_INFO = /^([a-z]+:\/\/)[^/?#]*@/i

const OID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i

/** Whether a ref is a commit itself, which never becomes another. */
export function isPinned({ ref }: Pick<Options, 'ref'>): boolean {
  return OID.test(ref)
}

/** The entry that `options` ask for, but for its sparse-checkout file. Throws a {@link UsageError}. */
export function entryOf(
  options: Options,
  { insteadOf }: Pick<GitSettings, 'insteadOf'>,
  { port }: Pick<SshCommandParts, 'port'>,
  environment: Record<string, string>,
): Entry {
  const { depth, filter, gitGc, inPlace, link, period, repo, root, submodules } = options
  const { exechookBackoff, exechookTimeout, prePublishBackoff, prePublishTimeout } = options
  const beforeTimes = { timeoutMs: prePublishTimeout, backoffMs: prePublishBackoff }
  const before = program(
    'pre-publish-exechook',
    options.prePublishCommand,
    beforeTimes,
    environment,
  )
  const afterTimes = { timeoutMs: exechookTimeout, backoffMs: exechookBackoff }
  const exechook = program('exechook', options.exechookCommand, afterTimes, environment)
  return {
    path: link,
    directory: link,
    repo: redact(repo),
    remote: remoteOf(rewriteUrl(repo, insteadOf), port),
    insteadOf,
    revision: revisionOf(options),
    selection: {
      subdir: '',
      sparse: undefined,
      lfs: false,
      ...(submodules !== 'off' && { submodules: submodules as 'shallow' | 'recursive' }),
    },
    publish: inPlace ? 'in-place' : 'symlink',
    history: depth === 0 ? 'full' : depth,
    historyBranch: 'refs/heads/git-sync',
    ...(filter !== '' && { filter }),
    ...(Object.hasOwn(GC, gitGc) && { gc: GC[gitGc] }),
    intervalMs: period,
    required: true,
    suspend: false,
    verify: undefined,
    clean: false,
    credential: undefined,
    ...(!inPlace && { worktreeRoot: root }),
    movesAside: true,
    // Whoever reads may write there, too.
    ownFiles: true,
    before: before.map((hook) => ({ ...hook, isAwaited: options.prePublishWait })),
    after: [...exechook, ...webhook(options)],
  }
}

/** When objects that are of no use go, where that is not left to the machine. */
const GC: Readonly<Record<string, Entry['gc']>> = {
  always: 'always',
  aggressive: 'always',
  off: 'never',
}

function remoteOf(repo: string, port: string | undefined): Entry['remote'] {
  try {
    const remote = parseRemoteUrl(repo, process.cwd())
    if (port === undefined || remote.transport !== 'ssh') return remote
    return { ...remote, url: Object.assign(new URL(remote.url), { port }).href }
  } catch (error) {
    throw new UsageError(`invalid flag: --repo ${(error as Error).message}`, 1)
  }
}

function revisionOf({ ref }: Options): Revision {
  if (ref === 'HEAD') return { kind: 'head' }
  return OID.test(ref) ? { kind: 'commit', oid: ref.toLowerCase() } : { kind: 'name', name: ref }
}

/** A program that is run, if one is named. */
function program(
  name: string,
  command: string,
  times: Pick<RunHook, 'timeoutMs' | 'backoffMs'>,
  environment: Record<string, string>,
): RunHook[] {
  const hook = {
    kind: 'run',
    name,
    program: command,
    arguments: [],
    environment: { ...environment, GITSYNC_HASH: '{{oid}}' },
    retry: 'fixed',
    mayLeave: true,
    isRepeated: true,
    ...times,
  } as const
  return command ? [hook] : []
}

/** The login in an address, as a header. */
function loginIn(url: string): Record<string, string> {
  if (!URL.canParse(url)) return {}
  const { password, username } = new URL(url)
  if (username === '' && password === '') return {}
  const login = { username: decodeUserInfo(username), password: decodeUserInfo(password) }
  return { authorization: basic(login) }
}

function webhook(options: Options): Hook[] {
  const { webhookMethod: method, webhookSuccessStatus, webhookUrl: url } = options
  const status = webhookSuccessStatus > 0 ? webhookSuccessStatus : undefined
  const hook = {
    kind: 'post',
    name: 'webhook',
    url: url.replace(USER_INFO, '$1'),
    urlFile: undefined,
    headers: loginIn(url),
    headerFiles: {},
    secretFile: undefined,
    body: undefined,
    call: { method, oidHeader: 'Gitsync-Hash', status, redirects: MAX_REDIRECTS },
    retry: 'fixed',
    isRepeated: true,
    timeoutMs: options.webhookTimeout,
    backoffMs: options.webhookBackoff,
  } as const
  return url ? [hook] : []
}
