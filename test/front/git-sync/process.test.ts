// git-sync as a process, against real repositories over HTTP.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { freePort } from '../../helpers/free-port.js'
import {
  assertSameTree,
  createRepo,
  gitEnvironment,
  type TestFile,
  type TestScope,
  tempDir,
} from '../../helpers/git.js'
import { startGitServer } from '../../helpers/git-http-server.js'
import { linkedTo, startGitSync } from '../../helpers/git-sync.js'
import { startHttpServer } from '../../helpers/http-server.js'
import { until } from '../../helpers/service.js'

const QUICK = ['--period=100ms', '--max-failures=-1']

async function setUp(t: TestScope, files: Record<string, TestFile> = { a: '1' }) {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one'))
  const first = repo.commit('first', files)
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  const root = path.join(dir, 'root')
  const link = path.join(root, 'link')
  const args = [`--repo=${server.url}/one`, `--root=${root}`, '--link=link']
  return { dir, repo, first, server, root, link, args }
}

/** What git says in a directory. */
function gitIn(directory: string, ...args: string[]): string {
  const options = { cwd: directory, env: gitEnvironment(), encoding: 'utf8' } as const
  return execFileSync('git', args, options).trim()
}

/** A program that writes what it sees. */
function writeHook(file: string, text: string): string {
  writeFileSync(file, `#!/bin/sh\n${text}\n`)
  chmodSync(file, 0o755)
  return file
}

describe('git-sync', { concurrency: 3 }, () => {
  test('syncs once: link, worktree, modes, touch file, exit 0', async (t) => {
    const { args, first, link, repo, root } = await setUp(t, {
      a: '1',
      'd/b': { content: 'x', executable: true },
    })
    const sync = startGitSync(t, [
      ...args,
      '--one-time',
      '--touch-file=deep/touch',
      '--error-file=error.json',
    ])
    assert.equal(await sync.exitCode(), 0, sync.stderr)
    assert.equal(linkedTo(link), first)
    assertSameTree(`${link}/`, repo.dir, first)
    assert.deepEqual(readdirSync(path.join(root, '.worktrees')), [first])
    assert.equal(gitIn(link, 'rev-parse', 'HEAD'), first)
    assert.equal(gitIn(link, 'status', '--porcelain'), '')
    assert.ok(existsSync(path.join(root, 'deep/touch')))
    assert.ok(!existsSync(path.join(root, 'error.json')))
    assert.equal(statSync(`${link}/a`).mode & 0o777, 0o644)
    assert.equal(statSync(`${link}/d`).mode & 0o777, 0o755)
    assert.equal(sync.stdout, '')
  })

  test('follows, and leaves what others have written until it starts again', async (t) => {
    const { args, first, link, repo, root } = await setUp(t)
    mkdirSync(path.join(root, 'lost+found'), { recursive: true })
    writeFileSync(path.join(root, 'foreign'), '')
    const sync = startGitSync(t, [...args, ...QUICK])
    await sync.untilLinked(link, first)
    const second = repo.commit('second', { a: '2', b: 'b' })
    await sync.untilLinked(link, second)
    await until(
      () => readdirSync(path.join(root, '.worktrees')).join() === second,
      'the old one is gone',
    )
    writeFileSync(`${link}/a`, 'edited')
    const third = repo.commit('third', { b: 'c' })
    await sync.untilLinked(link, third)
    assertSameTree(`${link}/`, repo.dir, third)
    writeFileSync(`${link}/a`, 'edited')
    writeFileSync(`${link}/untracked`, '')
    sync.process.kill('SIGTERM')
    assert.equal(await sync.exitCode(), 143)
    assert.equal(readFileSync(`${link}/a`, 'utf8'), 'edited')
    const again = startGitSync(t, [...args, '--one-time'])
    assert.equal(await again.exitCode(), 0, again.stderr)
    assert.equal(readFileSync(`${link}/a`, 'utf8'), readFileSync(path.join(repo.dir, 'a'), 'utf8'))
    assert.ok(existsSync(`${link}/untracked`))
    assert.ok(existsSync(path.join(root, 'foreign')))
  })

  test('keeps as many commits as are asked for', async (t) => {
    const { args, link, repo, root } = await setUp(t)
    repo.commit('second', { a: '2' })
    for (const [depth, expected] of [
      ['1', 1],
      ['2', 2],
      ['0', 5],
    ] as const) {
      const oid = repo.commit(`depth ${depth}`, { depth })
      const sync = startGitSync(t, [...args, '--one-time', `--depth=${depth}`])
      assert.equal(await sync.exitCode(), 0, sync.stderr)
      const log = gitIn(link, 'log', '--format=%H').split('\n')
      assert.equal(log.length, expected, `depth ${depth}`)
      assert.equal(log[0], oid)
      assert.equal(gitIn(link, 'status', '--porcelain'), '')
      assert.equal(gitIn(link, 'fsck'), '')
      assert.deepEqual(readdirSync(path.join(root, '.worktrees')), [oid])
    }
  })

  test('makes a worktree anew that is gone, and takes a broken link back', async (t) => {
    const { args, first, link, root } = await setUp(t)
    const sync = startGitSync(t, [...args, ...QUICK])
    await sync.untilLinked(link, first)
    await sync.untilLogged('updated successfully')
    rmSync(path.join(root, '.worktrees', first), { recursive: true })
    await until(() => existsSync(`${link}/a`), 'the worktree is back')
    rmSync(link)
    await sync.untilLinked(link, first)
    mkdirSync(path.join(root, 'elsewhere'))
    writeFileSync(path.join(root, 'elsewhere/a'), '')
    rmSync(link)
    symlinkSync('elsewhere', link)
    await sync.untilLinked(link, first)
  })

  test('takes a link back that leads to an earlier worktree', async (t) => {
    const { args, first, link, repo } = await setUp(t)
    const sync = startGitSync(t, [...args, ...QUICK, '--stale-worktree-timeout=1h'])
    await sync.untilLinked(link, first)
    const second = repo.commit('second', { a: '2' })
    await sync.untilLinked(link, second)
    await until(
      () => sync.logs().filter(({ msg }) => msg === 'updated successfully').length > 1,
      'told',
    )
    rmSync(link)
    symlinkSync(path.join('.worktrees', first), link)
    await sync.untilLinked(link, second)
  })

  test('finds refs by their names', async (t) => {
    const { args, dir, first, repo } = await setUp(t)
    repo.git('branch', 'both')
    const tag = repo.commit('tagged', { a: 'tag' })
    repo.git('tag', '-a', '-m', 'tag', 'both')
    const pull = repo.commit('pull', { a: 'pull' })
    repo.git('update-ref', 'refs/pull/7/head', pull)
    const head = repo.commit('head', { a: 'head' })
    const rows: [ref: string, oid: string][] = [
      ['main', head],
      ['refs/heads/main', head],
      ['both', tag],
      ['heads/both', first],
      ['pull/7/head', pull],
      ['refs/pull/7/head', pull],
      [first.toUpperCase(), first],
    ]
    await Promise.all(
      rows.map(async ([ref, oid], index) => {
        const root = path.join(dir, `root-${index}`)
        const sync = startGitSync(t, [...args, '--one-time', `--ref=${ref}`, `--root=${root}`])
        assert.equal(await sync.exitCode(), 0, sync.stderr)
        assert.equal(linkedTo(path.join(root, 'link')), oid, ref)
      }),
    )
  })

  test('rests where it is pinned to a commit', async (t) => {
    const { args, first, link, server } = await setUp(t)
    const sync = startGitSync(t, [...args, ...QUICK, `--ref=${first}`])
    await sync.untilLinked(link, first)
    await sync.untilLogged('ref appears to be a git hash, no further sync needed')
    const { length } = server.requests
    await sync.untilLogged('updated successfully')
    assert.equal(server.requests.length, length)
    sync.process.kill('SIGINT')
    assert.equal(await sync.exitCode(), 0)
  })

  test('gives up after so many failures, and says why in its file', async (t) => {
    const { args, root } = await setUp(t)
    const error = path.join(root, 'error.json')
    const given = [
      ...args,
      '--ref=nope',
      '--error-file=error.json',
      '--period=20ms',
      '--max-failures=3',
    ]
    const sync = startGitSync(t, given)
    assert.equal(await sync.exitCode(), 1)
    const failures = sync.logs().filter(({ msg }) => msg === 'error syncing repo, will retry')
    assert.deepEqual(
      failures.map(({ failCount }) => failCount),
      [1, 2],
    )
    const { Args, Err, Msg } = JSON.parse(readFileSync(error, 'utf8'))
    assert.equal(Msg, 'too many failures, aborting')
    assert.deepEqual(Args, { failCount: 3, maxFailures: 3 })
    assert.match(Err, /couldn't find remote ref nope/)
  })

  test('goes on where it may fail, and deletes the file once it succeeds', async (t) => {
    const { args, link, repo, root } = await setUp(t)
    const error = path.join(root, 'error.json')
    const sync = startGitSync(t, [
      ...args,
      ...QUICK,
      '--ref=late',
      '--one-time',
      '--error-file=error.json',
    ])
    await until(() => existsSync(error), 'the file of the error')
    repo.git('branch', 'late')
    assert.equal(await sync.exitCode(), 0, sync.stderr)
    assert.ok(existsSync(link))
    assert.ok(!existsSync(error))
  })

  test('runs hooks: in the worktree, with the hash, and before it is published', async (t) => {
    const { args, dir, first, link, repo, root } = await setUp(t)
    const lines = path.join(dir, 'lines')
    const hook = writeHook(
      path.join(dir, 'hook'),
      `echo "after $(pwd) $GITSYNC_HASH $EXTRA" >>${lines}`,
    )
    const before = writeHook(
      path.join(dir, 'before'),
      `echo "before $(pwd) $GITSYNC_HASH" >>${lines}`,
    )
    const called: { method?: string; hash?: string | string[] }[] = []
    const web = await startHttpServer(t, (request, response) => {
      called.push({ method: request.method ?? '', hash: request.headers['gitsync-hash'] ?? '' })
      response.writeHead(called.length === 1 ? 500 : 200).end()
    })
    const given = [
      ...args,
      ...QUICK,
      `--exechook-command=${hook}`,
      `--pre-publish-exechook-command=${before}`,
      '--pre-publish-exechook-wait',
      `--webhook-url=${web.url}/x`,
      '--webhook-method=PUT',
      '--webhook-backoff=1s',
    ]
    startGitSync(t, given, { EXTRA: 'extra' })
    const worktree = (oid: string) => path.join(root, '.worktrees', oid)
    await until(
      () => existsSync(lines) && readFileSync(lines, 'utf8').includes('after'),
      'the hook ran',
    )
    const second = repo.commit('second', { a: '2' })
    await until(
      () => readFileSync(lines, 'utf8').includes(`after ${worktree(second)}`),
      'the hook ran',
    )
    const [one, two] = readFileSync(lines, 'utf8').split('\n')
    assert.match(one ?? '', /^before .+ [0-9a-f]{40}$/)
    assert.equal(two, `after ${worktree(first)} ${first} extra`)
    await until(() => called.at(-1)?.hash === second, 'the webhook came')
    assert.deepEqual(called[0], { method: 'PUT', hash: first })
    assert.equal(linkedTo(link), second)
  })

  test('waits for hooks of one time, and fails where one does', async (t) => {
    const { args, dir, first, link } = await setUp(t)
    const sync = startGitSync(t, [...args, '--one-time', '--exechook-command=false'])
    assert.equal(await sync.exitCode(), 1)
    assert.equal(linkedTo(link), first)
    const temporary = path.join(dir, 'temporary')
    mkdirSync(temporary)
    const hooked = [...args, '--one-time', '--exechook-command=true']
    const good = startGitSync(t, hooked, { TMPDIR: temporary })
    assert.equal(await good.exitCode(), 0, good.stderr)
    assert.deepEqual(readdirSync(temporary), [])
  })

  test('ends by a signal while it waits for hooks of one time', async (t) => {
    const { args, dir } = await setUp(t)
    const started = path.join(dir, 'started')
    const hook = writeHook(path.join(dir, 'hook'), `touch ${started}\nexec sleep 30`)
    const sync = startGitSync(t, [...args, '--one-time', `--exechook-command=${hook}`])
    await until(() => existsSync(started), 'the hook runs')
    sync.process.kill('SIGTERM')
    assert.equal(await sync.exitCode(), 143)
  })

  test('logs the lines that people look for, each of one form', async (t) => {
    const { args, dir, first, root } = await setUp(t)
    mkdirSync(root)
    symlinkSync(root, path.join(dir, 'other-way'))
    const given = [
      ...args,
      '--branch=main',
      `--root=${dir}/other-way`,
      '--one-time',
      // Not a second one before it ends.
      '--period=1h',
      '--http-bind=:0',
      '--http-metrics',
      '--username=me',
    ]
    const sync = startGitSync(t, given, { GITSYNC_PASSWORD: 'secret-word' })
    assert.equal(await sync.exitCode(), 0, sync.stderr)
    assert.match(sync.stderr, /^setting --ref from deprecated --branch$/m)
    const { pid, ...others } = process
    const ids = { pid: sync.process.pid, uid: others.getuid?.(), gid: others.getgid?.() }
    const lines = sync.logs()
    for (const { caller, level, logger, ts } of lines) {
      assert.deepEqual([Object.keys(caller as object), level, logger], [['file', 'line'], 0, ''])
      assert.match(String(ts), /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/)
    }
    const shown = lines.map(({ caller, level, logger, ts, ...fields }) => fields)
    const [{ flags, home, version, ...start } = {}, ...rest] = shown
    assert.deepEqual(start, { msg: 'starting up', ...ids })
    assert.ok(home !== undefined && version !== undefined)
    const set = flags as string[]
    for (const flag of ['--period=3600s', '--ref=main', '--__env__GITSYNC_PASSWORD=REDACTED'])
      assert.ok(set.includes(flag), `${flag}: ${set}`)
    assert.deepEqual(rest, [
      { msg: 'normalized root path', root: `${dir}/other-way`, result: root },
      { msg: 'serving HTTP', endpoint: ':0', reasons: ['liveness', 'metrics'] },
      { msg: 'update required', ref: 'main', local: '', remote: first, syncCount: 0 },
      { msg: 'updated successfully', ref: 'main', remote: first, syncCount: 1 },
      { msg: 'exiting after one sync', status: 0 },
    ])
  })

  test('ends with 1 where it cannot start', async (t) => {
    const { args, dir } = await setUp(t)
    const web = await startHttpServer(t, () => undefined)
    const github = ['--github-app-client-id=a', '--github-app-installation-id=8']
    const rows: [flags: string[], said: RegExp][] = [
      [[`--root=${dir}/repos/one/a/root`], /can't prepare to sync.*ENOTDIR/],
      [
        [`--http-bind=${web.url.replace('http://', '')}`],
        /failed to bind HTTP endpoint.*EADDRINUSE/,
      ],
      [['--http-bind=nowhere'], /failed to bind HTTP endpoint.*host:port or :port/],
      [['--cookie-file'], /can't prepare to sync.*cookie_file/],
      [['--git-config=no-value'], /can't set additional git configs/],
      [[...github, `--github-app-private-key-file=${dir}/none`], /can't read the private key/],
    ]
    await Promise.all(
      rows.map(async ([flags, said]) => {
        const sync = startGitSync(t, [...args, '--max-failures=-1', ...flags])
        assert.equal(await sync.exitCode(), 1, sync.stderr)
        assert.match(sync.stderr, said)
      }),
    )
  })

  test('shows no login of an address', async (t) => {
    const { args } = await setUp(t)
    for (const login of ['user:p@ssw0rd', 'a-token']) {
      const repo = args[0]?.replace('//', `//${login}@`) ?? ''
      const sync = startGitSync(t, [repo, ...args.slice(1), '--one-time'])
      await sync.exitCode()
      assert.match(sync.stderr, /starting up/)
      assert.ok(!/ssw0rd|a-token/.test(sync.stderr), sync.stderr)
    }
  })

  test('goes on where its files cannot be written', async (t) => {
    const { args, first, link, root } = await setUp(t)
    mkdirSync(path.join(root, 'error/x'), { recursive: true })
    const files = ['--error-file=error', '--touch-file=error']
    const sync = startGitSync(t, [...args, ...files, '--one-time'])
    assert.equal(await sync.exitCode(), 0, sync.stderr)
    assert.equal(linkedTo(link), first)
    assert.deepEqual(
      sync.logs().flatMap(({ error, msg }) => (error ? [msg] : [])),
      ['failed to touch touch-file', 'failed to change error-file', 'failed to change error-file'],
    )
    assert.deepEqual(
      readdirSync(root).filter((name) => name.startsWith('tmp-err')),
      [],
    )
    const temporary = path.join(root, 'not-there')
    const hooked = [...args, '--one-time', '--exechook-command=true']
    const stopped = startGitSync(t, hooked, { TMPDIR: temporary })
    assert.equal(await stopped.exitCode(), 1)
    assert.match(stopped.stderr, /"can't prepare to sync"/)
  })

  test('is not ready before there is content, and counts', async (t) => {
    const { args, repo, server } = await setUp(t)
    const port = await freePort()
    server.onRequest = (_request, response) => {
      response.writeHead(500).end()
      return true
    }
    const sync = startGitSync(t, [...args, ...QUICK, `--http-bind=:${port}`, '--http-metrics'])
    const get = async (route: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${route}`)
      return { status: response.status, body: await response.text() }
    }
    await sync.untilLogged('error syncing repo, will retry')
    assert.deepEqual(await get('/'), { status: 503, body: 'repo is not ready\n' })
    assert.equal((await get('/any/path')).status, 503)
    server.onRequest = undefined
    await sync.untilLogged('updated successfully')
    assert.deepEqual(await get('/'), { status: 200, body: '' })
    assert.equal((await get('/healthz')).status, 200)
    repo.commit('second', { a: '2' })
    await until(
      async () => (await get('/metrics')).body.includes('git_fetch_count_total 2'),
      'two fetches',
    )
    const { body } = await get('/metrics')
    assert.match(body, /^git_sync_count_total\{status="success"\} 2$/m)
    assert.match(body, /^git_sync_count_total\{status="error"\} [1-9]/m)
    assert.match(body, /^git_sync_duration_seconds_count\{status="noop"\} \d/m)
  })

  test('logs in, also as a service says before each sync', async (t) => {
    const dir = tempDir(t)
    const repo = createRepo(path.join(dir, 'repos/one'))
    const first = repo.commit('first', { a: '1' })
    const server = await startGitServer(t, {
      root: path.join(dir, 'repos'),
      auth: 'me:secret-word',
    })
    const base = [`--repo=${server.url}/one`, '--one-time']
    let asked = 0
    const service = await startHttpServer(t, (_request, response) => {
      asked++
      response.end('username=me\npassword=secret-word\n')
    })
    const password = path.join(dir, 'password')
    writeFileSync(password, 'secret-word\nmore\n')
    const logins: [string[], Record<string, string>][] = [
      [['--username=me'], { GITSYNC_PASSWORD: 'secret-word' }],
      [['--username=me', `--password-file=${password}`], {}],
      [[`--repo=${server.url.replace('//', '//me:secret-word@')}/one`], {}],
      [[`--credential={"url":"${server.url}/other","username":"me","password":"secret-word"}`], {}],
      [[`--askpass-url=${service.url}/`], {}],
    ]
    for (const [index, [args, env]] of logins.entries()) {
      const root = path.join(dir, `root-${index}`)
      const sync = startGitSync(t, [...base, ...args, `--root=${root}`, '--link=link'], env)
      assert.equal(await sync.exitCode(), 0, sync.stderr)
      assert.equal(linkedTo(path.join(root, 'link')), first)
      assert.ok(!sync.stderr.includes('secret-word'), sync.stderr)
    }
    assert.equal(asked, 1)
  })

  test('wakes by the signal that it was told, and ends by others', async (t) => {
    const { args, first, link, repo } = await setUp(t)
    const given = [...args, '--period=1h', '--sync-on-signal=HUP']
    const sync = startGitSync(t, given)
    await sync.untilLinked(link, first)
    const second = repo.commit('second', { a: '2' })
    sync.process.kill('SIGHUP')
    await sync.untilLinked(link, second)
    const other = startGitSync(t, [...args, '--period=1h'])
    await other.untilLogged('starting up')
    other.process.kill('SIGHUP')
    assert.equal(await other.exitCode(), 129)
    sync.process.kill('SIGINT')
    assert.equal(await sync.exitCode(), 130)
  })

  test('keeps what a sparse-checkout file asks for, as cones', async (t) => {
    const { args, dir, link } = await setUp(t, { top: '', 'a/b': '', 'a/c/d': '', 'e/f': '' })
    const file = path.join(dir, 'sparse')
    writeFileSync(file, '/*\n!/*/\n/a/\n!/a/*/\n')
    const sync = startGitSync(t, [...args, '--one-time', `--sparse-checkout-file=${file}`])
    assert.equal(await sync.exitCode(), 0, sync.stderr)
    assert.deepEqual(readdirSync(link).sort(), ['.git', 'a', 'top'])
    assert.equal(gitIn(link, 'status', '--porcelain'), '')
    assert.deepEqual(readdirSync(`${link}/a`), ['b'])
    const missing = startGitSync(t, [...args, '--one-time', `--sparse-checkout-file=${file}.not`])
    assert.equal(await missing.exitCode(), 1)
  })

  test('asks, and keeps to a sparse-checkout file, also where it is pinned', async (t) => {
    const { args, dir, first, link, root } = await setUp(t, { top: '', 'a/b': '', 'e/f': '' })
    const file = path.join(dir, 'sparse')
    let asked = 0
    const service = await startHttpServer(t, (_request, response) => {
      response.statusCode = asked++ === 0 ? 500 : 200
      response.end('username=me\npassword=secret-word\n')
    })
    const pinned = [...args, ...QUICK, `--ref=${first}`, `--askpass-url=${service.url}/`]
    const sync = startGitSync(t, [
      ...pinned,
      '--error-file=error',
      `--sparse-checkout-file=${file}`,
    ])
    await until(() => existsSync(path.join(root, 'error')), 'it cannot be read')
    assert.match(readFileSync(path.join(root, 'error'), 'utf8'), /--sparse-checkout-file/)
    assert.ok(!existsSync(link))
    writeFileSync(file, '/a/\n')
    await sync.untilLinked(link, first)
    assert.deepEqual(readdirSync(link).sort(), ['.git', 'a', 'top'])
    assert.ok(asked > 1)
  })

  test('takes a volume of version 3 over', async (t) => {
    const { args, first, link, root } = await setUp(t)
    const old = path.join(root, `rev-${'1'.repeat(40)}`)
    mkdirSync(old, { recursive: true })
    symlinkSync(path.basename(old), link)
    writeFileSync(path.join(root, 'tmp-link'), '')
    const sync = startGitSync(t, [...args, '--one-time'])
    assert.equal(await sync.exitCode(), 0, sync.stderr)
    assert.equal(linkedTo(link), first)
    assert.ok(!existsSync(old))
    assert.ok(lstatSync(link).isSymbolicLink())
  })

  test('never turns TLS verification off by one flag alone', async (t) => {
    const { args } = await setUp(t)
    for (const [more, env] of [
      [['--git-config=http.sslVerify:false'], {}],
      [[], { GIT_SSL_NO_VERIFY: 'true' }],
    ] as const) {
      const overTls = [...args, '--one-time', '--repo=https://127.0.0.1:1/one', ...more]
      const refused = startGitSync(t, overTls, env)
      assert.equal(await refused.exitCode(), 1)
      assert.match(refused.stderr, /or add --insecure-skip-tls-verify/)
      const allowed = startGitSync(t, [...overTls, '--insecure-skip-tls-verify'], env)
      assert.equal(await allowed.exitCode(), 1)
      assert.match(allowed.stderr, /TLS is not verified/)
      assert.match(allowed.stderr, /starting up/)
      const plain = startGitSync(t, [...args, '--one-time', ...more], env)
      assert.equal(await plain.exitCode(), 0, plain.stderr)
    }
  })

  test('says at once what is wrong, with the exit code and the file', async (t) => {
    const { dir } = await setUp(t)
    const error = path.join(dir, 'error')
    const bad = startGitSync(t, ['--repo=x', '--root=/x', '--depth=-1', `--error-file=${error}`])
    assert.equal(await bad.exitCode(), 1)
    assert.match(readFileSync(error, 'utf8'), /^invalid flag: --depth must be/)
    const [first] = bad.stderr.split('\n')
    assert.match(bad.stderr, /Usage:/)
    assert.equal(bad.stderr.trimEnd().split('\n').at(-1), first)
    const unknown = startGitSync(t, ['--nope'])
    assert.equal(await unknown.exitCode(), 2)
    const version = startGitSync(t, ['--version'])
    assert.equal(await version.exitCode(), 0)
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/)
    const help = startGitSync(t, ['--help'])
    assert.equal(await help.exitCode(), 0)
    assert.match(help.stdout, /--one-time/)
  })
})
