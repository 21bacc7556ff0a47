// git-sync as a process: what it tells, what it is told, and how it ends.
import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { freePort } from '../../helpers/free-port.js'
import { linkedTo, startGitSync } from '../../helpers/git-sync.js'
import { QUICK, setUp, writeHook } from '../../helpers/git-sync-setup.js'
import { startHttpServer } from '../../helpers/http-server.js'
import { until } from '../../helpers/service.js'

describe('git-sync as a process', { concurrency: 3 }, () => {
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

  test('ends where another process shows what the remote names, and takes over from it', async (t) => {
    const { args, first, link, repo } = await setUp(t)
    const sync = startGitSync(t, [...args, ...QUICK])
    await sync.untilLinked(link, first)
    const once = startGitSync(t, [...args, '--one-time', '--exechook-command=true'])
    assert.equal(await once.exitCode(), 0, once.stderr)
    assert.match(once.stderr, /"another git-sync works on this root"/)
    assert.equal(once.logs().filter(({ msg }) => msg === 'hook succeeded').length, 0)
    const next = startGitSync(t, [...args, ...QUICK])
    await next.untilLogged('updated successfully')
    sync.process.kill('SIGKILL')
    await next.untilLinked(link, repo.commit('second', { a: '2' }))
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
      { msg: 'repo directory was empty or failed checks', path: root },
      { msg: 'initializing repo directory', path: root },
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

  test('shows no secret that it was given and does not need', async (t) => {
    const { args, dir, repo } = await setUp(t)
    writeFileSync(path.join(dir, 'password'), 'ofFile5ecret\nmore')
    const words = ['ofPair5ecret', 'ofFile5ecret', 'ofHeader5ecret', 'ofProxy5ecret']
    const hook = writeHook(path.join(dir, 'hook'), `echo ${words.join(' ')}; exit 1`)
    const sync = startGitSync(
      t,
      [
        ...args,
        `--repo=file://${repo.dir}`,
        '--one-time',
        '--username=me',
        `--credential={"url":"https://h","username":"u","password-file":"${dir}/password"}`,
        '--git-config=http.extraHeader:"X-Token: ofHeader5ecret"',
        '--git-config-add=http.proxy:http://u:ofProxy5ecret@127.0.0.1:1',
        `--exechook-command=${hook}`,
      ],
      { GITSYNC_PASSWORD: 'ofPair5ecret' },
    )
    assert.equal(await sync.exitCode(), 1)
    assert.match(sync.stderr, /hook failed.*REDACTED|hook failed.*redacted/)
    assert.doesNotMatch(sync.stderr, /5ecret/)
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
    const auth = 'me:secret-word'
    const { address, dir, first, server } = await setUp(t, undefined, { auth })
    const base = [`--repo=${address}`, '--one-time']
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

  test('opens no debugger at SIGUSR1', async (t) => {
    const { args, first, link, repo } = await setUp(t)
    const woken = startGitSync(t, [...args, '--period=1h', '--sync-on-signal=USR1'])
    await woken.untilLinked(link, first)
    const second = repo.commit('second', { a: '2' })
    woken.process.kill('SIGUSR1')
    await woken.untilLinked(link, second)
    const other = startGitSync(t, [...args, '--period=1h'])
    await other.untilLogged('starting up')
    other.process.kill('SIGUSR1')
    assert.equal(await other.exitCode(), 138)
    assert.doesNotMatch(woken.stderr + other.stderr, /Debugger/)
  })

  test('never turns TLS verification off by one flag alone', async (t) => {
    const { args } = await setUp(t)
    const overTls = [...args, '--one-time', '--repo=https://127.0.0.1:1/one']
    const refused = startGitSync(t, overTls, { GIT_SSL_NO_VERIFY: 'true' })
    assert.equal(await refused.exitCode(), 1)
    assert.match(refused.stderr, /^GIT_SSL_NO_VERIFY .* or add --insecure-skip-tls-verify\n$/)
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
    const rows: [flag: string, exitCode: number, stdout: RegExp, stderr: RegExp][] = [
      ['--nope', 2, /^$/, /^(unknown flag: --nope\n)Usage:\n.*\n\1$/s],
      ['--version', 0, /^\d+\.\d+\.\d+\n$/, /^$/],
      ['-?', 0, /^Usage:\n.*--one-time/s, /^$/],
      ['--man', 0, /^GIT-SYNC\n.*GITSYNC_ONE_TIME/s, /^$/],
    ]
    await Promise.all(
      rows.map(async ([flag, exitCode, stdout, stderr]) => {
        const told = startGitSync(t, [flag])
        assert.equal(await told.exitCode(), exitCode, flag)
        assert.match(told.stdout, stdout)
        assert.match(told.stderr, stderr)
      }),
    )
  })
})
