import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import ssh2, { type AuthContext } from 'ssh2'
import type { Credential } from '../../../src/credentials/credential.js'
import { toSshCredential } from '../../../src/credentials/ssh/ssh-credential.js'
import { sshDefaults } from '../../../src/credentials/ssh/ssh-defaults.js'
import { parseRemoteUrl } from '../../../src/git/remote-url.js'
import { readLogin } from '../../../src/transport/ssh/login.js'
import { atEnd } from '../../helpers/at-end.js'
import { failsWith } from '../../helpers/fails-with.js'
import { createRepo, type TestScope } from '../../helpers/git.js'
import { until } from '../../helpers/service.js'
import {
  createKey,
  fingerprintOf,
  type Sshd,
  type SshdOptions,
  startSshd,
} from '../../helpers/sshd.js'
import { createHarness, credentialFor, foundIn, NOWHERE, signal } from './ssh-harness.js'

/** A server with a repository; `poll` logs in anew and returns the oid of its HEAD. */
async function serve(t: TestScope, options: SshdOptions = {}) {
  const sshd = await startSshd(t, options)
  const repo = createRepo(path.join(sshd.dir, 'repo.git'), { bare: true })
  const tip = repo.commit('first', { file: '1' })
  const poll = async (credential: Credential, defaults = NOWHERE, idleTimeoutMs = 60_000) => {
    const { session, transports } = createHarness(t, { defaults, idleTimeoutMs })
    const [head] = await session(sshd.url(repo.dir), credential).listRefs(['HEAD'], signal)
    await transports.close()
    return head?.oid
  }
  return { sshd, tip, poll }
}

function authorize(sshd: Sshd, ...keys: string[]): void {
  writeFileSync(sshd.authorizedKeys, keys.map((key) => readFileSync(`${key}.pub`, 'utf8')).join(''))
}

test('every type and format of key, plain and encrypted', async (t) => {
  const { sshd, tip, poll } = await serve(t)
  const passphraseFile = path.join(sshd.dir, 'passphrase')
  writeFileSync(passphraseFile, 'open sesame\n')
  for (const [index, [type = '', ...args]] of [
    ['rsa'],
    ['rsa', '-m', 'PEM'],
    ['rsa', '-m', 'PKCS8'],
    ['ecdsa'],
    ['ecdsa', '-m', 'PEM'],
    ['ed25519'],
  ].entries()) {
    for (const protection of [[], ['-N', 'open sesame']]) {
      const file = path.join(sshd.dir, `key-${index}-${protection.length}`)
      const key = createKey(file, type, ...args, ...protection)
      authorize(sshd, key)
      const more = protection.length > 0 ? { sshPassphraseFile: passphraseFile } : {}
      assert.equal(await poll(credentialFor(sshd, { sshKeyFile: key, ...more })), tip, type)
    }
  }
})

test('RSA signs with SHA-2, also where nothing else is accepted', async (t) => {
  const sshd = await startSshd(t, { config: ['PubkeyAcceptedAlgorithms rsa-sha2-256'] })
  const key = createKey(path.join(sshd.dir, 'rsa'), 'rsa')
  authorize(sshd, key)
  const repo = createRepo(path.join(sshd.dir, 'repo.git'), { bare: true })
  const tip = repo.commit('first', { file: '1' })
  const { session } = createHarness(t)
  const remote = session(sshd.url(repo.dir), credentialFor(sshd, { sshKeyFile: key }))
  assert.equal((await remote.listRefs(['HEAD'], signal))[0]?.oid, tip)
})

test('several keys are tried in turn; each that failed is named, by its fingerprint', async (t) => {
  const { sshd, tip, poll } = await serve(t)
  const [other, more] = ['other', 'more'].map((name) =>
    createKey(path.join(sshd.dir, name), 'ecdsa'),
  ) as [string, string]
  const { knownHostsFile } = credentialFor(sshd) as { knownHostsFile: string }
  assert.equal(await poll({ sshKeyFiles: [other, more, sshd.key], knownHostsFile }), tip)
  await assert.rejects(
    poll({ sshKeyFiles: [other, more], knownHostsFile }),
    failsWith(
      'authentication-required',
      new RegExp(
        `does not let ${sshd.user} log in .*tried: ${other} \\(ecdsa-sha2-nistp256 ${escaped(fingerprintOf(`${other}.pub`))}\\), ${more} .*it accepts publickey`,
      ),
    ),
  )
})

test('of several keys, one that cannot be used keeps none of the others from it', async (t) => {
  const { sshd, tip, poll } = await serve(t)
  const missing = path.join(sshd.dir, 'missing')
  const locked = createKey(path.join(sshd.dir, 'locked'), 'ed25519', '-N', 'secret')
  const stranger = createKey(path.join(sshd.dir, 'stranger'), 'ed25519')
  const { knownHostsFile } = credentialFor(sshd) as { knownHostsFile: string }
  assert.equal(await poll({ sshKeyFiles: [missing, locked, sshd.key], knownHostsFile }), tip)
  await assert.rejects(
    poll({ sshKeyFiles: [missing, locked, stranger], knownHostsFile }),
    failsWith(
      'authentication-required',
      /tried: .*stranger .*not used: .*missing is missing, .*locked/,
    ),
  )
})

test('what the server does not accept is told as such', async (t) => {
  const config = ['PubkeyAuthentication no', 'PasswordAuthentication yes']
  const { sshd, poll } = await serve(t, { config })
  await assert.rejects(
    poll(credentialFor(sshd)),
    failsWith('authentication-required', /tried: nothing; not used: \S+ \(.*\) \(not accepted\)/),
  )
})

test('a named file that is missing, or no key, is a fault of the credential', async (t) => {
  const { sshd, poll } = await serve(t)
  const nowhere = path.join(sshd.dir, 'nowhere')
  for (const [more, words] of [
    [{ sshKeyFile: nowhere }, /its SSH key \S*nowhere is missing/],
    [{ sshKeyFile: sshd.knownHosts }, /its SSH key \S*known_hosts is no private key/],
    [{ sshPassphraseFile: nowhere }, /its sshPassphraseFile \S*nowhere cannot be read \(ENOENT\)/],
    [{ sshKeyFile: 'hunter2' }, /its SSH key \(not shown: it may be a secret\) is missing$/],
    [{ knownHostsFile: 'hunter2' }, /the known hosts \(not shown: it may be a secret\) cannot/],
    [{ knownHostsFile: nowhere }, /the known hosts \S*nowhere cannot be read \(ENOENT\)/],
  ] as const) {
    await assert.rejects(poll(credentialFor(sshd, more)), (error) => {
      failsWith('credentials-invalid', words)(error)
      return failsWith('credentials-invalid', /^The credential in \/srv\/credentials.json/)(error)
    })
  }
})

test('keys are read again at each connection', async (t) => {
  const { sshd, tip, poll } = await serve(t)
  const rotated = createKey(path.join(sshd.dir, 'rotated'), 'ed25519')
  assert.equal(await poll(credentialFor(sshd)), tip)
  authorize(sshd, rotated)
  await assert.rejects(poll(credentialFor(sshd)), failsWith('authentication-required'))
  renameSync(rotated, sshd.key)
  assert.equal(await poll(credentialFor(sshd)), tip)
})

test('without a credential: the mounted secret, then the home, then nothing', async (t) => {
  const { sshd, tip, poll } = await serve(t)
  const secretDirectory = path.join(sshd.dir, 'git-secret')
  const home = path.join(sshd.dir, 'home')
  mkdirSync(secretDirectory)
  mkdirSync(path.join(home, '.ssh'), { recursive: true })
  const stranger = createKey(path.join(home, '.ssh', 'id_ecdsa'), 'ecdsa')
  const locked = createKey(path.join(home, '.ssh', 'id_locked'), 'ed25519', '-N', 'secret')
  const defaults = { ...NOWHERE, secretDirectory, homes: [path.join(sshd.dir, 'none'), home] }

  await assert.rejects(poll({}, defaults), failsWith('host-key-unknown'))
  writeFileSync(path.join(home, '.ssh', 'known_hosts'), readFileSync(sshd.knownHosts))
  await assert.rejects(
    poll({}, defaults),
    failsWith(
      'authentication-required',
      new RegExp(`tried: ${stranger} .*not used: ${locked} is encrypted`),
    ),
  )
  await assert.rejects(
    poll({ knownHostsFile: sshd.knownHosts }),
    failsWith('authentication-required', /tried: nothing, as there is no key/),
  )
  writeFileSync(path.join(home, '.ssh', 'id_rsa'), readFileSync(sshd.key))
  assert.equal(await poll({}, defaults), tip)
  renameSync(path.join(home, '.ssh', 'id_rsa'), path.join(secretDirectory, 'ssh'))
  assert.equal(await poll({}, defaults), tip)
})

test('the keys of ssh-agent, and one that is away', async (t) => {
  const { sshd, tip, poll } = await serve(t)
  const socket = path.join(sshd.dir, 'agent')
  const { knownHostsFile } = credentialFor(sshd) as { knownHostsFile: string }
  const defaults = { ...NOWHERE, agentSocket: socket }
  await assert.rejects(
    poll({ knownHostsFile }, defaults),
    failsWith('authentication-required', /tried: nothing, as .*not used: ssh-agent \(.+\)/),
  )
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' })
  atEnd(t, () => agent.kill())
  const env = { SSH_AUTH_SOCK: socket }
  await until(() => canList(env), 'ssh-agent answers')
  const others = ['ecdsa', 'rsa'].map((type) => createKey(path.join(sshd.dir, type), type))
  for (const key of [...others, sshd.key]) execFileSync('ssh-add', ['-q', key], { env })
  assert.equal(await poll({ knownHostsFile }, defaults), tip)
})

test('an agent that does not answer is told as such', async (t) => {
  const { sshd, poll } = await serve(t)
  const agentSocket = path.join(sshd.dir, 'agent')
  const agent = net.createServer((asked) => atEnd(t, () => asked.destroy())).listen(agentSocket)
  atEnd(t, () => agent.close())
  await once(agent, 'listening')
  const { knownHostsFile } = credentialFor(sshd) as { knownHostsFile: string }
  await assert.rejects(
    poll({ knownHostsFile }, { ...NOWHERE, agentSocket }, 5000),
    failsWith('connect-timeout', /ssh-agent of SSH_AUTH_SOCK was asked/),
  )
})

test('passwords and passphrases are told before they are used', async () => {
  const told: string[] = []
  const found = foundIn({ password: 's3cret word', sshPassphrase: 'open sesame' })
  const credential = toSshCredential(parseRemoteUrl('host:repo', '/'), found)
  await readLogin('user', credential, NOWHERE, (secret) => told.push(secret))
  assert.deepEqual(told.sort(), ['open sesame', 's3cret word'])
})

test('a password of the URL or of a credential, also where it is asked for', async (t) => {
  const { sshd } = await serve(t)
  const passwordFile = path.join(sshd.dir, 'password')
  writeFileSync(passwordFile, 's3cret word\n')
  for (const method of ['password', 'keyboard-interactive'] as const) {
    const url = await startPasswordServer(t, sshd, method)
    const head = async (repo: string, credential: Credential) => {
      const trusting = { knownHostsFile: false, ...credential } as const
      const told: string[] = []
      const onSecret = (secret: string) => told.push(secret)
      const remote = createHarness(t, { onSecret }).session(repo, trusting)
      atEnd(t, () => assert.match(String(told), /^s3cret w(ord|rong)$/))
      return (await remote.listRefs(['HEAD'], signal))[0]?.name
    }
    assert.equal(await head(url.replace('user@', 'user:s3cret%20word@'), {}), 'HEAD')
    assert.equal(await head(url, { password: 's3cret word' }), 'HEAD')
    assert.equal(await head(url, { passwordFile }), 'HEAD')
    assert.equal(await head(url.replace('user@', ''), { username: 'user', passwordFile }), 'HEAD')
    await assert.rejects(head(url, { password: 's3cret wrong' }), (error) => {
      assert.doesNotMatch(String(error), /s3cret/)
      return failsWith('authentication-required', /tried: the password; it accepts/)(error)
    })
  }
})

test('any user has defaults, also one that the system does not know', () => {
  const unknown = () => {
    throw new Error('ENOENT')
  }
  const known = () => ({ username: 'me', homedir: '/home/me' })
  const nobody = { secretDirectory: '/etc/git-secret', homes: ['/home/node'], username: 'git' }
  assert.deepEqual(sshDefaults({}, unknown), { ...nobody, agentSocket: undefined })
  assert.deepEqual(sshDefaults({ HOME: '/h' }, unknown).homes, ['/h', '/home/node'])
  assert.deepEqual(sshDefaults({ HOME: '/h' }, known).homes, ['/h', '/home/node'])
  assert.deepEqual(sshDefaults({ HOME: '' }, known).homes, ['/home/me', '/home/node'])
  assert.deepEqual(sshDefaults({ HOME: '/home/node' }, known).homes, ['/home/node'])
  assert.equal(sshDefaults({}, known).username, 'me')
  assert.equal(sshDefaults({ SSH_AUTH_SOCK: '/s' }, known).agentSocket, '/s')
})

/** A server that lets `user` in with a password, and says that its repository has a HEAD. */
async function startPasswordServer(
  t: TestScope,
  sshd: Sshd,
  method: 'password' | 'keyboard-interactive',
): Promise<string> {
  const hostKeys = [readFileSync(path.join(sshd.dir, 'host_ed25519'))]
  const decide = (context: AuthContext, password: string) =>
    context.username === 'user' && password === 's3cret word'
      ? context.accept()
      : context.reject([method])
  const server = new ssh2.Server({ hostKeys }, (client) => {
    client.on('error', () => {})
    client.on('authentication', (context) => {
      if (context.method !== method) return context.reject([method])
      if (context.method === 'password') return decide(context, context.password)
      if (context.method !== 'keyboard-interactive') return undefined
      context.prompt('Password: ', ([answer = '']) => decide(context, answer))
    })
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec) => {
        const channel = acceptExec()
        const refs = `${'1'.repeat(40)} HEAD\0agent=test\n`
        channel.write(`${(refs.length + 4).toString(16).padStart(4, '0')}${refs}0000`)
        channel.exit(0)
        channel.end()
      })
    })
  })
  server.listen(0, '127.0.0.1')
  await until(() => server.address() !== null, 'the server listens')
  atEnd(t, () => server.close())
  return `ssh://user@127.0.0.1:${(server.address() as AddressInfo).port}/repo`
}

function canList(env: Record<string, string>): boolean {
  const socket = env['SSH_AUTH_SOCK'] ?? ''
  try {
    execFileSync('ssh-add', ['-l'], { env, stdio: 'ignore' })
    return true
  } catch (error) {
    // It exits with 1 where the agent has no keys yet.
    return (error as { status?: number }).status === 1 && net.isIP(socket) === 0
  }
}

function escaped(text: string): string {
  return text.replace(/[+/]/g, '\\$&')
}
