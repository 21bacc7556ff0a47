// What the flags of git-sync mean together: deprecated ones become those that took their place, and
// what contradicts itself is refused, in its words.

import os from 'node:os'
import path from 'node:path'
import { isWithin } from '../../base/paths.js'
import { OWN_DIRECTORY } from '../../volume/own-directory.js'
import { type ReadFlags, UsageError } from './command-line.js'
import { FLAGS, type GitSyncValues } from './flags.js'

/** The flags, resolved. Paths are absolute. */
export interface Options extends Omit<GitSyncValues, 'syncOnSignal'> {
  /** Undefined: no signal wakes it. */
  syncOnSignal: NodeJS.Signals | undefined
  /** With that of $GITSYNC_PASSWORD. */
  password: string
}

/** A filter-spec: https://git-scm.com/docs/git-rev-list#Documentation/git-rev-list.txt---filterltfilter-specgt */
const FILTER = /^(?:blob:none|blob:limit=\d+[kmg]?|tree:\d+|object:type=[a-z]+)$/

/** There is one entry. */
export const MAX_CONCURRENT_SYNCS = 1

const SECOND = 1000
const SHORTEST_PERIOD_MS = 10

/** Resolves flags. Throws a {@link UsageError}. */
export function resolveOptions(
  { isSet, values }: ReadFlags,
  cwd: string,
  warn: (message: string) => void,
): Options {
  const options = { ...values, ...withoutDeprecated(values, warn) }
  require(options.repo, '--repo')
  require(options.ref, '--ref')
  require(options.root, '--root')
  if (options.depth < 0) throw invalid('--depth must be greater than or equal to 0')
  oneOf('--submodules', options.submodules, ['recursive', 'shallow', 'off'])
  oneOf('--git-gc', options.gitGc, ['auto', 'always', 'aggressive', 'off'])
  atLeast('--period', options.period, SHORTEST_PERIOD_MS, '10ms')
  if (options.initPeriod !== 0)
    atLeast('--init-period', options.initPeriod, SHORTEST_PERIOD_MS, '10ms')
  atLeast('--sync-timeout', options.syncTimeout, SHORTEST_PERIOD_MS, '10ms')
  checkHooks(options)
  checkLogin(options)
  const served = {
    metrics: options.httpMetrics,
    pprof: options.httpPprof,
    'sync-secret-file': options.httpSyncSecretFile,
  }
  const [service] = Object.entries(served).find(([, isSet]) => isSet) ?? []
  if (!options.httpBind && service !== undefined)
    throw invalid(`--http-bind must be specified when --http-${service} is set`)
  if (options.filter !== '' && !FILTER.test(options.filter))
    throw invalid(
      '--filter must be a filter-spec as git has them, as blob:none, blob:limit=1m or tree:0',
    )
  if (options.inPlace && options.prePublishCommand)
    throw invalid(
      '--pre-publish-exechook-command may not be specified when --in-place is: there is no worktree before',
    )
  const root = path.resolve(cwd, options.root)
  const link =
    options.link ||
    options.repo
      .replace(/^\/+|\/+$/g, '')
      .split('/')
      .at(-1) ||
    ''
  return {
    ...options,
    root,
    link: linkAt(root, link),
    errorFile: options.errorFile && path.resolve(root, options.errorFile),
    touchFile: options.touchFile && path.resolve(root, options.touchFile),
    initPeriod: options.initPeriod || options.period,
    initMaxFailures: isSet.has('initMaxFailures') ? options.initMaxFailures : options.maxFailures,
    password: options.password || options.envPassword,
    syncOnSignal: signalNamed(options.syncOnSignal),
  }
}

function withoutDeprecated(
  values: GitSyncValues,
  warn: (message: string) => void,
): Partial<GitSyncValues> {
  const {
    branch,
    changePermissions,
    dest,
    maxSyncFailures,
    rev,
    syncHookCommand,
    timeout,
    v,
    wait,
  } = values
  const told: Partial<GitSyncValues> = {}
  const set = <K extends keyof GitSyncValues>(key: K, value: GitSyncValues[K], from: string) => {
    warn(`setting --${FLAGS[key].name} from deprecated --${from}`)
    told[key] = value
  }
  if (branch && (rev === '' || rev === 'HEAD')) set('ref', branch, 'branch')
  else if (rev && !branch) set('ref', rev, 'rev')
  else if (rev && branch)
    throw invalid("can't set --ref from deprecated --branch and --rev: leave one of them out")
  if (dest) set('link', dest, 'dest')
  if (wait !== 0) set('period', Math.trunc(wait * SECOND), 'wait')
  if (timeout !== 0) set('syncTimeout', timeout * SECOND, 'timeout')
  if (maxSyncFailures !== 0) set('maxFailures', maxSyncFailures, 'max-sync-failures')
  if (syncHookCommand) set('exechookCommand', syncHookCommand, 'sync-hook-command')
  if (v >= 0) told.verbose = v
  if (changePermissions !== 0) {
    warn('--change-permissions is taken for --group-write')
    told.groupWrite = true
  }
  return told
}

function checkHooks(options: Pick<GitSyncValues, keyof GitSyncValues>): void {
  const hooks = [
    ['exechook', options.exechookCommand, options.exechookTimeout, options.exechookBackoff],
    [
      'pre-publish-exechook',
      options.prePublishCommand,
      options.prePublishTimeout,
      options.prePublishBackoff,
    ],
    ['webhook', options.webhookUrl, options.webhookTimeout, options.webhookBackoff],
  ] as const
  for (const [name, command, timeout, backoff] of hooks) {
    if (!command) continue
    atLeast(`--${name}-timeout`, timeout, SECOND, '1s')
    atLeast(`--${name}-backoff`, backoff, SECOND, '1s')
  }
  if (options.webhookUrl && options.webhookSuccessStatus < -1) {
    throw invalid('--webhook-success-status must be a valid HTTP code or -1')
  }
}

function checkLogin(options: GitSyncValues): void {
  const { envPassword, password, passwordFile, repo, username } = options
  const given = password || envPassword
  const inUrl = /^https?:\/\/[^/]*@/.test(repo)
  if (username) {
    if (inUrl) throw invalid('--username may not be specified when --repo has a user name')
    if (!given && !passwordFile)
      throw missing(
        '$GITSYNC_PASSWORD or --password-file must be specified when --username is specified',
      )
    if (given && passwordFile)
      throw invalid('only one of $GITSYNC_PASSWORD and --password-file may be specified')
  } else {
    if (given) throw invalid('$GITSYNC_PASSWORD may only be specified when --username is specified')
    if (passwordFile)
      throw invalid('--password-file may only be specified when --username is specified')
  }
  const { githubAppId, githubClientId, githubInstallationId, githubKey, githubKeyFile } = options
  if (!(githubAppId || githubClientId || githubInstallationId || githubKey || githubKeyFile)) return
  const key = '$GITSYNC_GITHUB_APP_PRIVATE_KEY or --github-app-private-key-file'
  const id = '--github-app-application-id or --github-app-client-id'
  const isOne = (one: unknown, other: unknown) => Boolean(one) !== Boolean(other)
  if (!isOne(githubKey, githubKeyFile)) throw missing(`exactly one of ${key} must be specified`)
  if (!isOne(githubAppId, githubClientId)) throw missing(`exactly one of ${id} must be specified`)
  if (!githubInstallationId) throw missing('--github-app-installation-id must be specified')
  if (username || inUrl) throw invalid('--username may not be specified when a GitHub app is')
}

function signalNamed(text: string): NodeJS.Signals | undefined {
  if (text === '') return undefined
  const { signals } = os.constants
  for (const [name, number] of Object.entries(signals)) {
    if (![name, name.slice(3), String(number)].includes(text)) continue
    if (name !== 'SIGKILL' && name !== 'SIGSTOP') return name as NodeJS.Signals
    throw invalid(`--sync-on-signal must be a signal that a program can hear, not ${name}`)
  }
  throw invalid(`--sync-on-signal must be a valid signal name or number: ${JSON.stringify(text)}`)
}

/** Where the link is, which cannot take the place of what git-sync itself has in the root. */
function linkAt(root: string, link: string): string {
  const resolved = path.resolve(root, link)
  const own = ['.git', '.worktrees', OWN_DIRECTORY].map((name) => path.join(root, name))
  if (isWithin(resolved, root) || own.some((directory) => isWithin(directory, resolved))) {
    throw invalid(
      `--link must be a path of its own, not ${JSON.stringify(link)}: it is or holds --root, or is in .git, .worktrees or ${OWN_DIRECTORY} there`,
    )
  }
  return resolved
}

function require(value: string, name: string): void {
  if (value === '') throw missing(`${name} must be specified`)
}

function oneOf(name: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return
  throw invalid(
    `${name} must be one of ${allowed.map((each) => JSON.stringify(each)).join(' or ')}`,
  )
}

function atLeast(name: string, valueMs: number, leastMs: number, words: string): void {
  if (valueMs < leastMs) throw invalid(`${name} must be at least ${words}`)
}

function missing(what: string): UsageError {
  return new UsageError(`required flag: ${what}`, 1)
}

function invalid(what: string): UsageError {
  return new UsageError(`invalid flag: ${what}`, 1)
}
