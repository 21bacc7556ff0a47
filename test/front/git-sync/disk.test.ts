// What git-sync leaves on its disk, by processes against real repositories over HTTP.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { assertSameTree, gitEnvironment } from '../../helpers/git.js'
import { linkedTo, startGitSync } from '../../helpers/git-sync.js'
import { gitIn, QUICK, setUp, writeHook } from '../../helpers/git-sync-setup.js'
import { startHttpServer } from '../../helpers/http-server.js'
import { until } from '../../helpers/service.js'

describe('git-sync on its disk', { concurrency: 3 }, () => {
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
    const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
    assert.equal(readlinkSync(link), `.worktrees/${first}`)
    assert.equal(read('link/.git'), `gitdir: ../../.git/worktrees/${first}\n`)
    assert.equal(read(`.git/worktrees/${first}/HEAD`), `${first}\n`)
    assert.equal(read(`.git/worktrees/${first}/commondir`), '../..\n')
    assert.equal(gitIn(link, 'rev-parse', 'HEAD'), first)
    assert.equal(gitIn(link, 'status', '--porcelain'), '')
    assert.ok(existsSync(path.join(root, 'deep/touch')))
    assert.ok(!existsSync(path.join(root, 'error.json')))
    assert.equal(statSync(`${link}/a`).mode & 0o777, 0o644)
    assert.equal(statSync(`${link}/d`).mode & 0o777, 0o755)
    assert.equal(statSync(root).mode & 0o777, 0o755)
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
    // A relative name starts at the worktree; what is the same is told of, and touched, at each start.
    const told = ['--exechook-command=./untracked', '--touch-file=touch']
    writeHook(`${link}/untracked`, `echo $GITSYNC_HASH >${root}/told`)
    const again = startGitSync(t, [...args, '--one-time', ...told])
    assert.equal(await again.exitCode(), 0, again.stderr)
    assert.equal(readFileSync(`${link}/a`, 'utf8'), readFileSync(path.join(repo.dir, 'a'), 'utf8'))
    assert.ok(existsSync(`${link}/untracked`))
    assert.equal(readFileSync(path.join(root, 'told'), 'utf8'), `${third}\n`)
    assert.ok(existsSync(path.join(root, 'touch')))
    assert.ok(existsSync(path.join(root, 'foreign')))
  })

  test('keeps as many commits as are asked for, also of a commit that is there', async (t) => {
    const { args, first, link, repo, root } = await setUp(t)
    repo.commit('second', { a: '2' })
    const oid = repo.commit('third', { a: '3' })
    for (const [depth, expected] of [
      ['1', 1],
      ['2', 2],
      ['1', 1],
      ['0', 3],
    ] as const) {
      const sync = startGitSync(t, [...args, '--one-time', `--depth=${depth}`])
      assert.equal(await sync.exitCode(), 0, sync.stderr)
      const log = gitIn(link, 'log', '--format=%H').split('\n')
      assert.equal(log.length, expected, `depth ${depth}`)
      assert.equal(log[0], oid)
      assert.equal(gitIn(link, 'status', '--porcelain'), '')
      assert.equal(gitIn(link, 'fsck'), '')
      assert.deepEqual(readdirSync(path.join(root, '.worktrees')), [oid])
    }
    assert.equal(gitIn(link, 'rev-parse', 'HEAD~2'), first)
  })

  test('has a repository at its root as git-sync has it', async (t) => {
    const { address, args, link, repo, root } = await setUp(t)
    const sync = startGitSync(t, [...args, '--one-time'])
    assert.equal(await sync.exitCode(), 0, sync.stderr)
    for (const message of [
      'repo directory was empty or failed checks',
      'initializing repo directory',
    ])
      assert.ok(sync.logs().some(({ msg }) => msg === message))
    assert.equal(gitIn(link, 'config', 'remote.origin.url'), address)
    const second = repo.commit('second', { a: '2' })
    cpSync(repo.dir, `${repo.dir}-2`, { recursive: true })
    const other = address.replace('//', '//me:secret@')
    const again = startGitSync(t, [...args, '--one-time', `--repo=${other}-2`])
    assert.equal(await again.exitCode(), 0, again.stderr)
    assert.equal(gitIn(link, 'config', 'remote.origin.url'), `${address}-2`)
    assert.equal(gitIn(root, 'symbolic-ref', 'HEAD'), 'refs/heads/git-sync')
    assert.equal(gitIn(root, 'rev-parse', 'HEAD'), second)
    assert.equal(gitIn(root, 'rev-parse', '--is-bare-repository'), 'false')
    assert.equal(gitIn(root, 'rev-parse', '--show-toplevel'), root)
    gitIn(root, 'status')
    assert.match(gitIn(link, 'branch', '-a'), /^\+ git-sync$/m)
  })

  test('puts right what somebody has committed in the worktree, before it says so', async (t) => {
    const { args, first, link, root } = await setUp(t)
    const touched = path.join(root, 'touch')
    const sync = startGitSync(t, [...args, ...QUICK, '--touch-file=touch'])
    await until(() => existsSync(touched), 'the first sync')
    for (let round = 0; round < 3; round++) {
      sync.process.kill('SIGSTOP')
      rmSync(touched)
      writeFileSync(`${link}/a`, `unexpected ${round}`)
      gitIn(link, 'commit', '-qam', 'corrupt it')
      sync.process.kill('SIGCONT')
      await until(() => existsSync(touched), sync.stderr)
      assert.equal(readFileSync(`${link}/a`, 'utf8'), '1')
      assert.equal(gitIn(link, 'rev-parse', 'HEAD'), first)
    }
  })

  test('moves aside what stands in its way, at the start and later', async (t) => {
    const { args, first, link, root } = await setUp(t)
    const touched = path.join(root, 'touch')
    mkdirSync(link, { recursive: true })
    writeFileSync(path.join(link, 'precious'), '')
    for (const name of ['.git', '.worktrees']) writeFileSync(path.join(root, name), 'precious')
    const sync = startGitSync(t, [...args, ...QUICK, '--touch-file=touch'])
    await until(() => existsSync(touched), 'the first sync')
    for (const name of ['link', '.git', '.worktrees']) {
      rmSync(touched)
      rmSync(path.join(root, name), { recursive: true })
      writeFileSync(path.join(root, name), 'precious')
      await until(() => existsSync(touched), `${name}: ${sync.stderr}`)
      assert.equal(gitIn(link, 'rev-parse', 'HEAD'), first, name)
      const aside = readdirSync(root).filter((each) => each.startsWith(`${name}.moved-aside-`))
      assert.equal(aside.length, 2, name)
    }
  })

  test('follows from a branch to an annotated tag of the same commit', async (t) => {
    const { args, first, link, repo } = await setUp(t)
    repo.git('tag', '-a', '-m', 'tag', 'v1')
    for (const ref of ['main', 'v1', 'main', 'v1']) {
      const sync = startGitSync(t, [...args, '--one-time', `--ref=${ref}`, '--git-gc=aggressive'])
      assert.equal(await sync.exitCode(), 0, sync.stderr)
      assert.equal(linkedTo(link), first)
      assert.equal(gitIn(link, 'fsck'), '')
      assert.equal(gitIn(link, 'status', '--porcelain'), '')
      if (ref === 'v1') assert.equal(gitIn(link, 'describe'), 'v1')
      gitIn(link, 'gc')
    }
  })

  test('keeps nothing that no commit has any more, unless that is off', async (t) => {
    const { args, first, link, repo } = await setUp(t)
    const blob = gitIn(repo.dir, 'rev-parse', `${first}:a`)
    const once = async (gc: string) => {
      const sync = startGitSync(t, [...args, '--one-time', `--git-gc=${gc}`])
      assert.equal(await sync.exitCode(), 0, sync.stderr)
      const options = { cwd: link, env: gitEnvironment(), input: blob, encoding: 'utf8' } as const
      return execFileSync('git', ['cat-file', '--batch-check'], options)
    }
    await once('off')
    repo.commit('second', { a: '2' })
    assert.match(await once('off'), / blob /)
    repo.commit('third', { a: '3' })
    assert.match(await once('always'), / missing$/m)
  })

  test('makes anew what is broken, removes garbage, and leaves what others write', async (t) => {
    const { args, first, link, root } = await setUp(t)
    const touched = path.join(root, 'touch')
    const sync = startGitSync(t, [...args, ...QUICK, '--touch-file=touch'])
    await until(() => existsSync(touched), 'the first sync')
    const worktrees = path.join(root, '.worktrees')
    const isWhole = () => existsSync(`${link}/a`) && existsSync(touched)
    for (const [what, work] of [
      ['the worktree', () => rmSync(path.join(worktrees, first), { recursive: true })],
      ['all in it', () => readdirSync(link).map((name) => rmSync(path.join(link, name)))],
      ['its HEAD', () => writeFileSync(path.join(root, '.git/worktrees', first, 'HEAD'), 'bad')],
      ['its .git', () => writeFileSync(path.join(link, '.git'), 'bad')],
      ['the repository', () => rmSync(path.join(root, '.git'), { recursive: true })],
    ] as const) {
      rmSync(touched)
      work()
      await until(isWhole, `${what} is back: ${sync.stderr}`)
      assert.equal(gitIn(link, 'rev-parse', 'HEAD'), first, what)
      assert.equal(gitIn(link, 'status', '--porcelain'), '', what)
    }
    mkdirSync(path.join(worktrees, 'no/worktree'), { recursive: true })
    writeFileSync(path.join(worktrees, 'file'), '')
    await until(() => readdirSync(worktrees).join() === first, 'the garbage is gone')
    writeFileSync(`${link}/a`, 'edited')
    writeFileSync(path.join(worktrees, 'file'), '')
    await until(() => readdirSync(worktrees).join() === first, 'another period is over')
    assert.equal(readFileSync(`${link}/a`, 'utf8'), 'edited')
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

  test('leaves what another link of the root leads to', async (t) => {
    const { args, first, link, repo, root } = await setUp(t)
    const sync = startGitSync(t, [...args, ...QUICK])
    await sync.untilLinked(link, first)
    const other = path.join(root, 'deep/other')
    const once = startGitSync(t, [...args, '--link=deep/other', '--one-time'])
    assert.equal(await once.exitCode(), 0, once.stderr)
    const second = repo.commit('second', { a: '2' })
    await sync.untilLinked(link, second)
    const third = repo.commit('third', { a: '3' })
    await sync.untilLinked(link, third)
    const names = () => readdirSync(path.join(root, '.worktrees')).sort()
    await until(() => names().join() === [first, third].sort().join(), 'the second is gone')
    assertSameTree(`${other}/`, repo.dir, first)
  })

  test('publishes into a directory, where that is asked for', async (t) => {
    const { args, link, repo } = await setUp(t)
    const sync = startGitSync(t, [...args, ...QUICK, '--in-place'])
    await until(() => existsSync(`${link}/a`), 'the first sync')
    const second = repo.commit('second', { a: '2' })
    await until(() => readFileSync(`${link}/a`, 'utf8') === '2', 'the second')
    await until(() => gitIn(link, 'rev-parse', 'HEAD') === second, 'its HEAD')
    assert.ok(lstatSync(link).isDirectory())
    rmSync(path.join(link, '.git'), { recursive: true })
    await until(() => existsSync(`${link}/.git/HEAD`), `the repository: ${sync.stderr}`)
  })

  test('finds refs as git fetch does: tags before branches, and any others', async (t) => {
    const { args, dir, first, repo } = await setUp(t)
    repo.git('branch', 'both')
    const tag = repo.commit('tagged', { a: 'tag' })
    repo.git('tag', '-a', '-m', 'tag', 'both')
    const pull = repo.commit('pull', { a: 'pull' })
    repo.git('update-ref', 'refs/pull/7/head', pull)
    const refs: [ref: string, oid: string][] = [
      ['both', tag],
      ['heads/both', first],
      ['pull/7/head', pull],
      [first.toUpperCase(), first],
    ]
    await Promise.all(
      refs.map(async ([ref, oid], index) => {
        const root = path.join(dir, `root-${index}`)
        const sync = startGitSync(t, [...args, '--one-time', `--root=${root}`, `--ref=${ref}`])
        assert.equal(await sync.exitCode(), 0, sync.stderr)
        assert.equal(linkedTo(path.join(root, 'link')), oid, ref)
      }),
    )
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
    const missing = [`--sparse-checkout-file=${file}.not`, '--period=1h']
    const refused = startGitSync(t, [...args, '--one-time', ...missing])
    assert.equal(await refused.exitCode(), 1)
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
    // Another selection of the commit is in a worktree of the same name.
    sync.process.kill('SIGTERM')
    await sync.exitCode()
    const whole = startGitSync(t, [...pinned, '--one-time'])
    assert.equal(await whole.exitCode(), 0, whole.stderr)
    assert.equal(linkedTo(link), first)
    assert.deepEqual(readdirSync(link).sort(), ['.git', 'a', 'e', 'top'])
    assert.equal(gitIn(link, 'status', '--porcelain'), '')
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
})
