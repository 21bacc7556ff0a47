// The hooks of git-sync, by processes.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { linkedTo, startGitSync } from '../../helpers/git-sync.js'
import { QUICK, setUp, writeHook } from '../../helpers/git-sync-setup.js'
import { startHttpServer } from '../../helpers/http-server.js'
import { until } from '../../helpers/service.js'

describe('git-sync and its hooks', { concurrency: 3 }, () => {
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

  test('follows redirects of a webhook, and leaves what a hook has left behind', async (t) => {
    const { args, dir, first } = await setUp(t)
    const [started, release, left] = ['started', 'release', 'left'].map((name) =>
      path.join(dir, name),
    ) as [string, string, string]
    const hook = writeHook(
      path.join(dir, 'hook'),
      `(touch ${started}; while [ ! -e ${release} ]; do sleep 0.1; done; touch ${left}) >/dev/null 2>&1 &`,
    )
    const called: string[] = []
    const web = await startHttpServer(t, (request, response) => {
      called.push(`${request.method} ${request.url} ${request.headers['gitsync-hash']}`)
      if (request.url === '/x') response.writeHead(302, { location: '/y' }).end()
      else response.end()
    })
    const posts = [`--webhook-url=${web.url}/x`, '--webhook-timeout=2m']
    const hooks = [`--exechook-command=${hook}`, ...posts]
    const sync = startGitSync(t, [...args, ...hooks, '--one-time'])
    assert.equal(await sync.exitCode(), 0, sync.stderr)
    assert.deepEqual(called, [`POST /x ${first}`, `GET /y ${first}`])
    await until(() => existsSync(started), 'it began')
    writeFileSync(release, '')
    await until(() => existsSync(left), 'it goes on')
  })

  test('posts to this machine directly, and elsewhere through the proxy of the environment alone', async (t) => {
    const { args, first, repo } = await setUp(t)
    const called: string[] = []
    const serve = (name: string) =>
      startHttpServer(t, (request, response) => {
        called.push(`${name} ${request.url} ${request.headers['gitsync-hash']}`)
        response.end()
      })
    const [web, ofHooks, ofGit] = await Promise.all(['web', 'of hooks', 'of git'].map(serve))
    const unusable = 'socks5h://127.0.0.1:1'
    const env = {
      HTTP_PROXY: ofHooks?.url ?? '',
      http_proxy: ofGit?.url ?? '',
      ALL_PROXY: unusable,
    }
    for (const [url, told] of [
      [`${web?.url.replace('127.0.0.1', 'localhost')}/-/reload`, 'web /-/reload'],
      [`${web?.url}/-/reload`, 'web /-/reload'],
      ['http://reloader.invalid/x', 'of hooks http://reloader.invalid/x'],
    ]) {
      const given = [`--repo=file://${repo.dir}`, `--git-config=http.proxy:${ofGit?.url}`]
      const hook = [`--webhook-url=${url}`, '--webhook-timeout=1m', '--one-time']
      const sync = startGitSync(t, [...args, ...given, ...hook], env)
      assert.equal(await sync.exitCode(), 0, sync.stderr)
      assert.deepEqual(called.splice(0), [`${told} ${first}`])
    }
  })

  test('calls a webhook by the address as it is, with the login that stands in it', async (t) => {
    const { args } = await setUp(t)
    const called: (string | undefined)[] = []
    const web = await startHttpServer(t, ({ headers, url }, response) => {
      called.push(url, headers.authorization)
      response.writeHead(called.length > 2 ? 200 : 500).end()
    })
    const given = `${web.url.replace('//', '//me:s3cr%40t@')}/job?t={{ts}}&r={{ref}}`
    const hook = [`--webhook-url=${given}`, '--webhook-timeout=1m', '--webhook-backoff=1s']
    const sync = startGitSync(t, [...args, ...QUICK, ...hook, '--v=9'])
    await until(() => called.length === 4, 'it was called again')
    const login = `Basic ${Buffer.from('me:s3cr@t').toString('base64')}`
    const call = ['/job?t={{ts}}&r={{ref}}', login]
    assert.deepEqual(called, [...call, ...call])
    await sync.untilLogged('hook failed')
    for (const secret of ['s3cr@t', 's3cr%40t', login.slice(6)])
      assert.ok(!sync.stderr.includes(secret), sync.stderr)
  })

  test('waits for hooks of one time, and fails where one does', async (t) => {
    const { args, dir, first, link } = await setUp(t)
    const bad = writeHook(path.join(dir, 'bad'), 'echo "by: $GIT_SSH_COMMAND"\nexit 7')
    const failing = [
      `--exechook-command=${bad}`,
      '--ssh-key-file=/k',
      '--ssh-known-hosts=false',
      // Which nobody waits for, whatever it does.
      '--pre-publish-exechook-command=/none',
      '--webhook-url=http://127.0.0.1:1/',
    ]
    const sync = startGitSync(t, [...args, '--one-time', ...failing])
    assert.equal(await sync.exitCode(), 1)
    assert.equal(linkedTo(link), first)
    const failed = sync.logs().filter(({ msg }) => msg === 'hook failed')
    const by = new Map(failed.map(({ logger, error, hash }) => [logger, `${hash} ${error}`]))
    assert.deepEqual([...by.keys()].sort(), ['exechook', 'pre-publish-exechook', 'webhook'])
    assert.match(by.get('exechook') ?? '', /by: ssh -i \/k -o StrictHostKeyChecking=no/)
    assert.match(by.get('pre-publish-exechook') ?? '', /\/none did not start/)
    for (const told of by.values()) assert.ok(told.startsWith(first), told)
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

  test('waits for one before it publishes, tells what they print, and ends all that they started', async (t) => {
    const { args, dir, first, link } = await setUp(t)
    const file = (name: string) => path.join(dir, name)
    const before = writeHook(file('before'), `echo unfit; test -e ${file('fit')}`)
    const after = writeHook(
      file('after'),
      `echo done && test -e ${file('pid')} && exit 0
      sleep 600 &
      echo $! >${file('pid')}
      wait`,
    )
    const sync = startGitSync(t, [
      ...args,
      ...QUICK,
      '-v=1',
      `--pre-publish-exechook-command=${before}`,
      '--pre-publish-exechook-wait',
      '--pre-publish-exechook-backoff=1s',
      `--exechook-command=${after}`,
      '--exechook-timeout=1s',
      '--exechook-backoff=1s',
    ])
    await sync.untilLogged('hook failed')
    assert.ok(!existsSync(link))
    writeFileSync(file('fit'), '')
    await sync.untilLinked(link, first)
    const said = () => sync.logs().filter(({ msg }) => msg === 'output')
    await until(
      () => said().some(({ line, logger }) => line === 'done' && logger === 'exechook'),
      'it printed',
    )
    assert.ok(
      said().some(({ line, logger }) => line === 'unfit' && logger === 'pre-publish-exechook'),
    )
    const failed = () =>
      sync.logs().some(({ logger, msg }) => logger === 'exechook' && msg === 'hook failed')
    await until(failed, 'its time was up')
    const pid = Number(readFileSync(file('pid'), 'utf8'))
    await until(() => !isRunning(pid), 'what it started is ended')
  })
})

function isRunning(pid: number): boolean {
  try {
    // What has ended, and nobody took in, is no longer running.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
