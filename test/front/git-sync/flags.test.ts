// Every flag, as git-sync has it: its variables in the order in which they are read, its type, its
// default, and what each of them does with what is no value of its type.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFlags, UsageError } from '../../../src/front/git-sync/command-line.js'
import type { FlagType, FlagValue } from '../../../src/front/git-sync/flag.js'
import { FLAGS, flagNamed } from '../../../src/front/git-sync/flags.js'

/** `N` stands for GITSYNC_ and `O` for GIT_SYNC_, before the name of the flag; the rest are whole. */
type Row = [flag: string, variables: string, type: FlagType, byDefault: FlagValue]

const KEY = ['/etc/git-secret/ssh']
// biome-ignore format: a table
const ROWS: readonly Row[] = [
  ['repo', 'N O', 'string', ''],
  ['ref', 'N', 'string', 'HEAD'],
  ['branch', 'O', 'string', ''],
  ['rev', 'O', 'string', ''],
  ['depth', 'N O', 'int', 1],
  ['filter', 'N', 'string', ''],
  ['submodules', 'N O', 'string', 'recursive'],
  ['sparse-checkout-file', 'N O', 'string', ''],
  ['root', 'N O', 'string', ''],
  ['link', 'N O', 'string', ''],
  ['dest', 'O', 'string', ''],
  ['error-file', 'N O', 'string', ''],
  ['touch-file', 'N O', 'string', ''],
  ['period', 'N O', 'seconds', 10_000],
  ['wait', 'O', 'float', 0],
  ['init-period', 'N', 'duration', 0],
  ['sync-timeout', 'N O', 'duration', 120_000],
  ['timeout', 'O', 'int', 0],
  ['one-time', 'N O', 'bool', false],
  ['max-failures', 'N O', 'int', 0],
  ['max-sync-failures', 'O', 'int', 0],
  ['init-max-failures', 'N', 'int', 0],
  ['sync-on-signal', 'N O', 'string', ''],
  ['stale-worktree-timeout', 'N', 'duration', 0],
  ['group-write', 'N O', 'bool', false],
  ['change-permissions', 'GIT_SYNC_PERMISSIONS', 'int', 0],
  ['add-user', 'N O', 'bool', false],
  ['exechook-command', 'N O', 'string', ''],
  ['sync-hook-command', 'GIT_SYNC_HOOK_COMMAND', 'string', ''],
  ['exechook-timeout', 'N O', 'duration', 30_000],
  ['exechook-backoff', 'N O', 'duration', 3000],
  ['pre-publish-exechook-command', 'N', 'string', ''],
  ['pre-publish-exechook-timeout', 'N', 'duration', 30_000],
  ['pre-publish-exechook-backoff', 'N', 'duration', 3000],
  ['webhook-url', 'N O', 'string', ''],
  ['webhook-method', 'N O', 'string', 'POST'],
  ['webhook-success-status', 'N O', 'int', 200],
  ['webhook-timeout', 'N O', 'duration', 1000],
  ['webhook-backoff', 'N O', 'duration', 3000],
  ['username', 'N O', 'string', ''],
  ['__env__GITSYNC_PASSWORD', 'GITSYNC_PASSWORD GIT_SYNC_PASSWORD', 'string', ''],
  ['password', '', 'string', ''],
  ['password-file', 'N O', 'string', ''],
  ['credential', 'N', 'list', []],
  ['ssh', '', 'bool', false],
  ['ssh-key-file', 'N O GIT_SSH_KEY_FILE', 'paths', KEY],
  ['ssh-known-hosts', 'N GIT_SYNC_KNOWN_HOSTS GIT_KNOWN_HOSTS', 'bool', true],
  ['ssh-known-hosts-file', 'N O GIT_SSH_KNOWN_HOSTS_FILE', 'string', '/etc/git-secret/known_hosts'],
  ['cookie-file', 'N O GIT_COOKIE_FILE', 'bool', false],
  ['askpass-url', 'N O GIT_ASKPASS_URL', 'string', ''],
  ['github-base-url', 'N', 'string', 'https://api.github.com/'],
  ['__env__GITSYNC_GITHUB_APP_PRIVATE_KEY', 'GITSYNC_GITHUB_APP_PRIVATE_KEY', 'string', ''],
  ['github-app-private-key-file', 'N', 'string', ''],
  ['github-app-client-id', 'N', 'string', ''],
  ['github-app-application-id', 'N', 'int', 0],
  ['github-app-installation-id', 'N', 'int', 0],
  ['git', 'N O', 'string', 'git'],
  ['git-config', 'N O', 'string', ''],
  ['git-config-add', '', 'list', []],
  ['git-gc', 'N O', 'string', 'always'],
  ['http-bind', 'N O', 'string', ''],
  ['http-metrics', 'N O', 'bool', false],
  ['http-pprof', 'N O', 'bool', false],
  ['verbose', 'N', 'int', 0],
  ['v', '', 'int', -1],
  ['man', '', 'bool', false],
  ['version', '', 'bool', false],
  ['help', '', 'bool', false],
]
/** What git-sync has not. */
const OWN = [
  'pre-publish-exechook-wait',
  'insecure-skip-tls-verify',
  'in-place',
  'http-sync-secret-file',
]

/** Of each type: texts of two values, and one that is none. */
const VALUES: Readonly<Record<FlagType, readonly (readonly [text: string, FlagValue])[]>> = {
  string: [
    ['a', 'a'],
    ['', ''],
  ],
  bool: [
    ['T', true],
    ['False', false],
  ],
  int: [
    ['0x10', 16],
    ['-1', -1],
  ],
  float: [
    ['1.5', 1.5],
    ['2', 2],
  ],
  duration: [
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
  ],
  seconds: [
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
  ],
  list: [
    ['a', ['a']],
    ['b:c', ['b:c']],
  ],
  paths: [
    ['/a', ['/a']],
    ['/b', ['/b']],
  ],
}
const NO_VALUES: Readonly<Record<FlagType, readonly string[]>> = {
  string: [],
  bool: ['yes', ''],
  int: ['x', '1.5', ''],
  float: ['x', ''],
  duration: ['60', '1d', ''],
  seconds: ['1d', ''],
  list: [],
  paths: [],
}

function read(argv: readonly string[], env: Record<string, string> = {}) {
  const warnings: string[] = []
  const { values } = readFlags(argv, env, (text) => warnings.push(text))
  return { values, warnings }
}

function variablesOf([flag, names]: Row): string[] {
  const upper = flag.toUpperCase().replaceAll('-', '_')
  const prefixes: Record<string, string> = { N: 'GITSYNC_', O: 'GIT_SYNC_' }
  const whole = (name: string) => (name in prefixes ? `${prefixes[name]}${upper}` : name)
  return names.split(' ').filter(Boolean).map(whole)
}

function assertRefused(work: () => unknown, exitCode: number, message: RegExp) {
  assert.throws(work, (error) => {
    assert.ok(error instanceof UsageError, String(error))
    assert.equal(error.exitCode, exitCode)
    assert.match(error.message, message)
    return true
  })
}

for (const row of ROWS) {
  const [name, , type, byDefault] = row
  const variables = variablesOf(row)
  test(`--${name}`, () => {
    const found = flagNamed(name)
    assert.ok(found)
    const { key } = found
    assert.deepEqual(read([]).values[key], byDefault)
    const [[text, value], [otherText, other]] = VALUES[type] as [
      [string, FlagValue],
      [string, FlagValue],
    ]
    for (const variable of variables) {
      assert.deepEqual(read([], { [variable]: text }).values[key], value, variable)
      for (const none of NO_VALUES[type]) {
        const work = () => read(['--help'], { [variable]: none })
        const words = `^FATAL: invalid ${type === 'seconds' ? 'duration' : type} env ${variable}="${none}": `
        assertRefused(work, 1, new RegExp(words))
      }
    }
    const [newest] = variables
    for (const [index, older] of variables.slice(1).entries()) {
      const env = { [variables[index] ?? '']: otherText, [older]: text }
      const { values, warnings } = read([], env)
      assert.deepEqual(values[key], value, older)
      const told = `env $${older} has been deprecated, use $${newest} instead`
      assert.ok(warnings.includes(told), warnings.join('\n'))
    }
    const flag = type === 'bool' ? [`--${name}=${otherText}`] : [`--${name}`, otherText]
    const given = read(flag, Object.fromEntries(variables.map((variable) => [variable, text])))
    const isAppended = type === 'list' && variables.length > 0
    assert.deepEqual(given.values[key], isAppended ? [text, ...(other as string[])] : other)
    for (const none of NO_VALUES[type]) {
      assertRefused(() => read([`--${name}=${none}`]), 2, /^invalid argument ".*" for "--/)
    }
    if (type !== 'bool') assertRefused(() => read([`--${name}`]), 2, /^flag needs an argument: --/)
  })
}

test('nothing is missing from the table, and nothing stands in it twice', () => {
  const names = ROWS.map(([name]) => name)
  assert.deepEqual(
    [...names, ...OWN].sort(),
    Object.values(FLAGS)
      .map(({ name }) => name)
      .sort(),
  )
})
