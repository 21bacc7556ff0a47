// What flags and variables are to the machine, by rows.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFlags } from '../../../src/front/git-sync/command-line.js'
import { loginsOf, settingsOf } from '../../../src/front/git-sync/machine-settings.js'
import { type Options, resolveOptions } from '../../../src/front/git-sync/options.js'
import { readSshCommand } from '../../../src/front/git-sync/ssh-command.js'
import type { Settings } from '../../../src/settings.js'

const quiet = () => undefined

function optionsOf(argv: readonly string[], env: Record<string, string>): Options {
  const needed = ['--repo=https://host/team/one', '--root=/srv']
  return resolveOptions(readFlags([...needed, ...argv], env, quiet), '/cwd', quiet)
}

// biome-ignore format: a table
const SETTINGS: readonly [argv: string[], env: Record<string, string>, is: Partial<Settings>][] = [
  [[], {}, { scrapeIntervalMs: 10_000, syncTimeoutMs: 120_000, worktreeGracePeriodMs: 0, oneTime: false, verifyIntervalMs: 0 }],
  [['--period=100ms'], {}, { scrapeIntervalMs: 100 }],
  [['--sync-timeout=1h'], {}, { syncTimeoutMs: 3_600_000, idleTimeoutMs: 3_600_000 }],
  [['--stale-worktree-timeout=5s', '--one-time'], {}, { worktreeGracePeriodMs: 5000, oneTime: true }],
  [[], { http_proxy: 'http://one:1', HTTPS_PROXY: 'http://two:2', NO_PROXY: 'a,b' }, { httpProxy: { origin: 'http://one:1', authorization: undefined }, httpsProxy: { origin: 'http://two:2', authorization: undefined }, noProxy: ['a', 'b'] }],
  [[], { ALL_PROXY: 'http://one:1' }, { httpProxy: { origin: 'http://one:1', authorization: undefined }, httpsProxy: { origin: 'http://one:1', authorization: undefined } }],
  [[], { HTTP_PROXY: 'http://one:1' }, { httpProxy: undefined, httpsProxy: undefined }],
  [[], { HTTP_PROXY: 'http://one:1', ALL_PROXY: 'http://two:2' }, { httpProxy: { origin: 'http://two:2', authorization: undefined } }],
  [[], { all_proxy: 'socks5h://u:secret@one:1', HTTPS_PROXY: 'h o' }, { httpProxy: { fault: 'all_proxy must start with http:// or https://: socks5h:// is not supported' }, httpsProxy: { fault: 'HTTPS_PROXY must be the URL of a proxy, with its user and password percent-encoded' } }],
  [[], { JITTER: '1', ONE_TIME: 'true', SYNC_TIMEOUT: '1s', PRUNE: 'true', CA_FILE: '/ca' }, { oneTime: false, syncTimeoutMs: 120_000, prune: false, caFile: undefined }],
]

for (const [argv, env, is] of SETTINGS) {
  test(`settings of ${[...argv, ...Object.keys(env)].join(' ')}`, () => {
    const settings = settingsOf(optionsOf(argv, env), env)
    for (const [name, value] of Object.entries(is)) {
      assert.deepEqual(settings[name as keyof Settings], value, name)
    }
  })
}

// biome-ignore format: a table
const LOGINS: readonly [argv: string[], env: Record<string, string>, keys: string[], trusted: string[] | false][] = [
  [[], {}, ['/etc/git-secret/ssh'], ['/etc/git-secret/known_hosts']],
  [['--ssh-key-file=/a', '--ssh-key-file=/b'], {}, ['/a', '/b'], ['/etc/git-secret/known_hosts']],
  [[], { GIT_SSH_KEY_FILE: '/a:/b', GIT_KNOWN_HOSTS: 'false' }, ['/a', '/b'], false],
  [[], { GIT_SSH_KNOWN_HOSTS_FILE: '/k' }, ['/etc/git-secret/ssh'], ['/k']],
  [['--ssh'], { GIT_SSH_COMMAND: 'ssh -i /x -o UserKnownHostsFile=/y' }, ['/x', '/etc/git-secret/ssh'], ['/y']],
]

for (const [argv, env, keys, trusted] of LOGINS) {
  test(`logins over SSH of ${[...argv, ...Object.keys(env)].join(' ')}`, () => {
    const command = readSshCommand(env['GIT_SSH_COMMAND'] ?? '', quiet)
    const { ssh } = loginsOf(optionsOf(argv, env), { storeFile: undefined }, command, env, () => [])
    assert.deepEqual(
      ssh?.keyFiles?.map(({ file }) => file),
      keys,
    )
    const files = ssh?.knownHostsFiles
    assert.deepEqual(files === false ? files : files?.map(({ file }) => file), trusted)
  })
}

test('files of git that logins are in', () => {
  const env = { HOME: '/tmp', SSH_AUTH_SOCK: '/sock', GIT_USERNAME: 'x', NETRC: '/n' }
  const given = optionsOf(['--cookie-file'], env)
  const ssh = readSshCommand('', quiet)
  assert.deepEqual(loginsOf(given, { storeFile: '/s' }, ssh, env, () => []).env, {
    HOME: '/tmp',
    SSH_AUTH_SOCK: '/sock',
    GIT_CREDENTIALS_FILE: '/s',
    GIT_COOKIE_FILE: '/etc/git-secret/cookie_file',
  })
})

test('an option that means nothing here is warned about', () => {
  const warnings: string[] = []
  const read = readFlags(['--repo=r', '--root=/r', '--git=/bin/git'], {}, quiet)
  resolveOptions(read, '/', (text) => warnings.push(text))
  assert.deepEqual(warnings, ['--git is ignored, as is /bin/git: no git binary is used'])
})
