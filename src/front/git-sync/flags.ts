// Every flag of git-sync, with the variables it is read from: the one table from which parsing, the
// help and the documents come. https://github.com/kubernetes/git-sync#manual
import type { FlagType, FlagValues, GitSyncFlag } from './flag.js'

const on = (name: string) => `GITSYNC_${name}`
const v3 = (name: string) => `GIT_SYNC_${name}`
const both = (name: string) => [on(name), v3(name)]

// biome-ignore format: a table
export const FLAGS = {
  repo: flag('repo', 'string', both('REPO'), '', 'the git repository to sync (required)'),
  ref: flag('ref', 'string', [on('REF')], 'HEAD', 'the git revision (branch, tag, any ref, or whole commit id) to check out'),
  branch: flag('branch', 'string', [v3('BRANCH')], '', 'DEPRECATED: use --ref instead', 'ref'),
  rev: flag('rev', 'string', [v3('REV')], '', 'DEPRECATED: use --ref instead', 'ref'),
  depth: flag('depth', 'int', both('DEPTH'), 1, 'how many commits of history to keep; 0: all'),
  filter: flag('filter', 'string', [on('FILTER')], '', 'a filter of objects for partial clones: what the checkout needs is fetched all the same'),
  submodules: flag('submodules', 'string', both('SUBMODULES'), 'recursive', 'submodules: recursive, shallow or off'),
  sparseCheckoutFile: flag('sparse-checkout-file', 'string', both('SPARSE_CHECKOUT_FILE'), '', 'the path to a sparse-checkout file'),
  root: flag('root', 'string', both('ROOT'), '', 'the root directory for git-sync operations, under which --link will be created (required)'),
  link: flag('link', 'string', both('LINK'), '', 'the path, absolute or below --root, of the symlink to the current worktree; unset: the last part of --repo'),
  dest: flag('dest', 'string', [v3('DEST')], '', 'DEPRECATED: use --link instead', 'link'),
  inPlace: flag('in-place', 'bool', [on('IN_PLACE')], false, 'publish into a directory at --link itself, and no symlink (not in git-sync)'),
  errorFile: flag('error-file', 'string', both('ERROR_FILE'), '', 'the path, absolute or below --root, of a file with the current error'),
  touchFile: flag('touch-file', 'string', both('TOUCH_FILE'), '', 'the path, absolute or below --root, of a file that is touched after each change'),
  period: flag('period', 'seconds', both('PERIOD'), 10_000, 'how long to wait between syncs, at least 10ms'),
  wait: flag('wait', 'float', [v3('WAIT')], 0, 'DEPRECATED: use --period instead', 'period'),
  initPeriod: flag('init-period', 'duration', [on('INIT_PERIOD')], 0, 'how long to wait between syncs until the first success, at least 10ms; 0: --period'),
  syncTimeout: flag('sync-timeout', 'duration', both('SYNC_TIMEOUT'), 120_000, 'the longest time of one complete sync, at least 10ms'),
  timeout: flag('timeout', 'int', [v3('TIMEOUT')], 0, 'DEPRECATED: use --sync-timeout instead', 'sync-timeout'),
  oneTime: flag('one-time', 'bool', both('ONE_TIME'), false, 'exit after one sync'),
  maxFailures: flag('max-failures', 'int', both('MAX_FAILURES'), 0, 'after so many failures in a row, exit; negative: never'),
  maxSyncFailures: flag('max-sync-failures', 'int', [v3('MAX_SYNC_FAILURES')], 0, 'DEPRECATED: use --max-failures instead', 'max-failures'),
  initMaxFailures: flag('init-max-failures', 'int', [on('INIT_MAX_FAILURES')], 0, 'as --max-failures, until the first success; unset: --max-failures'),
  syncOnSignal: flag('sync-on-signal', 'string', both('SYNC_ON_SIGNAL'), '', 'sync when this signal comes, as SIGHUP, HUP or 1'),
  staleWorktreeTimeout: flag('stale-worktree-timeout', 'duration', [on('STALE_WORKTREE_TIMEOUT')], 0, 'how long to keep worktrees that are not current'),
  groupWrite: flag('group-write', 'bool', both('GROUP_WRITE'), false, 'make files and directories writable by the group'),
  changePermissions: flag('change-permissions', 'int', [v3('PERMISSIONS')], 0, 'DEPRECATED: use --group-write instead', 'group-write'),
  addUser: flag('add-user', 'bool', both('ADD_USER'), false, 'add a line for the current user to /etc/passwd, where it can be written'),
  exechookCommand: flag('exechook-command', 'string', both('EXECHOOK_COMMAND'), '', 'a program to run, without arguments, when syncs complete'),
  syncHookCommand: flag('sync-hook-command', 'string', [v3('HOOK_COMMAND')], '', 'DEPRECATED: use --exechook-command instead', 'exechook-command'),
  exechookTimeout: flag('exechook-timeout', 'duration', both('EXECHOOK_TIMEOUT'), 30_000, 'its time limit, at least 1s'),
  exechookBackoff: flag('exechook-backoff', 'duration', both('EXECHOOK_BACKOFF'), 3_000, 'how long to wait before it is tried again, at least 1s'),
  prePublishCommand: flag('pre-publish-exechook-command', 'string', [on('PRE_PUBLISH_EXECHOOK_COMMAND')], '', 'a program to run, without arguments, before a new worktree is published'),
  prePublishTimeout: flag('pre-publish-exechook-timeout', 'duration', [on('PRE_PUBLISH_EXECHOOK_TIMEOUT')], 30_000, 'its time limit, at least 1s'),
  prePublishBackoff: flag('pre-publish-exechook-backoff', 'duration', [on('PRE_PUBLISH_EXECHOOK_BACKOFF')], 3_000, 'how long to wait before it is tried again, at least 1s'),
  prePublishWait: flag('pre-publish-exechook-wait', 'bool', [on('PRE_PUBLISH_EXECHOOK_WAIT')], false, 'publish only what it has succeeded for (not in git-sync)'),
  webhookUrl: flag('webhook-url', 'string', both('WEBHOOK_URL'), '', 'a URL to call when syncs complete'),
  webhookMethod: flag('webhook-method', 'string', both('WEBHOOK_METHOD'), 'POST', 'the HTTP method of that'),
  webhookSuccessStatus: flag('webhook-success-status', 'int', both('WEBHOOK_SUCCESS_STATUS'), 200, 'the status that means success; 0 or -1: any'),
  webhookTimeout: flag('webhook-timeout', 'duration', both('WEBHOOK_TIMEOUT'), 1_000, 'its time limit, at least 1s'),
  webhookBackoff: flag('webhook-backoff', 'duration', both('WEBHOOK_BACKOFF'), 3_000, 'how long to wait before it is tried again, at least 1s'),
  username: flag('username', 'string', both('USERNAME'), '', 'the user name for the git server'),
  envPassword: flag('__env__GITSYNC_PASSWORD', 'string', both('PASSWORD'), '', 'the password for the git server', 'hidden'),
  password: flag('password', 'string', [], '', 'DEPRECATED: use $GITSYNC_PASSWORD instead', '$GITSYNC_PASSWORD'),
  passwordFile: flag('password-file', 'string', both('PASSWORD_FILE'), '', 'the file with the password, read before each sync'),
  credential: flag('credential', 'list', [on('CREDENTIAL')], [], 'a JSON object, or a list of them, of url, username, and password or password-file; may be given many times'),
  ssh: flag('ssh', 'bool', [], false, 'ignored: SSH is used where the URL says so'),
  sshKeyFile: flag('ssh-key-file', 'paths', [...both('SSH_KEY_FILE'), 'GIT_SSH_KEY_FILE'], ['/etc/git-secret/ssh'], 'an SSH key; may be given many times'),
  sshKnownHosts: flag('ssh-known-hosts', 'bool', [on('SSH_KNOWN_HOSTS'), v3('KNOWN_HOSTS'), 'GIT_KNOWN_HOSTS'], true, 'verify the keys of SSH hosts'),
  sshKnownHostsFile: flag('ssh-known-hosts-file', 'string', [...both('SSH_KNOWN_HOSTS_FILE'), 'GIT_SSH_KNOWN_HOSTS_FILE'], '/etc/git-secret/known_hosts', 'the known_hosts file'),
  cookieFile: flag('cookie-file', 'bool', [...both('COOKIE_FILE'), 'GIT_COOKIE_FILE'], false, 'send the cookies of /etc/git-secret/cookie_file'),
  askpassUrl: flag('askpass-url', 'string', [...both('ASKPASS_URL'), 'GIT_ASKPASS_URL'], '', 'a URL that is asked for user name and password before each sync'),
  githubBaseUrl: flag('github-base-url', 'string', [on('GITHUB_BASE_URL')], 'https://api.github.com/', 'the URL of the GitHub API'),
  githubKey: flag('__env__GITSYNC_GITHUB_APP_PRIVATE_KEY', 'string', [on('GITHUB_APP_PRIVATE_KEY')], '', 'the private key of a GitHub app', 'hidden'),
  githubKeyFile: flag('github-app-private-key-file', 'string', [on('GITHUB_APP_PRIVATE_KEY_FILE')], '', 'the file with the private key of a GitHub app'),
  githubClientId: flag('github-app-client-id', 'string', [on('GITHUB_APP_CLIENT_ID')], '', 'the client id of the GitHub app'),
  githubAppId: flag('github-app-application-id', 'int', [on('GITHUB_APP_APPLICATION_ID')], 0, 'the application id of the GitHub app'),
  githubInstallationId: flag('github-app-installation-id', 'int', [on('GITHUB_APP_INSTALLATION_ID')], 0, 'the installation id of the GitHub app'),
  git: flag('git', 'string', both('GIT'), 'git', 'ignored: no git binary is used'),
  gitConfig: flag('git-config', 'string', both('GIT_CONFIG'), '', 'git config options, as key:val,key:val'),
  gitConfigAdd: flag('git-config-add', 'list', [], [], 'one more git config option; may be given many times'),
  gitGc: flag('git-gc', 'string', both('GIT_GC'), 'always', 'garbage collection: always or aggressive (at each change), auto (where it is worth it), or off'),
  httpBind: flag('http-bind', 'string', both('HTTP_BIND'), '', 'the address, as :8080, to serve readiness at'),
  httpMetrics: flag('http-metrics', 'bool', both('HTTP_METRICS'), false, 'serve metrics at /metrics'),
  httpPprof: flag('http-pprof', 'bool', both('HTTP_PPROF'), false, 'serve profiles at /debug/pprof/, in the formats of V8'),
  httpSyncSecretFile: flag('http-sync-secret-file', 'string', [on('HTTP_SYNC_SECRET_FILE')], '', 'a file of secrets, one a line: POST /sync with one as Authorization: Bearer syncs at once (not in git-sync)'),
  insecure: flag('insecure-skip-tls-verify', 'bool', [on('INSECURE_SKIP_TLS_VERIFY')], false, 'let http.sslVerify=false and GIT_SSL_NO_VERIFY turn the verification of TLS off (not in git-sync)'),
  verbose: flag('verbose', 'int', [on('VERBOSE')], 0, 'how much to log, 0 to 9; also -v'),
  v: flag('v', 'int', [], -1, 'DEPRECATED: use --verbose instead', 'verbose'),
  man: flag('man', 'bool', [], false, 'print the full manual and exit'),
  version: flag('version', 'bool', [], false, 'print the version and exit'),
  help: flag('help', 'bool', [], false, 'print the help text and exit'),
}

/** What every flag is set to. Durations are in milliseconds. */
export type GitSyncValues = {
  [K in keyof typeof FLAGS]: (typeof FLAGS)[K] extends GitSyncFlag<infer T> ? T : never
}

/** By its name, or undefined. */
export function flagNamed(
  name: string,
): { key: keyof GitSyncValues; flag: GitSyncFlag } | undefined {
  for (const [key, flag] of Object.entries(FLAGS)) {
    if (flag.name === name) return { key: key as keyof GitSyncValues, flag }
  }
  return undefined
}

function flag<K extends FlagType>(
  name: string,
  type: K,
  variables: readonly string[],
  byDefault: FlagValues[K],
  description: string,
  instead?: string,
): GitSyncFlag<FlagValues[K]> {
  const isHidden = instead === 'hidden'
  return {
    name,
    type,
    variables,
    default: byDefault,
    description,
    isHidden,
    instead: isHidden ? undefined : instead,
  }
}
