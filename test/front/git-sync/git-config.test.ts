import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { UsageError } from '../../../src/front/git-sync/command-line.js'
import { specificityOf } from '../../../src/front/git-sync/config-url.js'
import { credentialsOf } from '../../../src/front/git-sync/credentials.js'
import { parseGitConfig, readConfigVariables } from '../../../src/front/git-sync/git-config.js'
import { readGitSettings } from '../../../src/front/git-sync/git-settings.js'
import { httpFor } from '../../../src/front/git-sync/machine-settings.js'
import type { Options } from '../../../src/front/git-sync/options.js'
import { readSshCommand, sshCommandOf } from '../../../src/front/git-sync/ssh-command.js'
import { configText } from '../../../src/front/git-sync/start.js'
import { rewriteUrl } from '../../../src/git/instead-of.js'
import { parseRemoteUrl } from '../../../src/git/remote-url.js'
import { tempDir } from '../../helpers/git.js'

const READ: readonly [string, [string, string][]][] = [
  ['', []],
  ['k:v', [['k', 'v']]],
  [
    'k1:v1,k2:v2',
    [
      ['k1', 'v1'],
      ['k2', 'v2'],
    ],
  ],
  ['k:a:b', [['k', 'a:b']]],
  ['"k:x":v', [['k:x', 'v']]],
  ['k:"a,b"', [['k', 'a,b']]],
  ['k:a\\,b', [['k', 'a,b']]],
  ['k:"a\\n\\t\\"\\\\"', [['k', 'a\n\t"\\']]],
  ['url."https://h/".insteadOf:x', [['url."https', '//h/".insteadOf:x']]],
  ['"url.https://h/.insteadOf":git@h:', [['url.https://h/.insteadOf', 'git@h:']]],
  [
    ' k : v , l : w ',
    [
      ['k', 'v'],
      ['l', 'w'],
    ],
  ],
]

describe('the grammar of --git-config', () => {
  for (const [text, pairs] of READ) {
    test(`reads ${JSON.stringify(text)}`, () => assert.deepEqual(parseGitConfig(text), pairs))
  }
  for (const text of ['k', 'k:', ':v', 'k:v\\x', '"k:v', 'k:"v', 'k:"v"x']) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseGitConfig(text),
        (error) => error instanceof UsageError && error.exitCode === 1,
      )
    })
  }
})

describe('what of git is done', () => {
  const own = 'https://h/team/one'
  const read = (text: string, env: Record<string, string> = {}, repo = own) => {
    const warnings: string[] = []
    const warn = (each: string) => warnings.push(each)
    const settings = readGitSettings(parseGitConfig(text), env, warn, repo)
    return { ...settings, warnings }
  }
  const of = (text: string, env: Record<string, string> = {}, url = own) =>
    read(text, env).httpOf(url)

  test('each key that means something', () => {
    assert.equal(of('http.sslCAInfo:/ca').caFile, '/ca')
    assert.equal(of('', { GIT_SSL_CAINFO: '/ca' }).caFile, '/ca')
    assert.equal(of('http.sslVerify:false').unverified, 'http.sslVerify')
    assert.equal(of('"http.https://h/.sslVerify":false').unverified, 'http.https://h/.sslVerify')
    assert.equal(of('http.sslVerify:true').unverified, undefined)
    assert.equal(of('', { GIT_SSL_NO_VERIFY: '1' }).unverified, 'GIT_SSL_NO_VERIFY')
    assert.equal(of('http.proxy:http://p').proxy, 'http://p')
    assert.deepEqual(of('http.extraHeader:"X-A: b"').headers, { 'x-a': 'b' })
    assert.equal(of('http.cookieFile:/c').cookieFile, '/c')
    assert.equal(read('credential.helper:store --file=/s').storeFile, '/s')
    assert.equal(read('protocol.file.allow:always,protocol.allow:never').fileAllow, 'always')
    assert.equal(read('protocol.http.allow:always').fileAllow, undefined)
    assert.equal(
      read('core.sshCommand:ssh -i k', { GIT_SSH_COMMAND: 'ssh -i e' }).sshCommand,
      'ssh -i e',
    )
  })

  test('what is for a URL counts there, and nowhere else', () => {
    const values: Record<string, string> = { extraHeader: '"X-A: b"', sslVerify: 'false' }
    for (const [name, field] of [
      ['extraHeader', 'headers'],
      ['sslVerify', 'unverified'],
      ['proxy', 'proxy'],
      ['sslCert', 'clientCertFile'],
      ['sslKey', 'clientKeyFile'],
      ['sslCAInfo', 'caFile'],
      ['cookieFile', 'cookieFile'],
    ] as const) {
      const key = (url: string) => `"http.${url}.${name}":${values[name] ?? '/value'}`
      const nothing = of('')[field]
      for (const [pattern, url] of [
        ['https://h/team', own],
        ['https://other/', 'https://other/any'],
        ['https://*.other', 'https://git.other/any'],
      ] as const) {
        const { httpOf, warnings } = read(key(pattern))
        assert.deepEqual(warnings, [])
        assert.notDeepEqual(httpOf(url)[field], nothing, `${name} of ${pattern} at ${url}`)
        assert.deepEqual(httpOf('https://third/any')[field], nothing, `${name} of ${pattern}`)
      }
    }
  })

  test('a secret without a URL goes to the host of --repo alone', () => {
    const { httpOf } = read('http.extraHeader:"X-A: b",http.sslCert:/c,http.proxy:http://p')
    assert.deepEqual(httpOf('https://h/other').headers, { 'x-a': 'b' })
    const { clientCertFile, headers, proxy } = httpOf('https://other/one')
    assert.deepEqual([headers, clientCertFile, proxy], [{}, undefined, 'http://p'])
    const overSsh = read('http.extraHeader:"X-A: b"', {}, 'git@h:one')
    assert.deepEqual(overSsh.httpOf('https://h/one').headers, {})
    assert.deepEqual(overSsh.headers, [{ 'x-a': 'b' }])
  })

  test('of several URLs the most exact counts', () => {
    const exact = '"http.https://h/team.proxy":http://exact'
    assert.equal(of(`${exact},http.proxy:http://any`).proxy, 'http://exact')
    assert.equal(of(`http.proxy:http://any,${exact}`).proxy, 'http://exact')
    const verified = 'http.sslVerify:false,"http.https://h.sslVerify":true'
    assert.equal(of(verified).unverified, undefined)
    assert.equal(of(verified, {}, 'https://other/').unverified, 'http.sslVerify')
    const moved = '"url.https://h/team/.insteadOf":"t:",http.extraHeader:"X-A: b"'
    assert.deepEqual(read(moved, {}, 't:one').httpOf(own).headers, { 'x-a': 'b' })
  })

  test('TLS is verified where there is any', () => {
    assert.equal(of('', { GIT_SSL_NO_VERIFY: '1' }, 'http://h/one').unverified, undefined)
    assert.equal(of('http.sslVerify:false', {}, 'http://h/one').unverified, undefined)
    const { unverified } = read('http.sslVerify:false,"http.https://a/.sslVerify":no', {
      GIT_SSL_NO_VERIFY: '',
    })
    assert.deepEqual(unverified, [
      'http.sslVerify',
      'http.https://a/.sslVerify',
      'GIT_SSL_NO_VERIFY',
    ])
  })

  test('as the machine has it', () => {
    const http = (text: string, isInsecure = false) => {
      const settings = { noProxy: ['direct'] }
      return httpFor(read(text), settings, isInsecure)
    }
    const [url, direct] = [new URL(own), new URL('https://direct/one')]
    const proxied = http('http.proxy:http://u:p@proxy:8080')
    assert.deepEqual(proxied(url).proxy, {
      origin: 'http://proxy:8080',
      authorization: `Basic ${btoa('u:p')}`,
    })
    assert.equal(proxied(direct).proxy, false)
    assert.equal(http('http.proxy:""')(url).proxy, false)
    assert.equal(http('')(url).proxy, undefined)
    assert.throws(() => http('http.proxy:socks5://p'), UsageError)
    const { caFile, cookieFile, identity } = http(
      'http.sslCAInfo:/ca,http.cookieFile:/c,http.sslCert:/cert',
    )(url)
    assert.deepEqual(
      [caFile?.file, cookieFile?.file, identity?.clientCertFile, identity?.clientKeyFile],
      ['/ca', '/c', '/cert', '/cert'],
    )
    assert.equal(http('http.sslVerify:false')(url).skipTlsVerification, false)
    assert.equal(http('http.sslVerify:false', true)(url).skipTlsVerification, true)
    assert.equal(http('"http.https://h/.sslVerify":false', true)(direct).skipTlsVerification, false)
  })

  test('a key needs a section', () => {
    for (const key of ['name', '.name', 'a b.name', 'section.', '"se\\nction.name"'])
      assert.throws(() => read(`${key}:v`), UsageError, key)
  })

  test('no value is shown where something is wrong', () => {
    for (const text of ['a.b:"s3cret', 'a.b:s3cret\\x', 'a.b:"x"s3cret', 'a.b:x,s3cret']) {
      assert.throws(
        () => read(text),
        ({ message }: Error) => /at character \d/.test(message) && !message.includes('s3cret'),
      )
    }
  })

  test('what has no effect is accepted, and what would have one is warned about', () => {
    assert.deepEqual(read('safe.directory:*,gc.auto:0,http.postBuffer:1,user.name:x').warnings, [])
    const accepted = [
      'gc.autoDetach:false',
      'pack.threads:1',
      'fetch.prune:true',
      'protocol.file.allow:always',
    ]
    assert.deepEqual(read([...accepted, 'some.other:x'].join(',')).warnings, [])
    for (const key of [
      'core.autocrlf',
      'core.eol',
      'core.symlinks',
      'core.fileMode',
      'http.sslCAPath',
      'http.userAgent',
      'http.followRedirects',
      'http.lowSpeedLimit',
      'http.lowSpeedTime',
      'credential.useHttpPath',
      'credential.helper',
    ]) {
      assert.match(read(`${key}:x`).warnings.join(), new RegExp(`${key} is ignored`))
    }
  })

  test('the last of a key counts', () => {
    assert.equal(of('http.proxy:http://a,http.proxy:http://b').proxy, 'http://b')
    assert.equal(of('http.sslVerify:false,http.sslVerify:true').unverified, undefined)
    assert.equal(read('core.sshCommand:ssh -i a,core.sshCommand:ssh -i b').sshCommand, 'ssh -i b')
    assert.deepEqual(of('http.extraHeader:"X-A: a",http.extraHeader:"X-B: b"').headers, {
      'x-a': 'a',
      'x-b': 'b',
    })
  })

  test('variables of git win over its configuration', () => {
    const env = { GIT_SSL_CAINFO: '/env', GIT_SSH_COMMAND: 'ssh -i env' }
    const config = 'http.sslCAInfo:/ca,"http.https://h/.sslCAInfo":/exact,core.sshCommand:ssh'
    const { httpOf, sshCommand } = read(config, env)
    assert.deepEqual([httpOf(own).caFile, sshCommand], ['/env', 'ssh -i env'])
    assert.equal(of(config, { GIT_SSL_CAINFO: '' }).caFile, '/exact')
  })

  test('a client certificate of the variables goes to the host of --repo alone', () => {
    const env = { GIT_SSL_CERT: '/env-cert', GIT_SSL_KEY: '/env-key' }
    const { httpOf } = read('http.sslCert:/c,http.sslKey:/k,"http.https://other/.sslCert":/o', env)
    const filesAt = (url: string) => [httpOf(url).clientCertFile, httpOf(url).clientKeyFile]
    assert.deepEqual(filesAt(own), ['/env-cert', '/env-key'])
    assert.deepEqual(filesAt('https://other/one'), ['/o', undefined])
  })

  test('variables of git that are not done are warned about', () => {
    for (const name of ['GIT_ASKPASS', 'GIT_HTTP_LOW_SPEED_LIMIT'])
      assert.deepEqual(read('', { [name]: 'x' }).warnings, [
        `${name} is ignored: it is not supported here`,
      ])
    assert.deepEqual(read('', { GIT_SSL_CAPATH: '' }).warnings, [])
  })

  test('for a directory of CAs, what takes its place is said', () => {
    const words =
      'is ignored: name one file with all of the CAs, as GIT_SSL_CAINFO or http.sslCAInfo'
    for (const name of ['GIT_SSL_CAPATH', 'SSL_CERT_DIR'])
      assert.deepEqual(read('', { [name]: '/etc/cas' }).warnings, [`${name} ${words}`])
    assert.deepEqual(read('http.sslCAPath:/etc/cas').warnings, [
      `git config http.sslCAPath ${words}`,
    ])
  })

  test('keys that are counted in variables', () => {
    const env = {
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'http.proxy',
      GIT_CONFIG_VALUE_0: 'http://p',
      GIT_CONFIG_KEY_1: 'http.https://h/.cookieFile',
      GIT_CONFIG_VALUE_1: '',
      GIT_CONFIG_KEY_2: 'not.counted',
    }
    assert.deepEqual(readConfigVariables(env), [
      ['http.proxy', 'http://p'],
      ['http.https://h/.cookieFile', ''],
    ])
    assert.deepEqual(readConfigVariables({ GIT_CONFIG_COUNT: '', GIT_CONFIG_KEY_0: 'a.b' }), [])
    for (const [changed, fault] of [
      [{ GIT_CONFIG_COUNT: 'x' }, /^GIT_CONFIG_COUNT is not a number$/],
      [{ GIT_CONFIG_COUNT: '-1' }, /^GIT_CONFIG_COUNT is not a number$/],
      [{ GIT_CONFIG_KEY_1: '' }, /^GIT_CONFIG_KEY_1 is not set, but GIT_CONFIG_COUNT is 2$/],
      [{ GIT_CONFIG_COUNT: '3' }, /^GIT_CONFIG_VALUE_2 is not set, but GIT_CONFIG_COUNT is 3$/],
    ] as const)
      assert.throws(
        () => readConfigVariables({ ...env, ...changed }),
        (error) => error instanceof UsageError && fault.test(error.message),
      )
  })

  test('addresses are rewritten by the longest prefix', () => {
    const { insteadOf } = read(
      '"url.https://a/.insteadOf":git@h:,"url.https://b/.insteadOf":git@h:team/',
    )
    assert.equal(rewriteUrl('git@h:team/one', insteadOf), 'https://b/one')
    assert.equal(rewriteUrl('git@h:one', insteadOf), 'https://a/one')
    assert.equal(rewriteUrl('other', insteadOf), 'other')
  })

  test('of an SSH command, keys and trust', () => {
    const warnings: string[] = []
    const command =
      'ssh -q -i /a -i/b -p 2222 -o StrictHostKeyChecking=no -oUserKnownHostsFile=/dev/null -o ProxyCommand=x'
    const read = readSshCommand(command, (each) => warnings.push(each))
    assert.deepEqual(read, { keyFiles: ['/a', '/b'], knownHosts: false, port: '2222' })
    assert.match(warnings.join(), /keys of SSH hosts are not verified,the option ProxyCommand /)
  })

  test('an SSH command that has keys learnt is told what to do', () => {
    const warnings: string[] = []
    const warn = (each: string) => warnings.push(each)
    const { knownHosts } = readSshCommand('ssh -o StrictHostKeyChecking=accept-new', warn)
    assert.equal(knownHosts, undefined)
    assert.match(
      warnings.join(),
      /^\S+=accept-new .* is ignored, .* or set --ssh-known-hosts=false/,
    )
    readSshCommand('ssh -o StrictHostKeyChecking=yes', assert.fail)
  })

  test('the SSH command of hooks has the keys and the trust of the flags', () => {
    const flags = {
      sshKeyFile: ['/a', "/it's b"],
      sshKnownHosts: true,
      sshKnownHostsFile: '/known hosts',
    }
    const words = (command: string) => {
      const script = `ssh() { printf '%s\\n' "$@"; }; ${command} host`
      return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trim().split('\n')
    }
    const keys = ['-i', '/a', '-i', "/it's b"]
    const trust = ['-o', 'StrictHostKeyChecking=yes', '-o', 'UserKnownHostsFile="/known hosts"']
    assert.deepEqual(words(sshCommandOf(flags, undefined)), [...keys, ...trust, 'host'])
    const open = { ...flags, sshKnownHosts: false }
    const none = ['-o', 'StrictHostKeyChecking=no']
    assert.deepEqual(words(sshCommandOf(open, 'ssh -v')), ['-v', ...keys, ...none, 'host'])
    const here = { ...flags, sshKeyFile: ['k'], sshKnownHosts: false }
    assert.match(sshCommandOf(here, undefined), new RegExp(`^ssh -i ${process.cwd()}/k -o `))
  })
})

describe('credentials', () => {
  const remote = parseRemoteUrl('https://host/team/one', '/')
  const of = (options: Partial<Options>) =>
    credentialsOf({ credential: [], ...options } as Options, remote)

  test('a user name serves its host, and those of URLs the rest of theirs', () => {
    const json = '[{"url":"https://other/a","username":"u","password-file":"/f"}]'
    const login = { username: 'me', password: 'p' }
    assert.deepEqual(of({ ...login, credential: [json] }), [
      { url: 'https://host', ...login },
      { url: 'https://other/a', username: 'u', passwordFile: '/f' },
      { url: 'https://other', username: 'u', passwordFile: '/f' },
    ])
  })

  for (const text of [
    '{',
    '{"url":"https://h","username":"u","password":"p","more":1}',
    '{"username":"u","password":"p"}',
    '{"url":"https://h","password":"p"}',
    '{"url":"https://h","username":"u"}',
    '{"url":"https://h","username":"u","password":"p","password-file":"f"}',
  ]) {
    test(`not ${text}`, () => {
      assert.throws(() => of({ credential: [text] }), UsageError)
    })
  }
})

const FITS: readonly [pattern: string, url: string, doesFit: boolean][] = [
  ['https://h', 'https://h/a', true],
  ['https://h:443/', 'https://H/a', true],
  ['https://h/a', 'https://h/a/b', true],
  ['https://h/a/', 'https://h/a', true],
  ['https://h/a', 'https://h/ab', false],
  ['https://h', 'http://h/a', false],
  ['https://h:8443', 'https://h/a', false],
  ['https://u@h', 'https://u:p@h/a', true],
  ['https://u@h', 'https://h/a', false],
  ['https://*.h', 'https://x.h/a', true],
  ['https://*.h', 'https://x.y.h/a', false],
  ['https://h', 'https://h.evil/a', false],
  ['h', 'https://h/a', false],
  ['https://h', 'git@h:a', false],
]
for (const [pattern, url, doesFit] of FITS) {
  test(`${pattern} is ${doesFit ? '' : 'not '}for ${url}`, () => {
    assert.equal(specificityOf(pattern, url) !== undefined, doesFit)
  })
}

test('git reads what is written for hooks', (t) => {
  const file = path.join(tempDir(t), 'config')
  const value = 'a "b" \\ ; # \n\t\b\u0001é '
  const keys = ['user.name', 'url.https://h/"x\\y".insteadOf']
  writeFileSync(file, configText(keys.map((key) => [key, value])))
  for (const key of keys) {
    const read = execFileSync('git', ['config', '--null', '--file', file, '--get', key])
    assert.equal(read.toString(), `${value}\0`)
  }
})
