// Every setting, from the environment and from flags: one table gives names,
// defaults, parsers and the help.
import { parseBytes } from './base/bytes.js'
import type { Flag } from './base/command-line.js'
import { parseDuration, parseInterval } from './base/duration.js'
import { SyncError } from './base/errors.js'
import { isFileName, type NamedFile, namedIn } from './base/file-name.js'
import { assertExpanded } from './base/paths.js'
import { redact } from './base/redact-patterns.js'
import { parseShard, type Shard } from './base/shard.js'
import {
  integerBetween,
  oneOf,
  parseBoolean,
  parseHost,
  parseShare,
  parseTimeout,
} from './base/values.js'
import type { InsteadOf } from './git/instead-of.js'
import { parseRepoRewrites } from './git/repo-rewrite.js'
import type { ListingDefaults } from './listing/entry.js'
import { assertPostable } from './listing/read-hooks.js'
import { LOG_FORMATS, LOG_LEVELS, type LogFormat } from './observe/log-choices.js'
import type { PublishMode } from './publish/target.js'
import { MIN_SECRET_LENGTH } from './server/webhooks/secrets.js'
import {
  type HttpProxy,
  parseNoProxy,
  parseProxy,
  readProxy,
  type UnusableProxy,
} from './transport/http/proxy.js'

/** One setting: how it is written, on the command line as well, and how it is parsed. */
export interface Setting<T> extends Flag {
  variable: string
  /** The environment variables that it is read from, the first that is set; its own among them. */
  variables: readonly string[]
  /** Throws a RangeError whose message says what is wrong. */
  parse(text: string, cwd: string, variable: string): T
}

/** Every setting, in the order of the help and the documents. */
// biome-ignore format: a table
export const SETTINGS = {
  listingPath: setting('LISTING_PATH', 'file', undefined, toPath,
    'the listing: a JSON array of entries (required)'),
  scrapeIntervalMs: setting('SCRAPE_INTERVAL', 'duration', '60s', parseInterval,
    'time between polls; a bare number is milliseconds, units are ms s m h d'),
  root: setting<string | undefined>('ROOT', 'directory', undefined, toPath,
    "every entry's path must lie inside it, and relative paths start there"),
  publish: setting<PublishMode>('PUBLISH', 'mode', 'in-place', oneOf(['in-place', 'symlink']),
    'default publish mode: in-place or symlink'),
  shard: setting<Shard | undefined>('SHARD', 'index/total', undefined, parseShard,
    'which of several instances this is, as 0/3: it takes its share of the remotes; unset: all'),
  prune: setting('PRUNE', 'boolean', 'false', parseBoolean,
    'remove what was published when its entry leaves the listing'),
  stateDir: setting<string | undefined>('STATE_DIR', 'directory', undefined, toPath,
    'where state files live; unset: beside the published files'),
  credentialsPath: setting<NamedFile | undefined>('CREDENTIALS_PATH', 'file', undefined, toNamedFile,
    'JSON file of credentials by URL prefix'),
  repoRewrite: setting<InsteadOf | undefined>('REPO_REWRITE', 'rules', undefined, parseRepoRewrites,
    'from=to, several by blanks: a repo that begins with from is reached at to and its rest; the longest from counts'),
  repoRewriteFallbackMs: setting<number | undefined>('REPO_REWRITE_FALLBACK', 'duration', undefined, parseTimeout,
    'how long such an address cannot be reached before the repo itself is asked, or up to twice this; unset: never'),
  httpHost: setting('HTTP_HOST', 'host', '0.0.0.0', parseHost,
    'address of health, metrics, status, the page and webhooks'),
  httpPort: setting('HTTP_PORT', 'port', '8080', integerBetween(0, 65_535),
    'port of health, metrics, status, the page and webhooks; 0: any free port, logged'),
  maxConnections: setting('MAX_CONNECTIONS', 'number', '512', integerBetween(1, 65_535),
    'connections of the HTTP server; more take the place of idle ones, or are closed at once'),
  webhookSecretFile: setting<NamedFile | undefined>('WEBHOOK_SECRET_FILE', 'file', undefined, toNamedFile,
    'file of the secrets that push webhooks show, one a line, read again when it changes; unset: webhooks are not taken'),
  webhookSecret: setting<string | undefined>('WEBHOOK_SECRET', 'text', undefined, toSecrets,
    'such secrets themselves'),
  webhookPollIntervalMs: setting('WEBHOOK_POLL_INTERVAL', 'duration', '5m', parseInterval,
    'time between polls of a remote whose webhooks arrive, where it is longer than the interval'),
  logLevel: setting('LOG_LEVEL', 'level', 'info', oneOf(LOG_LEVELS),
    `least important level to log: ${LOG_LEVELS.join(', ')}`),
  logFormat: setting<LogFormat | undefined>('LOG_FORMAT', 'format', undefined, oneOf(LOG_FORMATS),
    'json, or pretty for people; unset: pretty on a terminal, without colours where NO_COLOR is set, else json'),
  syncTimeoutMs: setting('SYNC_TIMEOUT', 'duration', '10m', parseTimeout,
    'longest time for one whole sync'),
  idleTimeoutMs: setting('IDLE_TIMEOUT', 'duration', '30s', parseTimeout,
    'longest time without a byte received'),
  maxConcurrentSyncs: setting('MAX_CONCURRENT_SYNCS', 'number', '4', integerBetween(1, 1000),
    'how many entries fetch and publish at once'),
  maxConcurrentPolls: setting('MAX_CONCURRENT_POLLS', 'number', '32', integerBetween(1, 1000),
    'how many remotes are polled at once, of one host half as many'),
  maxPackBytes: setting('MAX_PACK_BYTES', 'bytes', '8GiB', parseBytes,
    'largest pack that is received; units k M G T, with i for powers of 1024'),
  maxCheckoutBytes: setting('MAX_CHECKOUT_BYTES', 'bytes', '32GiB', parseBytes,
    'most bytes that one pack unpacks to, and that are written for one commit'),
  maxFiles: setting('MAX_FILES', 'number', '1000000', integerBetween(1, 100_000_000),
    'most files and directories of one commit'),
  maxRefsBytes: setting('MAX_REFS_BYTES', 'bytes', '64MiB', parseBytes,
    "longest list of a remote's refs that is read"),
  memoryBudgetBytes: setting('MEMORY_BUDGET', 'bytes', '128MiB', parseBytes,
    'memory for what is held whole: trees, commits, lists of refs, plans of files'),
  jitter: setting('JITTER', 'share', '0.1', parseShare,
    'each interval is shortened by up to this share, 0 to 1'),
  worktreeGracePeriodMs: setting('WORKTREE_GRACE_PERIOD', 'duration', '10s', parseDuration,
    'how long an earlier worktree stays for its readers after the symlink was swapped'),
  verifyIntervalMs: setting('VERIFY_INTERVAL', 'duration', '10m', parseDuration,
    'how often published files are checked for drift; 0: never'),
  runHooks: setting('RUN_HOOKS', 'boolean', 'false', parseBoolean,
    'allow hooks that run programs: whoever may change the listing runs them as this service'),
  notifyUrl: setting<string | undefined>('NOTIFY_URL', 'url', undefined, parsePostUrl,
    'where CloudEvents are posted of what somebody may have to act on'),
  notifyUrlFile: setting<NamedFile | undefined>('NOTIFY_URL_FILE', 'file', undefined, toNamedFile,
    'the file that holds NOTIFY_URL, where that is a secret; read at each attempt'),
  notifySecretFile: setting<NamedFile | undefined>('NOTIFY_SECRET_FILE', 'file', undefined, toNamedFile,
    'the file with the secret whsec_… that they are signed by, one a line; read at each attempt'),
  oneTime: setting('ONE_TIME', 'boolean', 'false', parseBoolean,
    'sync every entry once, then exit 0, or 1 if any failed'),
  httpsProxy: setting<HttpProxy | UnusableProxy | undefined>('HTTPS_PROXY', 'url', undefined, toProxy,
    'proxy for https:// remotes; also https_proxy, all_proxy, ALL_PROXY',
    ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY']),
  httpProxy: setting<HttpProxy | UnusableProxy | undefined>('HTTP_PROXY', 'url', undefined, toProxy,
    'proxy for http:// remotes; also http_proxy, all_proxy, ALL_PROXY',
    ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY']),
  noProxy: setting<readonly string[] | undefined>('NO_PROXY', 'hosts', undefined, parseNoProxy,
    'hosts that are reached without a proxy, by commas; also no_proxy',
    ['no_proxy', 'NO_PROXY']),
  caFile: setting<NamedFile | undefined>('CA_FILE', 'file', undefined, toNamedFile,
    'PEM file of CAs that are trusted beside the usual ones; read again when it changes'),
  requireTlsForCredentials: setting('REQUIRE_TLS_FOR_CREDENTIALS', 'boolean', 'false', parseBoolean,
    'refuse to send credentials in plain text to another machine'),
}

/** Every setting, parsed. Paths are absolute; what ends in Ms is milliseconds. */
export type Settings = {
  [K in keyof typeof SETTINGS]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never
}

/** Settings or a command line that cannot be used; `faults` holds one sentence each. */
export class SettingsError extends SyncError {
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    // One variable may be that of two settings.
    const different = [...new Set(faults)]
    super('settings-invalid', `The settings cannot be used: ${different.join('; ')}`)
    this.faults = different.map(redact)
  }
}

/** What the entries of a listing fall back on, and must keep clear of. */
export function listingDefaults(settings: Settings): ListingDefaults {
  const { root, publish, runHooks, scrapeIntervalMs: intervalMs } = settings
  return { root, publish, intervalMs, stateDirectory: settings.stateDir, runHooks }
}

/**
 * Reads `flags`, by their names, and `env`. Adds to `faults` what is wrong; only where nothing was added is the result complete, but for
 * the listing's path, which not every command needs.
 */
export function readSettings(
  flags: ReadonlyMap<string, string>,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
  faults: string[],
): Settings {
  const settings: Record<string, unknown> = {}
  for (const [key, setting] of Object.entries(SETTINGS)) {
    const flag = flags.get(setting.name)
    const set = setting.variables.find((name) => env[name]?.trim())
    const variable = (flag === undefined && set) || setting.variable
    const text = (flag ?? env[variable] ?? '').trim() || setting.default
    try {
      settings[key] = text === undefined ? undefined : setting.parse(text, cwd, variable)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      faults.push(`${flag === undefined ? variable : `--${setting.name}`} ${error.message}`)
    }
  }
  if (settings['notifyUrl'] !== undefined && settings['notifyUrlFile'] !== undefined) {
    faults.push('NOTIFY_URL and NOTIFY_URL_FILE are both set: leave one of them out')
  }
  return settings as Partial<Settings> as Settings
}

function setting<T>(
  variable: string,
  valueName: string,
  byDefault: string | undefined,
  parse: Setting<T>['parse'],
  description: string,
  variables: readonly string[] = [variable],
): Setting<T> {
  const name = variable.toLowerCase().replaceAll('_', '-')
  return { name, variable, variables, valueName, default: byDefault, parse, description }
}

/** What is set for every program of a machine is a fault only once it is needed here. */
function toProxy(text: string, _cwd: string, variable: string): HttpProxy | UnusableProxy {
  return /^all_proxy$/i.test(variable) ? readProxy(text, variable) : parseProxy(text)
}

function parsePostUrl(text: string): string {
  assertPostable(text)
  return text
}

function toPath(text: string, cwd: string): string {
  return toNamedFile(text, cwd).file
}

/** Kept as it is: a line is a secret. */
function toSecrets(text: string): string {
  const lines = text.split('\n').map((line) => line.trim())
  if (lines.every((line) => line === '' || line.length >= MIN_SECRET_LENGTH)) return text
  throw new RangeError(`must have at least ${MIN_SECRET_LENGTH} characters on each line`)
}

/** A file that may be named by what belongs into it, so that not every name of it is shown. */
function toNamedFile(text: string, cwd: string): NamedFile {
  if (!isFileName(text)) {
    throw new RangeError('must be a path on this machine, not an address or what a file holds')
  }
  assertExpanded(text)
  return namedIn(cwd, text)
}
