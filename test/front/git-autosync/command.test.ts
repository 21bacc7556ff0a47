import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseCommand } from '../../../src/front/git-autosync/command.js'
import { helpText } from '../../../src/front/git-autosync/help.js'
import { listingDefaults, SETTINGS, SettingsError } from '../../../src/settings.js'
import { readBuild } from '../../../src/version.js'

type Env = Record<string, string>

const LISTING = { LISTING_PATH: 'listing.json' }
const parse = (argv: string[], env: Env = LISTING) => parseCommand(argv, env, '/srv')

function faultsOf(argv: string[], env: Env = LISTING): readonly string[] {
  try {
    parse(argv, env)
  } catch (error) {
    assert.ok(error instanceof SettingsError)
    return error.faults
  }
  assert.fail('the settings were accepted')
}

test('arguments that mean nothing are faults', () => {
  assert.deepEqual(faultsOf(['valdate', 'x']), [
    'unknown command "valdate" (did you mean "validate"?)',
    'unexpected argument "x"',
  ])
  assert.deepEqual(faultsOf(['--remote']), ['--remote is for validate'])
})

test('validate takes several listings, and asks remotes where it is told to', () => {
  const command = parse(['validate', 'a.json', '/b.json', '--remote'], LISTING)
  assert.ok(command.name === 'validate')
  assert.deepEqual(command.listings, ['/srv/a.json', '/b.json'])
  assert.equal(command.asksRemotes, true)
  const other = parse(['validate', 'a.json'], {})
  assert.equal(other.name === 'validate' && other.asksRemotes, false)
})

test('validate takes the listing as an argument or from its setting', () => {
  const env = { ...LISTING, ROOT: '/data', PUBLISH: 'symlink', SCRAPE_INTERVAL: '5s' }
  for (const [argv, listingPath] of [
    [['validate'], '/srv/listing.json'],
    [['validate', 'other.json', '--state-dir', '/state'], '/srv/other.json'],
  ] as const) {
    const command = parse([...argv], env)
    assert.ok(command.name === 'validate')
    assert.deepEqual(command.listings, [listingPath])
    assert.deepEqual(listingDefaults(command.settings), {
      root: '/data',
      publish: 'symlink',
      intervalMs: 5000,
      stateDirectory: argv.length > 1 ? '/state' : undefined,
      runHooks: false,
    })
  }
})

test('healthcheck needs the port of the service, and no listing', () => {
  const command = parse(['healthcheck', '--http-port', '9000'], {})
  assert.ok(command.name === 'healthcheck')
  assert.equal(command.probe, 'healthz')
  const other = parse(['healthcheck', 'readyz'], {})
  assert.ok(other.name === 'healthcheck' && other.probe === 'readyz')
  assert.deepEqual([command.settings.httpHost, command.settings.httpPort], ['0.0.0.0', 9000])
  assert.deepEqual(faultsOf(['healthcheck', 'x', 'y'], { HTTP_PORT: '0' }), [
    'unknown probe "x": there are healthz, livez, startupz, readyz',
    'unexpected argument "y"',
    'HTTP_PORT is 0: name the port that was logged',
  ])
})

test('help names every setting with its variable and default, whatever else is wrong', () => {
  for (const argv of [['--help'], ['-h'], ['help'], ['validate', '--nonsense', '--help']]) {
    assert.deepEqual(parse(argv, {}), { name: 'help' })
    const help = helpText()
    const text = help.replace(/\s+/g, ' ')
    for (const command of ['validate [flags]', 'healthcheck [flags]', 'status [--url']) {
      assert.ok(text.includes(`git-autosync ${command}`))
    }
    for (const setting of Object.values(SETTINGS)) {
      assert.ok(text.includes(`--${setting.name} `))
      assert.ok(text.includes(`env: ${setting.variable}`), setting.variable)
      if (setting.default) assert.ok(text.includes(`"${setting.default}"`))
    }
    const others = ['GIT_TOKEN_FILE', 'NETRC', 'SIGHUP', 'SIGTERM', 'Exit codes', 'https://']
    for (const word of others) assert.ok(text.includes(word), word)
    assert.ok(help.split('\n').every((line) => line.length <= 100))
  }
})

test('version is that of package.json', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  for (const word of ['--version', '-V', '-v', 'version']) {
    assert.deepEqual(parse([word], {}), { name: 'version' })
  }
  assert.equal(readBuild().version, version)
})

test('status asks the service at its address, or at another, and needs no listing', () => {
  assert.deepEqual(parse(['status'], {}), { name: 'status', url: 'http://127.0.0.1:8080' })
  const url = 'https://sync.example.com/a'
  assert.deepEqual(parse(['status', '--url', url], { HTTP_PORT: '0' }), { name: 'status', url })
  assert.deepEqual(faultsOf(['status'], { HTTP_PORT: '0' }), [
    'HTTP_PORT is 0: name the port that was logged',
  ])
  assert.deepEqual(faultsOf(['status', '--url=sync'], {}), [
    '--url must begin with http:// or https://',
  ])
})
