// What cannot be meant by flags together, in the words of git-sync: of these rules, the first that does
// not hold is told.
import { UsageError } from './command-line.js'
import { FLAGS, type GitSyncValues } from './flags.js'

/** What must hold, and what is said where it does not. */
type FlagRule = readonly [holds: (values: GitSyncValues) => unknown, words: string]

/** A filter-spec: https://git-scm.com/docs/git-rev-list#Documentation/git-rev-list.txt---filterltfilter-specgt */
const FILTER =
  /^(?:|blob:none|blob:limit=\d+[kmg]?|tree:\d+|object:type=[a-z]+|sparse:oid=.+|combine:.+)$/

const KEY = '$GITSYNC_GITHUB_APP_PRIVATE_KEY or --github-app-private-key-file'
const ID = '--github-app-application-id or --github-app-client-id'
const AT_START = 'invalid flag: --username may not be specified when'

// biome-ignore format: a table
const RULES: readonly FlagRule[] = [
  required('repo'),
  required('ref'),
  required('root'),
  [({ depth }) => depth >= 0, 'invalid flag: --depth must be greater than or equal to 0'],
  oneOf('submodules', ['recursive', 'shallow', 'off']),
  oneOf('gitGc', ['auto', 'always', 'aggressive', 'off']),
  atLeast('period', 10),
  atLeast('initPeriod', 10, 'initPeriod'),
  atLeast('syncTimeout', 10),
  atLeast('exechookTimeout', 1000, 'exechookCommand'),
  atLeast('exechookBackoff', 1000, 'exechookCommand'),
  atLeast('prePublishTimeout', 1000, 'prePublishCommand'),
  atLeast('prePublishBackoff', 1000, 'prePublishCommand'),
  atLeast('webhookTimeout', 1000, 'webhookUrl'),
  atLeast('webhookBackoff', 1000, 'webhookUrl'),
  [({ webhookSuccessStatus: status, webhookUrl }) => !webhookUrl || status >= -1, 'invalid flag: --webhook-success-status must be a valid HTTP code or -1'],
  [(values) => !values.username || !hasUserInUrl(values), `${AT_START} --repo has a user name`],
  [(values) => !values.username || passwordOf(values) || values.passwordFile, 'required flag: $GITSYNC_PASSWORD or --password-file must be specified when --username is specified'],
  [(values) => !passwordOf(values) || !values.username || !values.passwordFile, 'invalid flag: only one of $GITSYNC_PASSWORD and --password-file may be specified'],
  [(values) => !passwordOf(values) || values.username, 'invalid flag: $GITSYNC_PASSWORD may only be specified when --username is specified'],
  [({ passwordFile, username }) => !passwordFile || username, 'invalid flag: --password-file may only be specified when --username is specified'],
  ofGithub(({ githubKey, githubKeyFile }) => isOne(githubKey, githubKeyFile), `required flag: exactly one of ${KEY} must be specified`),
  ofGithub(({ githubAppId, githubClientId }) => isOne(githubAppId, githubClientId), `required flag: exactly one of ${ID} must be specified`),
  ofGithub(({ githubInstallationId }) => githubInstallationId, 'required flag: --github-app-installation-id must be specified'),
  ofGithub((values) => !values.username && !hasUserInUrl(values), `${AT_START} a GitHub app is`),
  served('httpMetrics'),
  served('httpPprof'),
  served('httpSyncSecretFile'),
  [({ filter }) => FILTER.test(filter), 'invalid flag: --filter must be a filter-spec as git has them, as blob:none, blob:limit=1m or tree:0'],
  [(values) => !values.inPlace || !values.prePublishCommand, 'invalid flag: --pre-publish-exechook-command may not be specified when --in-place is: there is no worktree before'],
]

/** Throws a {@link UsageError} where one of them does not hold. */
export function assertRules(values: GitSyncValues): void {
  const broken = RULES.find(([holds]) => !holds(values))
  if (broken) throw new UsageError(broken[1], 1)
}

/** The password, by whichever name. */
export function passwordOf({ envPassword, password }: GitSyncValues): string {
  return password || envPassword
}

function required(key: 'repo' | 'ref' | 'root'): FlagRule {
  return [(values) => values[key], `required flag: --${key} must be specified`]
}

function oneOf(key: 'submodules' | 'gitGc', allowed: readonly string[]): FlagRule {
  const words = allowed.map((each) => JSON.stringify(each)).join(' or ')
  return [
    (values) => allowed.includes(values[key]),
    `invalid flag: --${FLAGS[key].name} must be one of ${words}`,
  ]
}

/** Of a duration, where something else is set. */
function atLeast(key: DurationKey, leastMs: number, where?: keyof GitSyncValues): FlagRule {
  const words = leastMs < 1000 ? `${leastMs}ms` : `${leastMs / 1000}s`
  return [
    (values) => (where && !values[where]) || values[key] >= leastMs,
    `invalid flag: --${FLAGS[key].name} must be at least ${words}`,
  ]
}

type DurationKey = {
  [K in keyof GitSyncValues]: GitSyncValues[K] extends number ? K : never
}[keyof GitSyncValues]

function served(key: 'httpMetrics' | 'httpPprof' | 'httpSyncSecretFile'): FlagRule {
  return [
    (values) => !values[key] || values.httpBind,
    `invalid flag: --http-bind must be specified when --${FLAGS[key].name} is set`,
  ]
}

function ofGithub(holds: FlagRule[0], words: string): FlagRule {
  const isUsed = ({ githubAppId, githubClientId, githubInstallationId, ...key }: GitSyncValues) =>
    githubAppId || githubClientId || githubInstallationId || key.githubKey || key.githubKeyFile
  return [(values) => !isUsed(values) || holds(values), words]
}

function isOne(one: unknown, other: unknown): boolean {
  return Boolean(one) !== Boolean(other)
}

function hasUserInUrl({ repo }: GitSyncValues): boolean {
  return /^https?:\/\/[^/]*@/.test(repo)
}
