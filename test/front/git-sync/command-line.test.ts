// The odd order of precedence of git-sync, by the rows of a table.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFlags, UsageError } from '../../../src/front/git-sync/command-line.js'
import { FLAGS, type GitSyncValues } from '../../../src/front/git-sync/flags.js'
import { manualText, usageText } from '../../../src/front/git-sync/help.js'
import { findMistyped } from '../../../src/front/git-sync/mistyped.js'
import { type Options, resolveOptions } from '../../../src/front/git-sync/options.js'

interface Row {
  it: string
  argv?: string[]
  env?: Record<string, string>
  is: Partial<GitSyncValues>
  warns?: RegExp
}

const ROWS: readonly Row[] = [
  {
    it: 'a flag wins over a variable',
    argv: ['--ref=a'],
    env: { GITSYNC_REF: 'b' },
    is: { ref: 'a' },
  },
  { it: 'a variable wins over the default', env: { GITSYNC_REF: 'b' }, is: { ref: 'b' } },
  { it: 'the last of a flag wins', argv: ['--ref=a', '--ref', 'b'], is: { ref: 'b' } },
  {
    it: 'the oldest name of a variable wins',
    env: { GITSYNC_REPO: 'new', GIT_SYNC_REPO: 'old' },
    is: { repo: 'old' },
    warns:
      /env \$GIT_SYNC_REPO has been deprecated, use \$GITSYNC_REPO instead\nenv \$GITSYNC_REPO was overridden by \$GIT_SYNC_REPO/,
  },
  { it: 'what is set but empty is set', env: { GITSYNC_REF: '' }, is: { ref: '' } },
  { it: 'a switch needs no value', argv: ['--one-time', 'ignored'], is: { oneTime: true } },
  {
    it: 'a switch may have one',
    argv: ['--one-time=false'],
    env: { GITSYNC_ONE_TIME: '1' },
    is: { oneTime: false },
  },
  { it: 'nothing follows two dashes', argv: ['--', '--ref=a'], is: { ref: 'HEAD' } },
  { it: 'operands are ignored', argv: ['x', '--ref=a', 'y'], is: { ref: 'a' } },
  { it: '-v 6', argv: ['-v', '6'], is: { verbose: 6 } },
  { it: '-v6', argv: ['-v6'], is: { verbose: 6 } },
  { it: '-v=6', argv: ['-v=6'], is: { verbose: 6 } },
  {
    it: '--v is deprecated',
    argv: ['--v=6'],
    is: { v: 6 },
    warns: /Flag --v has been deprecated, use --verbose instead/,
  },
  { it: '-version', argv: ['-version'], is: { version: true } },
  { it: '-verbose=6', argv: ['-verbose=6'], is: { verbose: 6 } },
  { it: '-help', argv: ['-help'], is: { help: true } },
  { it: '-h', argv: ['-h'], is: { help: true } },
  { it: '-?', argv: ['-?'], is: { help: true } },
  {
    it: 'one dash is enough',
    argv: ['-ssh', '-repo=x', '-branch', 'b'],
    is: { ssh: true, repo: 'x', branch: 'b' },
    warns: /Flag --branch has been deprecated, use --ref instead/,
  },
  {
    it: 'flags of the log of version 3 are ignored',
    argv: [
      ...['-logtostderr', '--stderrthreshold', '2', '-alsologtostderr=true', '-vmodule=a=1'],
      ...['-log_dir', '/x', '--log_backtrace_at=a:1', '--ref=a'],
    ],
    is: { ref: 'a' },
    warns: /^the flags of the log of version 3 are ignored, as -logtostderr$/,
  },
  {
    it: 'lists of flags replace the default',
    argv: ['--ssh-key-file=/a', '--ssh-key-file=/b'],
    is: { sshKeyFile: ['/a', '/b'] },
  },
  {
    it: 'a variable has lists with colons',
    env: { GIT_SSH_KEY_FILE: '/a:/b' },
    is: { sshKeyFile: ['/a', '/b'] },
  },
  {
    it: 'and flags replace those',
    argv: ['--ssh-key-file=/c'],
    env: { GIT_SSH_KEY_FILE: '/a:/b' },
    is: { sshKeyFile: ['/c'] },
  },
  {
    it: 'credentials of flags come on top',
    argv: ['--credential=b', '--credential=c'],
    env: { GITSYNC_CREDENTIAL: 'a' },
    is: { credential: ['a', 'b', 'c'] },
  },
  {
    it: 'a period without a unit is in seconds',
    argv: ['--period=60'],
    is: { period: 60_000 },
    warns: /taken for 60s/,
  },
  {
    it: 'in a variable, too',
    env: { GIT_SYNC_PERIOD: '10' },
    is: { period: 10_000 },
    warns: /taken for 10s/,
  },
]

for (const { it, argv = [], env = {}, is, warns } of ROWS) {
  test(it, () => {
    const warnings: string[] = []
    const { values } = readFlags(argv, env, (text) => warnings.push(text))
    for (const [key, value] of Object.entries(is)) {
      assert.deepEqual(values[key as keyof GitSyncValues], value, key)
    }
    if (warns) assert.match(warnings.join('\n'), warns)
    else
      assert.deepEqual(
        warnings.filter((text) => !text.startsWith('env $GIT')),
        [],
      )
  })
}

const NEEDED = ['--repo=https://host/team/one.git', '--root=/srv']

function resolve(argv: readonly string[], env: Record<string, string> = {}): Options {
  const ignore = () => undefined
  return resolveOptions(readFlags([...NEEDED, ...argv], env, ignore), '/cwd', ignore)
}

const RESOLVED: readonly [string, string[], Record<string, string>, Partial<Options>][] = [
  ['the link has the last part of the repo', [], {}, { link: '/srv/one.git' }],
  ['a trailing slash counts for nothing', ['--repo=https://host/two/'], {}, { link: '/srv/two' }],
  ['the link is below the root', ['--link=a/b'], {}, { link: '/srv/a/b' }],
  ['or anywhere', ['--link=/x/../y'], {}, { link: '/y' }],
  ['an empty dest is the default', [], { GIT_SYNC_DEST: '' }, { link: '/srv/one.git' }],
  ['dest overrides link', ['--link=a'], { GIT_SYNC_DEST: 'b' }, { link: '/srv/b' }],
  ['branch overrides ref', ['--ref=a'], { GIT_SYNC_BRANCH: 'b' }, { ref: 'b' }],
  [
    'rev HEAD and branch',
    [],
    { GIT_SYNC_REV: 'HEAD', GIT_SYNC_BRANCH: 'x', GITSYNC_REF: 'y' },
    { ref: 'x' },
  ],
  ['rev alone', ['--ref=x', '--rev=abc'], {}, { ref: 'abc' }],
  ['an empty branch is none', ['--ref=x', '--branch='], { GIT_SYNC_REV: '' }, { ref: 'x' }],
  ['wait is in seconds', ['--wait=1.5', '--period=9s'], {}, { period: 1500 }],
  ['of whole milliseconds', [], { GIT_SYNC_WAIT: '0.0127' }, { period: 12 }],
  ['a wait of 0 is none', ['--period=9s', '--wait=0'], {}, { period: 9000 }],
  ['timeout is in seconds', ['--timeout=7', '--sync-timeout=9s'], {}, { syncTimeout: 7000 }],
  ['a timeout of 0 is none', ['--timeout=0'], {}, { syncTimeout: 120_000 }],
  [
    'max-sync-failures',
    ['--max-failures=9'],
    { GIT_SYNC_MAX_SYNC_FAILURES: '3' },
    { maxFailures: 3, initMaxFailures: 3 },
  ],
  [
    'a max-sync-failures of 0 is none',
    ['--max-failures=9'],
    { GIT_SYNC_MAX_SYNC_FAILURES: '0' },
    { maxFailures: 9 },
  ],
  [
    'init-max-failures of 0, in a variable',
    ['--max-failures=9'],
    { GITSYNC_INIT_MAX_FAILURES: '0' },
    { maxFailures: 9, initMaxFailures: 0 },
  ],
  [
    'init-max-failures by itself',
    ['--max-failures=9', '--init-max-failures=0'],
    {},
    { maxFailures: 9, initMaxFailures: 0 },
  ],
  [
    'hook command',
    ['--exechook-command=/y'],
    { GIT_SYNC_HOOK_COMMAND: '/x' },
    { exechookCommand: '/x' },
  ],
  ['an empty hook command', ['--sync-hook-command='], {}, { exechookCommand: '' }],
  ['password', ['--username=u', '--password=p'], { GITSYNC_PASSWORD: 'q' }, { password: 'p' }],
  ['password of a variable', ['--username=u'], { GIT_SYNC_PASSWORD: 'q' }, { password: 'q' }],
  ['a password file', ['--username=u', '--password-file=f'], {}, { passwordFile: 'f' }],
  ['init-period is the period', ['--period=3s'], {}, { initPeriod: 3000 }],
  [
    'files are below the root',
    ['--error-file=e', '--touch-file=/t'],
    {},
    { errorFile: '/srv/e', touchFile: '/t' },
  ],
  ['a relative root starts at the directory', ['--root=r'], {}, { root: '/cwd/r' }],
  ['a root is cleaned', ['--root=/../a/./b/../c/'], {}, { root: '/a/c', link: '/a/c/one.git' }],
  [
    'permissions are those of the group',
    [],
    { GIT_SYNC_PERMISSIONS: '0777' },
    { groupWrite: true },
  ],
  ['permissions of 0 are none', [], { GIT_SYNC_PERMISSIONS: '0' }, { groupWrite: false }],
  ['an empty user name is none', [], { GITSYNC_USERNAME: '' }, { username: '' }],
  ['a signal by its name', ['--sync-on-signal=HUP'], {}, { syncOnSignal: 'SIGHUP' }],
  ['a signal by its number', ['--sync-on-signal=1'], {}, { syncOnSignal: 'SIGHUP' }],
  ['verbose by its old name', ['--v=3', '-v=1'], {}, { verbose: 3 }],
  ['be it 0', ['--v=0', '-v=1'], {}, { verbose: 0 }],
]

for (const [it, argv, env, is] of RESOLVED) {
  test(`resolved: ${it}`, () => {
    const options = resolve(argv, env)
    for (const [key, value] of Object.entries(is)) {
      assert.deepEqual(options[key as keyof Options], value, key)
    }
  })
}

const GITHUB_APP = ['--github-app-client-id=a', '--github-app-installation-id=8']

const REFUSED: readonly [string[], Record<string, string>, 1 | 2, RegExp][] = [
  [['--nope'], {}, 2, /^unknown flag: --nope$/],
  [['-x'], {}, 2, /^unknown shorthand flag: 'x' in -x$/],
  [['--depth'], {}, 2, /^flag needs an argument: --depth$/],
  [['--depth=x'], {}, 2, /^invalid argument "x" for "--depth" flag: strconv\.ParseInt/],
  [[], { GITSYNC_DEPTH: 'x' }, 1, /^FATAL: invalid int env GITSYNC_DEPTH="x": /],
  [['--help'], { GITSYNC_PERIOD: '' }, 1, /^FATAL: invalid duration env GITSYNC_PERIOD="": /],
  [['--repo='], {}, 1, /--repo must be specified/],
  [['--root='], {}, 1, /--root must be specified/],
  [[], { GITSYNC_REF: '' }, 1, /--ref must be specified/],
  [['--depth=-1'], {}, 1, /--depth must be greater than or equal to 0/],
  [['--submodules=x'], {}, 1, /--submodules must be one of "recursive" or "shallow" or "off"/],
  [['--filter=none'], {}, 1, /--filter must be a filter-spec/],
  [['--git-gc=x'], {}, 1, /--git-gc must be one of/],
  [['--branch=a', '--rev=b'], {}, 1, /--branch and --rev/],
  [['--period=1ms'], {}, 1, /--period must be at least 10ms/],
  [['--init-period=1ms'], {}, 1, /--init-period must be at least 10ms/],
  [['--sync-timeout=1ms'], {}, 1, /--sync-timeout must be at least 10ms/],
  [['--sync-on-signal=NOPE'], {}, 1, /--sync-on-signal/],
  [['--sync-on-signal=KILL'], {}, 1, /--sync-on-signal .* not SIGKILL/],
  [['--sync-on-signal=SIGSTOP'], {}, 1, /--sync-on-signal .* not SIGSTOP/],
  [['--link=.'], {}, 1, /--link must be/],
  [['--link=/'], {}, 1, /--link must be/],
  [['--link=.git'], {}, 1, /--link must be/],
  [['--link=.worktrees/x'], {}, 1, /--link must be/],
  [['--link=.git-autosync'], {}, 1, /--link must be/],
  [
    ['--exechook-command=x', '--exechook-timeout=1ms'],
    {},
    1,
    /--exechook-timeout must be at least 1s/,
  ],
  [
    ['--exechook-command=x', '--exechook-backoff=1ms'],
    {},
    1,
    /--exechook-backoff must be at least 1s/,
  ],
  [['--pre-publish-exechook-command=x', '--pre-publish-exechook-timeout=0'], {}, 1, /at least 1s/],
  [
    ['--pre-publish-exechook-command=x', '--pre-publish-exechook-backoff=1ms'],
    {},
    1,
    /--pre-publish-exechook-backoff must be at least 1s/,
  ],
  [['--pre-publish-exechook-command=x', '--in-place'], {}, 1, /--in-place/],
  [
    ['--webhook-url=http://h', '--webhook-timeout=1ms'],
    {},
    1,
    /--webhook-timeout must be at least 1s/,
  ],
  [['--webhook-url=http://h', '--webhook-success-status=-2'], {}, 1, /--webhook-success-status/],
  [
    ['--webhook-url=http://h', '--webhook-backoff=1ms'],
    {},
    1,
    /--webhook-backoff must be at least 1s/,
  ],
  [['--username=u'], {}, 1, /\$GITSYNC_PASSWORD or --password-file must be specified/],
  [
    ['--username=u', '--password-file=f'],
    { GITSYNC_PASSWORD: 'p' },
    1,
    /only one of \$GITSYNC_PASSWORD/,
  ],
  [[], { GITSYNC_PASSWORD: 'p' }, 1, /may only be specified when --username/],
  [['--password-file=f'], {}, 1, /may only be specified when --username/],
  [
    ['--repo=https://u:p@h/r', '--username=u'],
    { GITSYNC_PASSWORD: 'p' },
    1,
    /--username may not be specified/,
  ],
  [['--http-metrics'], {}, 1, /--http-bind must be specified when --http-metrics/],
  [['--http-pprof'], {}, 1, /--http-bind must be specified when --http-pprof/],
  [['--http-sync-secret-file=f'], {}, 1, /--http-bind must be specified when --http-sync/],
  [['--github-app-client-id=a'], {}, 1, /exactly one of/],
  [
    [
      '--github-app-private-key-file=k',
      '--github-app-client-id=a',
      '--github-app-application-id=1',
    ],
    {},
    1,
    /exactly one of/,
  ],
  [
    ['--github-app-private-key-file=k', '--github-app-client-id=a'],
    {},
    1,
    /installation-id must be/,
  ],
  [
    [...GITHUB_APP, '--github-app-private-key-file=k'],
    { GITSYNC_GITHUB_APP_PRIVATE_KEY: 'k' },
    1,
    /exactly one of \$GITSYNC_GITHUB_APP_PRIVATE_KEY/,
  ],
  [
    [...GITHUB_APP, '--github-app-private-key-file=k', '--username=u'],
    { GITSYNC_PASSWORD: 'p' },
    1,
    /--username may not be specified when a GitHub app is/,
  ],
]

for (const [argv, env, exitCode, message] of REFUSED) {
  test(`refused: ${[...argv, ...Object.entries(env).map((pair) => pair.join('='))].join(' ')}`, () => {
    assert.throws(
      () => resolve(argv, env),
      (error) => {
        assert.ok(error instanceof UsageError, String(error))
        assert.equal(error.exitCode, exitCode)
        assert.equal(error.isUsageShown, !error.message.startsWith('FATAL: '))
        assert.match(error.message, message)
        return true
      },
    )
  })
}

test('mistyped variables are told with the right name', () => {
  const told = (env: Record<string, string>) => findMistyped(env).join('\n')
  for (const [mistyped, meant] of [
    ['GITSYNC_BRANCH', 'GITSYNC_REF'],
    ['GITSYNC_REV', 'GITSYNC_REF'],
    ['GIT_SYNC_REF', 'GITSYNC_REF'],
    ['GITSYNC_DEST', 'GITSYNC_LINK'],
    ['GITSYNC_WAIT', 'GITSYNC_PERIOD'],
    ['GITSYNC_TIMEOUT', 'GITSYNC_SYNC_TIMEOUT'],
    ['GITSYNC_PERMISSIONS', 'GITSYNC_GROUP_WRITE'],
    ['GITSYNC_MAX_SYNC_FAILURES', 'GITSYNC_MAX_FAILURES'],
    ['GITSYNC_HOOK_COMMAND', 'GITSYNC_EXECHOOK_COMMAND'],
    ['GITSYNC_KNOWN_HOSTS', 'GITSYNC_SSH_KNOWN_HOSTS'],
    ['GIT_SYNC_SSH_KNOWN_HOSTS', 'GITSYNC_SSH_KNOWN_HOSTS'],
  ] as const) {
    assert.match(told({ [mistyped]: 'x' }), new RegExp(`${mistyped} .*mean "${meant}"\\?`))
    assert.deepEqual(readFlags([], { [mistyped]: 'x' }, assert.fail).isSet.size, 0)
  }
  assert.match(told({ GITSYNC_REPOO: 'x' }), /"GITSYNC_REPO"/)
  const service = {
    GIT_SYNC_SERVICE_HOST: 'x',
    GIT_SYNC_SERVICE_PORT_HTTP: '80',
    GIT_SYNC_PORT: 'tcp://x',
    GIT_SYNC_PORT_80_TCP_ADDR: 'x',
    GIT_SYNC_METRICS_SERVICE_PORT: '80',
  }
  assert.equal(told(service), '')
  assert.equal(told({ GITSYNC_SSH: '1', GIT_SYNC_SSH: '1', GITSYNC_REPO: 'x', OTHER: 'x' }), '')
  const known = Object.values(FLAGS).flatMap(({ variables }) => variables)
  assert.equal(told(Object.fromEntries(known.map((name) => [name, '']))), '')
})

test('the help has every flag that is no secret', () => {
  for (const text of [usageText(), manualText()]) {
    for (const { isHidden, name } of Object.values(FLAGS)) {
      assert.equal(text.includes(`--${name}`), !isHidden, name)
    }
  }
})
