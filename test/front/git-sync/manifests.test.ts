// What users run, line by line, with nothing changed but hosts and where their volumes are: found in
// public manifests, charts and operators.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { ServerOptions } from 'node:https'
import path from 'node:path'
import { describe, test } from 'node:test'
import { atEnd } from '../../helpers/at-end.js'
import { createCa, type TestCa } from '../../helpers/certificates.js'
import { assertSameTree, type TestScope, tempDir } from '../../helpers/git.js'
import { type GitSync, linkedTo, startGitSync } from '../../helpers/git-sync.js'
import { setUp } from '../../helpers/git-sync-setup.js'
import { startHttpServer } from '../../helpers/http-server.js'
import { needsProgram } from '../../helpers/needs.js'
import { GIT_SYNC } from '../../helpers/program.js'
import { startService, until, writeListing } from '../../helpers/service.js'
import { startSshd } from '../../helpers/sshd.js'

interface Place {
  repo: string
  root: string
  /** For what is beside it. */
  dir: string
  /** A service that hands out logins, and takes webhooks. */
  service: string
  /** The file of the CA, where the repository is reached over TLS. */
  ca: string
  /** The file of the key of a GitHub app. */
  key: string
}

interface Manifest {
  it: string
  /** What ends by itself. */
  isOneTime?: boolean
  args?: (place: Place) => string[]
  env?: (place: Place) => Record<string, string>
  /** Below the root. */
  link: string
  auth?: string
  isOverTls?: true
  /** Of what is published, where that is not all. */
  files?: readonly string[]
  /** What else is to be seen in the end. */
  check?: (place: Place & { oid: string; requests: readonly IncomingMessage[] }) => void
}

const LOGIN = 'me:secret-word'

const MANIFESTS: readonly Manifest[] = [
  {
    it: 'a deployment that fills a volume for rsync',
    env: ({ repo, root }) => ({
      GITSYNC_REPO: repo,
      GIT_SYNC_BRANCH: 'main',
      GITSYNC_ROOT: root,
      GIT_SYNC_WAIT: '60',
      GIT_SYNC_PERMISSIONS: '0',
      GITSYNC_ADD_USER: 'true',
    }),
    link: 'one.git',
  },
  {
    it: "version 3's image with user and password from a secret",
    args: ({ repo, root }) => [
      `--repo=${repo}`,
      '--branch=main',
      '--depth=1',
      `--root=${root}`,
      '--dest=repo',
    ],
    env: () => ({ GIT_SYNC_USERNAME: 'me', GIT_SYNC_PASSWORD: 'secret-word' }),
    link: 'repo',
    auth: LOGIN,
  },
  {
    it: "Airflow's chart, beside the scheduler",
    env: ({ repo, root }) => ({ ...airflow(repo, root), GIT_SYNC_WAIT: '5', GITSYNC_PERIOD: '5s' }),
    link: 'repo',
  },
  {
    it: "Airflow's chart, before it",
    env: ({ repo, root }) => ({
      ...airflow(repo, root),
      GIT_SYNC_ONE_TIME: 'true',
      GITSYNC_ONE_TIME: 'true',
    }),
    link: 'repo',
    isOneTime: true,
  },
  {
    it: 'config-sync',
    isOverTls: true,
    args: ({ root }) => [
      `--root=${root}`,
      '--link=rev',
      '--max-failures=30',
      '--error-file=error.json',
    ],
    env: ({ ca, repo, service }) => ({
      GITSYNC_REPO: repo,
      GITSYNC_REF: 'main',
      GITSYNC_DEPTH: '1',
      GITSYNC_PERIOD: '15s',
      GIT_SSL_CAINFO: ca,
      GITSYNC_SSH: 'false',
      GITSYNC_SSH_KNOWN_HOSTS: 'false',
      GITSYNC_COOKIE_FILE: 'false',
      GITSYNC_ASKPASS_URL: `${service}/git_askpass`,
      HTTPS_PROXY: '',
    }),
    link: 'rev',
    auth: LOGIN,
    check: ({ root }) => assert.ok(!existsSync(path.join(root, 'error.json'))),
  },
  {
    it: 'what is common, by the variables of version 3',
    env: ({ repo, root }) => ({
      GIT_SYNC_REPO: repo,
      GIT_SYNC_BRANCH: 'main',
      GIT_SYNC_REV: 'HEAD',
      GIT_SYNC_ROOT: root,
      GIT_SYNC_DEST: 'repo',
      GIT_SYNC_DEPTH: '1',
      GIT_SYNC_WAIT: '10',
      GIT_SYNC_TIMEOUT: '600',
      GIT_SYNC_MAX_SYNC_FAILURES: '1000000',
      GIT_SYNC_SUBMODULES: 'off',
      GIT_SYNC_SSH: 'true',
      GIT_SYNC_KNOWN_HOSTS: 'false',
      GIT_SYNC_ADD_USER: 'true',
      GIT_SYNC_HTTP_BIND: ':0',
      GIT_SYNC_ONE_TIME: 'true',
    }),
    link: 'repo',
    isOneTime: true,
  },
  {
    it: 'what is rarer, by the flags of version 4',
    args: ({ dir, repo, root, service }) => [
      `--repo=${repo}`,
      `--root=${root}`,
      '--link=current',
      '--one-time',
      '--max-failures=-1',
      '--sync-timeout=360s',
      '--verbose=2',
      '--submodules=recursive',
      `--sparse-checkout-file=${writeText(path.join(dir, 'sparse'), '/dags/\n')}`,
      '--http-bind=:0',
      '--http-metrics',
      '--error-file=error.json',
      '--touch-file=touched/by-git-sync',
      `--webhook-url=${service}/webhook`,
      `--exechook-command=${writeText(path.join(dir, 'hook'), `#!/bin/sh\ngit log -1 --format=%H >${dir}/hooked\n`)}`,
      '--sync-on-signal=SIGHUP',
      '--stale-worktree-timeout=1m',
      '--filter=blob:none',
      '--group-write',
      '--git-config-add=gc.auto:0',
    ],
    link: 'current',
    isOneTime: true,
    files: ['.git', 'a', 'dags'],
    check({ dir, oid, requests, root }) {
      assert.equal(readFileSync(path.join(dir, 'hooked'), 'utf8'), `${oid}\n`)
      const [called] = requests
      assert.deepEqual(
        [called?.method, called?.url, called?.headers['gitsync-hash']],
        ['POST', '/webhook', oid],
      )
      assert.ok(existsSync(path.join(root, 'touched/by-git-sync')))
      assert.equal(statSync(path.join(root, 'current/a')).mode & 0o777, 0o664)
    },
  },
  {
    it: 'a GitHub app',
    env: ({ key, repo, root, service }) => ({
      GITSYNC_REPO: repo,
      GITSYNC_ROOT: root,
      GITSYNC_LINK: 'repo',
      GITSYNC_ONE_TIME: 'true',
      GITSYNC_GITHUB_BASE_URL: `${service}/`,
      GITSYNC_GITHUB_APP_PRIVATE_KEY: readFileSync(key, 'utf8'),
      GITSYNC_GITHUB_APP_APPLICATION_ID: '7',
      GITSYNC_GITHUB_APP_INSTALLATION_ID: '8',
    }),
    link: 'repo',
    auth: 'x-access-token:ghs_token-for-7',
    isOneTime: true,
  },
  {
    it: 'a GitHub app, by flags',
    args: ({ key, repo, root, service }) => [
      `--repo=${repo}`,
      `--root=${root}`,
      '--link=repo',
      '--one-time',
      `--github-base-url=${service}`,
      `--github-app-private-key-file=${path.relative('', key)}`,
      '--github-app-client-id=Iv1.abc',
      '--github-app-installation-id=8',
    ],
    link: 'repo',
    auth: 'x-access-token:ghs_token-for-Iv1.abc',
    isOneTime: true,
  },
  {
    it: "Stackable's operator",
    isOverTls: true,
    args: ({ ca, repo, root }) => [
      `--repo=${repo}`,
      '--branch=main',
      '--depth=1',
      '--wait=20',
      '--dest=current',
      `--root=${root}`,
      `--git-config=safe.directory:${root},http.sslCAInfo:${ca}`,
      '--one-time=true',
    ],
    link: 'current',
    isOneTime: true,
  },
  {
    it: 'mistyped variables beside the right ones',
    args: () => ['--period=60'],
    env: ({ repo, root }) => ({
      GITSYNC_REPO: repo,
      GITSYNC_BRANCH: 'nope',
      GITSYNC_DEST: 'nope',
      GITSYNC_WAIT: '1',
      GITSYNC_KNOWN_HOSTS: 'false',
      GITSYNC_USERNAME: '',
      GIT_SYNC_DEST: '',
      GIT_SYNC_PERIOD: '10',
      GIT_SYNC_PERMISSIONS: '0777',
      GITSYNC_ROOT: root,
    }),
    link: 'one.git',
  },
]

function airflow(repo: string, root: string): Record<string, string> {
  return {
    GIT_SYNC_REV: 'HEAD',
    GITSYNC_REF: 'main',
    GIT_SYNC_BRANCH: 'main',
    GIT_SYNC_REPO: repo,
    GITSYNC_REPO: repo,
    GIT_SYNC_DEPTH: '1',
    GITSYNC_DEPTH: '1',
    GIT_SYNC_ROOT: root,
    GITSYNC_ROOT: root,
    GIT_SYNC_DEST: 'repo',
    GITSYNC_LINK: 'repo',
    GIT_SYNC_ADD_USER: 'true',
    GITSYNC_ADD_USER: 'true',
    GIT_SYNC_MAX_SYNC_FAILURES: '3',
    GITSYNC_MAX_FAILURES: '3',
    GIT_KNOWN_HOSTS: 'false',
    GITSYNC_SSH_KNOWN_HOSTS: 'false',
  }
}

/** Writes a file that can be run, too. */
function writeText(file: string, text: string): string {
  writeFileSync(file, text, { mode: 0o755 })
  return file
}

function tlsOf(ca: TestCa): ServerOptions {
  const { cert, key } = ca.issue('server')
  return { cert: readFileSync(cert), key: readFileSync(key) }
}

async function untilSynced(
  sync: GitSync,
  { isOneTime }: Pick<Manifest, 'isOneTime'>,
  link: string,
  oid: string,
) {
  if (!isOneTime) return sync.untilLinked(link, oid)
  assert.equal(await sync.exitCode(), 0, sync.stderr)
  assert.equal(linkedTo(link), oid)
}

function createPlace(t: TestScope, auth?: string, tls?: ServerOptions) {
  const files = { a: '1', 'dags/b': 'b', 'other/c': 'c' }
  return setUp(t, files, { name: 'one.git', auth, tls })
}

/** Gives a login to whoever asks, and a token to a GitHub app that shows what `publicKey` signs. */
function startLogins(t: TestScope, publicKey: KeyObject) {
  return startHttpServer(t, ({ headers, method, url }, response) => {
    if (!url?.startsWith('/app/')) {
      response.end('username=me\npassword=secret-word\n')
      return
    }
    const [head = '', claims = '', signature = ''] =
      /^bearer (.*)$/i.exec(headers.authorization ?? '')?.[1]?.split('.') ?? []
    const signed = Buffer.from(`${head}.${claims}`)
    const isApp =
      method === 'POST' &&
      url === '/app/installations/8/access_tokens' &&
      verify('sha256', signed, publicKey, Buffer.from(signature, 'base64url'))
    if (!isApp) {
      response.writeHead(401).end()
      return
    }
    const { iss } = JSON.parse(Buffer.from(claims, 'base64url').toString())
    const given = { token: `ghs_token-for-${iss}`, expires_at: '2100-01-01T00:00:00Z' }
    response.writeHead(201).end(JSON.stringify(given))
  })
}

/** One key for all apps, as it takes long to make one. */
const APP = generateKeyPairSync('rsa', { modulusLength: 2048 })
const PEM = { type: 'pkcs1', format: 'pem' } as const

describe('the lines of', { concurrency: 3 }, () => {
  for (const manifest of MANIFESTS) {
    const { args = () => [], auth, check, env = () => ({}), files, isOverTls, it } = manifest
    test(it, async (t) => {
      const ca = isOverTls && createCa(tempDir(t), 'ca')
      const { address, dir, first, repo, root } = await createPlace(t, auth, ca && tlsOf(ca))
      const { requests, url: service } = await startLogins(t, APP.publicKey)
      const key = writeText(path.join(dir, 'key'), APP.privateKey.export(PEM).toString())
      const place = { dir, repo: address, root, service, key, ca: ca?.cert ?? '' }
      const link = path.join(root, manifest.link)
      const sync = startGitSync(t, args(place), env(place))
      await untilSynced(sync, manifest, link, first)
      if (files) assert.deepEqual(readdirSync(link).sort(), files)
      else assertSameTree(`${link}/`, repo.dir, first)
      check?.({ ...place, oid: first, requests })
    })
  }
})

describe('what is around it', { concurrency: 3 }, () => {
  test("version 3's image over SSH, with single dashes", async (t) => {
    const { first, repo, root } = await createPlace(t)
    const sshd = await startSshd(t)
    const args = [
      '-ssh',
      `-repo=${sshd.url(repo.dir)}`,
      `-root=${root}`,
      '-dest=html',
      '-branch=main',
      '-depth=1',
    ]
    const link = path.join(root, 'html')
    const files = { GIT_SSH_KEY_FILE: sshd.key, GIT_SSH_KNOWN_HOSTS_FILE: sshd.knownHosts }
    const sync = startGitSync(t, args, files)
    await sync.untilLinked(link, first)
    assertSameTree(`${link}/`, repo.dir, first)
    const known = path.join(path.dirname(root), 'nobody')
    writeFileSync(known, '')
    const refused = startGitSync(t, [...args, `-root=${root}-1`, '-one-time'], {
      ...files,
      GIT_SSH_KNOWN_HOSTS_FILE: known,
    })
    assert.equal(await refused.exitCode(), 1)
    const trusting = { ...files, GIT_SSH_KNOWN_HOSTS_FILE: known, GIT_KNOWN_HOSTS: 'false' }
    const other = startGitSync(t, [...args, `-root=${root}-2`, '-one-time'], trusting)
    assert.equal(await other.exitCode(), 0, other.stderr)
  })

  test(
    'whoever waits for what is removed in the root hears of each change',
    needsProgram('inotifywait'),
    async (t) => {
      const { address, dir, first, repo, root } = await createPlace(t)
      const args = [`--repo=${address}`, `--root=${root}`, '--dest=repo', '--period=100ms']
      const sync = startGitSync(t, args)
      await sync.untilLinked(path.join(root, 'repo'), first)
      const child = spawn('inotifywait', ['-m', '-e', 'delete', root])
      atEnd(t, () => child.kill())
      const heard = { stdout: '', stderr: '' }
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].on('data', (text) => {
          heard[name] += text
        })
      }
      await until(() => heard.stderr.includes('Watches established'), 'it waits')
      const second = repo.commit('second', { a: '2' })
      await sync.untilLinked(path.join(root, 'repo'), second)
      await until(() => / DELETE /.test(heard.stdout), 'it hears')
      const copy = path.join(dir, 'copy')
      cpSync(`${root}/repo/dags`, copy, { recursive: true })
      assert.deepEqual(readdirSync(copy), ['b'])
    },
  )

  test("Stackable's operator, in a shell that passes signals on", async (t) => {
    const { address, dir, first, root } = await createPlace(t)
    const program = writeText(
      path.join(dir, 'git-sync'),
      `#!/bin/sh\nexec ${process.execPath} ${GIT_SYNC} "$@"\n`,
    )
    const script = `term_child_pid=
    trap 'kill -TERM "$term_child_pid"' TERM
    ${program} --depth=1 --git-config='safe.directory:${root}' --link=current --period=20s --ref=main --repo=${address} --root=${root} &
    term_child_pid=$!
    set +e
    wait $term_child_pid
    trap - TERM
    wait $term_child_pid`
    const shell = spawn('bash', ['-euo', 'pipefail', '-c', script], { stdio: 'ignore' })
    atEnd(t, () => shell.kill('SIGKILL'))
    await until(() => linkedTo(path.join(root, 'current')) === first, 'it is linked')
    shell.kill('SIGTERM')
    const [code] = await once(shell, 'exit')
    assert.equal(code, 143)
  })

  test("Airflow's chart over SSH, by the names of both versions", async (t) => {
    const { first, repo, root } = await createPlace(t)
    const sshd = await startSshd(t)
    const sync = startGitSync(t, [], {
      ...airflow(sshd.url(repo.dir), root),
      GIT_SSH_KEY_FILE: sshd.key,
      GITSYNC_SSH_KEY_FILE: sshd.key,
      GIT_SYNC_SSH: 'true',
      GITSYNC_SSH: 'true',
      GIT_KNOWN_HOSTS: 'true',
      GITSYNC_SSH_KNOWN_HOSTS: 'true',
      GIT_SSH_KNOWN_HOSTS_FILE: sshd.knownHosts,
      GITSYNC_SSH_KNOWN_HOSTS_FILE: sshd.knownHosts,
      GIT_SYNC_HTTP_BIND: ':0',
      GITSYNC_HTTP_BIND: ':0',
      GITSYNC_ONE_TIME: 'true',
    })
    assert.equal(await sync.exitCode(), 0, sync.stderr)
    assert.equal(linkedTo(path.join(root, 'repo')), first)
    // A variable without meaning, that charts set, is no mistake of a user.
    assert.doesNotMatch(sync.stderr, /means nothing/)
  })

  test('a listing takes over where git-sync left off, on the same volume', async (t) => {
    const { address, dir, first, repo, root } = await createPlace(t)
    const sync = startGitSync(t, [
      `--repo=${address}`,
      `--root=${root}`,
      '--link=dags',
      '--one-time',
    ])
    assert.equal(await sync.exitCode(), 0, sync.stderr)
    const listingPath = path.join(dir, 'listing.json')
    writeListing(listingPath, [
      { path: 'dags', repo: address, branch: 'main', publish: 'symlink' },
      { path: 'plugins', repo: address, branch: 'main', publish: 'symlink' },
    ])
    const service = await startService(t, { listingPath, settings: { ROOT: root } })
    await service.untilPublished('dags', first)
    assert.match(readlinkSync(path.join(root, 'dags')), new RegExp(`^\\.git-autosync/.*/${first}$`))
    const second = repo.commit('second', { a: '2' })
    for (const name of ['dags', 'plugins']) {
      await service.untilPublished(name, second)
      assert.equal(linkedTo(path.join(root, name)), second)
      assertSameTree(`${root}/${name}/`, repo.dir, second)
    }
  })
})
