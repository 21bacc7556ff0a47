// What users of git-sync have wished for, or fallen over, and find otherwise here.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { addUser, rootOfVersion3 } from '../../../src/front/git-sync/start.js'
import { assertSameTree, createRepo, type TestScope, tempDir } from '../../helpers/git.js'
import { startGitServer } from '../../helpers/git-http-server.js'
import { linkedTo, startGitSync } from '../../helpers/git-sync.js'
import { until } from '../../helpers/service.js'

async function setUp(t: TestScope) {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one'))
  const first = repo.commit('first', { a: '1' })
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  const root = path.join(dir, 'root')
  const link = path.join(root, 'link')
  const args = [`--repo=${server.url}/one`, `--root=${root}`, '--link=link']
  return { args, dir, first, link, repo, root }
}

function writeProgram(file: string, text: string): string {
  writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  return file
}

describe('what users wished for', { concurrency: 2 }, () => {
  test('a root in which others have left something is no obstacle, and keeps what is theirs', async (t) => {
    const { args, first, link, repo, root } = await setUp(t)
    for (const name of ['lost+found', 'theirs', 'link', '.worktrees'])
      mkdirSync(path.join(root, name), { recursive: true })
    writeFileSync(path.join(root, 'theirs/file'), 'precious')
    symlinkSync('nowhere', path.join(root, 'tmp-link'))
    writeFileSync(path.join(root, '.worktrees/.nfs000001'), '')
    const once = [...args, '--one-time', '--max-failures=1']
    const start = startGitSync(t, once)
    assert.equal(await start.exitCode(), 0, start.stderr)
    assert.ok(lstatSync(link).isSymbolicLink())
    assert.equal(linkedTo(link), first)
    // As one leaves them that was killed.
    for (const name of ['.git/index.lock', '.git/HEAD.lock', `.git/worktrees/${first}/index.lock`])
      writeFileSync(path.join(root, name), '')
    const second = repo.commit('second', { a: '2' })
    const again = startGitSync(t, once)
    assert.equal(await again.exitCode(), 0, again.stderr)
    assert.equal(linkedTo(link), second)
    assertSameTree(`${link}/`, repo.dir, second)
    assert.equal(execFileSync('git', ['-C', link, 'status', '--porcelain']).toString(), '')
    assert.equal(readFileSync(path.join(root, 'theirs/file'), 'utf8'), 'precious')
    assert.ok(existsSync(path.join(root, 'lost+found')))
    assert.deepEqual(readdirSync(path.join(root, '.worktrees')), [second])
  })

  test('hooks: one that is waited for, what they print, and an end with all that they started', async (t) => {
    const { args, dir, first, link } = await setUp(t)
    const file = (name: string) => path.join(dir, name)
    const before = writeProgram(file('before'), `echo unfit; test -e ${file('fit')}`)
    const after = writeProgram(
      file('after'),
      `echo done && test -e ${file('pid')} && exit 0
      sleep 600 &
      echo $! >${file('pid')}
      wait`,
    )
    const sync = startGitSync(t, [
      ...args,
      '--period=100ms',
      '--max-failures=-1',
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

  test('a user that cannot be added is a warning', (t) => {
    const warnings: string[] = []
    addUser((text) => warnings.push(text), path.join(tempDir(t), 'none/passwd'))
    assert.match(
      warnings.join('\n'),
      /^--add-user: .* cannot be changed .*; nothing here needs it$/,
    )
    const passwd = path.join(tempDir(t), 'passwd')
    const [uid, gid] = [process.getuid?.(), process.getgid?.()]
    writeFileSync(passwd, 'someone:x:77777:77777::/:/bin/sh\n')
    addUser(assert.fail, passwd)
    addUser(assert.fail, passwd)
    const [, added, ...others] = readFileSync(passwd, 'utf8').split('\n')
    assert.match(added ?? '', new RegExp(`^git-sync:x:${uid}:${gid}::/.*:/sbin/nologin$`))
    assert.deepEqual(others, [''])
  })

  test('a volume where version 3 had its root is found', () => {
    const rows: [root: string, mounts: string[], found: string | undefined][] = [
      ['/git', ['/tmp/git'], '/tmp/git'],
      ['/git', ['/tmp/git', '/git'], undefined],
      ['/git', [], undefined],
      ['/data', ['/tmp/git'], undefined],
    ]
    for (const [root, mounts, found] of rows) {
      assert.equal(
        rootOfVersion3({ root }, (directory) => mounts.includes(directory)),
        found,
      )
    }
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
