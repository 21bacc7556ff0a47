import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCommand } from '../src/front/git-autosync/command.js'
import { SETTINGS, SettingsError } from '../src/settings.js'

type Env = Record<string, string>

const LISTING = { LISTING_PATH: 'listing.json' }
const parse = (argv: string[], env: Env = LISTING) => parseCommand(argv, env, '/srv')

function settingsOf(argv: string[], env: Env = LISTING) {
  const command = parse(argv, env)
  assert.equal(command.name, 'run')
  return 'settings' in command ? command.settings : assert.fail()
}

function faultsOf(argv: string[], env: Env = LISTING): readonly string[] {
  try {
    parse(argv, env)
  } catch (error) {
    assert.ok(error instanceof SettingsError)
    assert.equal(error.code, 'settings-invalid')
    for (const fault of error.faults) assert.ok(error.message.includes(fault))
    return error.faults
  }
  assert.fail('the settings were accepted')
}

test('every setting has its default', () => {
  assert.deepEqual(settingsOf([]), {
    listingPath: '/srv/listing.json',
    scrapeIntervalMs: 60_000,
    root: undefined,
    publish: 'in-place',
    shard: undefined,
    prune: false,
    stateDir: undefined,
    credentialsPath: undefined,
    repoRewrite: undefined,
    repoRewriteFallbackMs: undefined,
    httpHost: '0.0.0.0',
    httpPort: 8080,
    maxConnections: 512,
    webhookSecretFile: undefined,
    webhookSecret: undefined,
    webhookPollIntervalMs: 300_000,
    logLevel: 'info',
    logFormat: undefined,
    syncTimeoutMs: 600_000,
    idleTimeoutMs: 30_000,
    maxConcurrentSyncs: 4,
    maxConcurrentPolls: 32,
    maxPackBytes: 8 * 2 ** 30,
    maxCheckoutBytes: 32 * 2 ** 30,
    maxFiles: 1_000_000,
    maxRefsBytes: 64 * 2 ** 20,
    memoryBudgetBytes: 128 * 2 ** 20,
    jitter: 0.1,
    worktreeGracePeriodMs: 10_000,
    verifyIntervalMs: 600_000,
    runHooks: false,
    notifyUrl: undefined,
    notifyUrlFile: undefined,
    notifySecretFile: undefined,
    oneTime: false,
    httpsProxy: undefined,
    httpProxy: undefined,
    noProxy: undefined,
    caFile: undefined,
    requireTlsForCredentials: false,
  })
})

const written: Record<string, [string, unknown]> = {
  LISTING_PATH: ['/etc/x.json', '/etc/x.json'],
  SCRAPE_INTERVAL: ['1h 30s', 3_630_000],
  ROOT: ['data/', '/srv/data'],
  PUBLISH: ['symlink', 'symlink'],
  PRUNE: ['true', true],
  STATE_DIR: ['../state', '/state'],
  CREDENTIALS_PATH: ['c.json', { written: 'c.json', file: '/srv/c.json' }],
  REPO_REWRITE: [
    'https://h/=https://relay/h/ git@h:=https://relay/',
    [
      ['https://relay/h/', 'https://h/'],
      ['https://relay/', 'ssh://git@h/~/'],
    ],
  ],
  REPO_REWRITE_FALLBACK: ['2m', 120_000],
  HTTP_HOST: ['::', '::'],
  HTTP_PORT: ['0', 0],
  MAX_CONNECTIONS: ['100', 100],
  WEBHOOK_SECRET_FILE: ['hooks', { written: 'hooks', file: '/srv/hooks' }],
  WEBHOOK_SECRET: ['old secret\nnew secret', 'old secret\nnew secret'],
  WEBHOOK_POLL_INTERVAL: ['1h', 3_600_000],
  LOG_LEVEL: ['debug', 'debug'],
  LOG_FORMAT: ['pretty', 'pretty'],
  SYNC_TIMEOUT: ['1m', 60_000],
  IDLE_TIMEOUT: ['500', 500],
  MAX_CONCURRENT_SYNCS: ['1', 1],
  MAX_CONCURRENT_POLLS: ['100', 100],
  MAX_PACK_BYTES: ['500Mi', 500 * 2 ** 20],
  MAX_CHECKOUT_BYTES: ['2TB', 2e12],
  MAX_FILES: ['100000', 100_000],
  MAX_REFS_BYTES: ['1000', 1000],
  SHARD: ['1/3', { index: 1, total: 3 }],
  MEMORY_BUDGET: ['64MiB', 64 * 2 ** 20],
  JITTER: ['1', 1],
  WORKTREE_GRACE_PERIOD: ['1m', 60_000],
  VERIFY_INTERVAL: ['0', 0],
  RUN_HOOKS: ['1', true],
  NOTIFY_URL: ['https://example.com/x', 'https://example.com/x'],
  NOTIFY_URL_FILE: ['url', { written: 'url', file: '/srv/url' }],
  NOTIFY_SECRET_FILE: ['key', { written: 'key', file: '/srv/key' }],
  ONE_TIME: ['1', true],
  HTTPS_PROXY: ['proxy:3128', { origin: 'http://proxy:3128', authorization: undefined }],
  HTTP_PROXY: [
    'https://u:p%40@proxy',
    { origin: 'https://proxy', authorization: `Basic ${Buffer.from('u:p@').toString('base64')}` },
  ],
  NO_PROXY: ['a.example, 10.0.0.0/8', ['a.example', '10.0.0.0/8']],
  CA_FILE: ['ca.pem', { written: 'ca.pem', file: '/srv/ca.pem' }],
  REQUIRE_TLS_FOR_CREDENTIALS: ['true', true],
}

const flagOf = (variable: string) => `--${variable.toLowerCase().replaceAll('_', '-')}`

for (const [key, { variable }] of Object.entries(SETTINGS)) {
  test(`${variable} is read from the environment, and from ${flagOf(variable)}`, () => {
    const [text, value] = written[variable] ?? assert.fail(`${variable} is not in this test`)
    const read = (argv: string[], env: Env = {}) =>
      new Map<string, unknown>(Object.entries(settingsOf(argv, { ...LISTING, ...env }))).get(key)
    assert.deepEqual(read([], { [variable]: text }), value)
    assert.deepEqual(read([flagOf(variable), text]), value)
    assert.deepEqual(read([`${flagOf(variable)}=${text}`]), value)
  })
}

test('the flag wins, also over a variable with a bad value', () => {
  const env = { ...LISTING, HTTP_PORT: 'x', SCRAPE_INTERVAL: '1m' }
  const settings = settingsOf(['--http-port', '1', '--scrape-interval=2m'], env)
  assert.equal(settings.httpPort, 1)
  assert.equal(settings.scrapeIntervalMs, 120_000)
})

test('proxies are read from the names that everybody has', () => {
  const originOf = (env: Env) => {
    const { httpsProxy } = settingsOf([], { ...LISTING, ...env })
    return httpsProxy && 'origin' in httpsProxy ? httpsProxy.origin : undefined
  }
  assert.equal(originOf({ https_proxy: 'http://a' }), 'http://a')
  assert.equal(originOf({ ALL_PROXY: 'http://b' }), 'http://b')
  assert.equal(originOf({ all_proxy: 'http://b', ALL_PROXY: 'http://c' }), 'http://b')
  assert.equal(originOf({ https_proxy: ' ', HTTPS_PROXY: 'd', all_proxy: 'e' }), 'http://d')
  assert.equal(originOf({ https_proxy: 'http://f', HTTPS_PROXY: 'http://g' }), 'http://f')
  assert.equal(originOf({ http_proxy: 'http://h' }), undefined)
  assert.deepEqual(settingsOf([], { ...LISTING, no_proxy: 'a,b' }).noProxy, ['a', 'b'])
})

test('a bad proxy is a fault of the variable that has it, without its value', () => {
  const faults = faultsOf([], { ...LISTING, https_proxy: 'socks5://u:secret@h', http_proxy: 'h o' })
  assert.equal(faults.length, 2)
  assert.match(faults[0] ?? '', /^https_proxy must start with http:\/\/ or https:\/\/: socks5:/)
  assert.match(faults[1] ?? '', /^http_proxy must be the URL of a proxy/)
  assert.doesNotMatch(faults.join(), /secret/)
  const all = { ALL_PROXY: 'socks5://u:secret@h' }
  const [fault = ''] = faultsOf(['--https-proxy', 'http://u:sec/ret@h'], all)
  assert.match(fault, /^--https-proxy must (?:be the URL|end after the port).*percent-encode/)
})

test('a bad proxy of every program is a fault of none but who needs it', () => {
  const env = { ...LISTING, HTTPS_PROXY: 'http://a', all_proxy: 'socks5h://u:secret@h' }
  const { httpProxy, httpsProxy } = settingsOf([], env)
  assert.deepEqual(httpsProxy, { origin: 'http://a', authorization: undefined })
  const fault = 'all_proxy must start with http:// or https://: socks5h:// is not supported'
  assert.deepEqual(httpProxy, { fault })
})

test('what is empty counts as unset', () => {
  const env = { ...LISTING, ROOT: '', SCRAPE_INTERVAL: ' ', PRUNE: '' }
  const settings = settingsOf(['--http-port='], { ...env, HTTP_PORT: '1' })
  assert.equal(settings.root, undefined)
  assert.equal(settings.scrapeIntervalMs, 60_000)
  assert.equal(settings.prune, false)
  assert.equal(settings.httpPort, 8080)
  assert.match(faultsOf([], { LISTING_PATH: '' }).join(), /LISTING_PATH is missing/)
})

test('a boolean flag needs no value', () => {
  assert.equal(settingsOf(['--prune']).prune, true)
  assert.equal(settingsOf(['--prune', '--one-time']).oneTime, true)
  assert.equal(settingsOf(['--prune', 'false'], { ...LISTING, PRUNE: 'true' }).prune, false)
  assert.equal(settingsOf(['--prune=0']).prune, false)
})

const bad: [string, string, string][] = [
  ['SCRAPE_INTERVAL', '5x', 'must be a duration such as 60s'],
  ['SCRAPE_INTERVAL', '0', 'must be at least 1ms, not "0"'],
  ['SCRAPE_INTERVAL', '-5', 'must not be negative: "-5"'],
  [
    'PUBLISH',
    'inplace',
    'must be one of in-place, symlink, not "inplace" (did you mean "in-place"?)',
  ],
  ['PRUNE', 'maybe', 'must be true or false, not "maybe"'],
  ['HTTP_HOST', 'a b', 'must be a host name or an address, not "a b"'],
  ['HTTP_PORT', '65536', 'must be a whole number from 0 to 65535, not "65536"'],
  ['HTTP_PORT', '80.5', 'must be a whole number'],
  ['HTTP_PORT', '0x50', 'must be a whole number'],
  ['LOG_LEVEL', 'trace', 'must be one of error, warn, info, debug'],
  ['LOG_FORMAT', 'text', 'must be one of json, pretty'],
  ['SYNC_TIMEOUT', '0', 'must be longer than 0'],
  ['IDLE_TIMEOUT', '0s', 'must be longer than 0'],
  ['MAX_CONCURRENT_SYNCS', '0', 'must be a whole number from 1'],
  ['MAX_PACK_BYTES', '0', 'must be an amount of bytes such as 512MiB'],
  ['MAX_FILES', '0', 'must be a whole number from 1'],
  ['JITTER', '1.1', 'must be a number from 0 to 1'],
  ['JITTER', '-0.1', 'must be a number from 0 to 1'],
  ['JITTER', '1e-1', 'must be a number from 0 to 1'],
]

for (const [variable, text, message] of bad) {
  test(`${variable}=${text} is rejected`, () => {
    const [fromEnv] = faultsOf([], { ...LISTING, [variable]: text })
    assert.ok(fromEnv?.startsWith(`${variable} ${message}`), fromEnv)
    const [fromFlag] = faultsOf([flagOf(variable), text])
    assert.ok(fromFlag?.startsWith(`${flagOf(variable)} ${message}`), fromFlag)
  })
}

test('every fault is told at once', () => {
  const argv = ['--http-prot=1', '--frob', 'x', '--jitter', '2', '--log-level', '-q', '--root']
  assert.deepEqual(faultsOf([...argv, '--', 'run', 'extra'], { LOG_FORMAT: 'xml', PRUNE: '2' }), [
    '--root needs a value',
    '--log-level needs a value',
    'unknown flag --http-prot (did you mean "--http-port"?)',
    'unknown flag --frob',
    'unknown flag -q',
    'unexpected argument "extra"',
    'PRUNE must be true or false, not "2"',
    'LOG_FORMAT must be one of json, pretty, not "xml"',
    '--jitter must be a number from 0 to 1, not "2"',
    'LISTING_PATH is missing: name the listing, or give --listing-path',
  ])
})

test('no fault shows a credential', () => {
  const secret = 'https://user:s3cret@host'
  const faults = faultsOf([secret, `--${secret}`, `--jitter=${secret}`], { ROOT: secret })
  assert.doesNotMatch(faults.join(), /s3cret/)
})

test('an address or a content in place of a path is a fault, and not shown', () => {
  const message = 'must be a path on this machine, not an address or what a file holds'
  for (const text of [
    'https://user:s3cret@host/x',
    'https//user:s3cret@host/x',
    '[{"url": "https://host", "token": "s3cret"}]',
    '-----BEGIN CERTIFICATE-----\ns3cret',
  ]) {
    for (const variable of ['LISTING_PATH', 'CREDENTIALS_PATH', 'CA_FILE', 'ROOT', 'STATE_DIR']) {
      const faults = faultsOf([], { ...LISTING, [variable]: text })
      assert.deepEqual(faults, [`${variable} ${message}`])
    }
  }
  for (const text of ['/srv/{a}/x', '/srv/a[1]', '/srv/"a"']) {
    const { credentialsPath } = settingsOf([], { ...LISTING, CREDENTIALS_PATH: text })
    assert.deepEqual(credentialsPath, { written: text, file: text })
  }
  const listing = faultsOf(['validate', 'https://user:s3cret@host/x'], {})
  assert.deepEqual(listing, [`--listing-path ${message}`])
})

test('a short secret of webhooks is refused, and not shown', () => {
  const env = { ...LISTING, WEBHOOK_SECRET: 'long enough\nabc12' }
  const [fault = ''] = faultsOf([], env)
  assert.match(fault, /^WEBHOOK_SECRET must have at least 8 characters/)
  assert.ok(!fault.includes('abc12'))
})

test('one address to notify is enough', () => {
  const env = { ...LISTING, NOTIFY_URL: 'https://example.com', NOTIFY_URL_FILE: '/url' }
  assert.throws(() => settingsOf([], env), /NOTIFY_URL and NOTIFY_URL_FILE are both set/)
  const login = { ...LISTING, NOTIFY_URL: 'https://a:hunter2@example.com' }
  assert.throws(() => settingsOf([], login), /NOTIFY_URL has credentials in it: take them out/)
})
