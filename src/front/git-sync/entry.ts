// The one entry that git-sync keeps, and its hooks.
import { redact } from '../../base/redact-patterns.js'
import { rewriteUrl } from '../../git/instead-of.js'
import { parseRemoteUrl } from '../../git/remote-url.js'
import type { Revision } from '../../git/revision.js'
import type { Entry } from '../../listing/entry.js'
import type { Hook } from '../../listing/hook.js'
import { UsageError } from './command-line.js'
import type { GitSettings } from './git-settings.js'
import type { Options } from './options.js'
import { sparsePatterns } from './sparse-file.js'
import type { SshCommandParts } from './ssh-command.js'

/** As many as the client of Go follows. */
const MAX_REDIRECTS = 10

const OID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i

/** Whether a ref is a commit itself, which never becomes another. */
export function isPinned({ ref }: Pick<Options, 'ref'>): boolean {
  return OID.test(ref)
}

/** The entry that `options` ask for; `sparse` is the text of its sparse-checkout file. Throws a {@link UsageError}. */
export function entryOf(
  options: Options,
  { insteadOf }: Pick<GitSettings, 'insteadOf'>,
  { port }: Pick<SshCommandParts, 'port'>,
  environment: Record<string, string>,
  sparse: string | undefined,
): Entry {
  const { depth, filter, gitGc, inPlace, link, period, repo, root, submodules } = options
  const before = prePublishHook(options, environment)
  return {
    path: link,
    directory: link,
    repo: redact(repo),
    remote: remoteOf(rewriteUrl(repo, insteadOf), port),
    insteadOf,
    revision: revisionOf(options),
    selection: {
      subdir: '',
      sparse: sparse === undefined ? undefined : sparsePatterns(sparse),
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
    before: before ? [before] : [],
    after: afterHooks(options, environment),
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

function prePublishHook(options: Options, environment: Record<string, string>): Hook | undefined {
  const { prePublishBackoff, prePublishCommand, prePublishTimeout, prePublishWait } = options
  if (!prePublishCommand) return undefined
  return {
    ...program('pre-publish-exechook', prePublishCommand, environment),
    timeoutMs: prePublishTimeout,
    backoffMs: prePublishBackoff,
    isAwaited: prePublishWait,
  }
}

function afterHooks(options: Options, environment: Record<string, string>): Hook[] {
  const { exechookBackoff, exechookCommand, exechookTimeout, webhookUrl: url } = options
  const hooks: Hook[] = []
  if (exechookCommand) {
    hooks.push({
      ...program('exechook', exechookCommand, environment),
      timeoutMs: exechookTimeout,
      backoffMs: exechookBackoff,
    })
  }
  if (url) {
    const { webhookBackoff, webhookMethod: method, webhookSuccessStatus, webhookTimeout } = options
    const status = webhookSuccessStatus > 0 ? webhookSuccessStatus : undefined
    hooks.push({
      kind: 'post',
      name: 'webhook',
      url,
      urlFile: undefined,
      headers: {},
      headerFiles: {},
      secretFile: undefined,
      body: undefined,
      call: { method, oidHeader: 'Gitsync-Hash', status, redirects: MAX_REDIRECTS },
      retry: 'fixed',
      isRepeated: true,
      timeoutMs: webhookTimeout,
      backoffMs: webhookBackoff,
    })
  }
  return hooks
}

function program(name: string, command: string, environment: Record<string, string>) {
  return {
    kind: 'run' as const,
    name,
    program: command,
    arguments: [],
    environment: { ...environment, GITSYNC_HASH: '{{oid}}' },
    retry: 'fixed' as const,
    mayLeave: true,
    isRepeated: true,
  }
}
