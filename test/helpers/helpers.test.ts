// The helpers themselves, since every other test leans on them.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { commitOn } from './commit-on.js'
import { assertSameTree, createRepo, git, gitEnvironment, tempDir } from './git.js'
import { commitFiles } from './git-commit.js'
import { startGitServer } from './git-http-server.js'

const run = promisify(execFile)

const FILES = {
  'a.txt': 'one\ntwo\n',
  'dos.txt': 'x\n',
  '.gitattributes': 'dos.txt text eol=crlf\n',
  'bin/run': { content: '#!/bin/sh\n', executable: true },
  'bin/link': { symlink: 'run' },
}

for (const bare of [false, true]) {
  for (const protocol of [0, 2] as const) {
    test(`real git clones a ${bare ? 'bare ' : ''}repository over protocol v${protocol}`, async (t) => {
      const root = tempDir(t)
      const repo = createRepo(path.join(root, 'repo'), { bare })
      repo.commit('first', FILES)
      const server = await startGitServer(t, { root, protocol })
      const target = path.join(root, 'clone')
      await run('git', ['clone', '-q', `${server.url}/repo${bare ? '' : '/.git'}`, target], {
        env: gitEnvironment(),
      })
      assertSameTree(target, repo.dir, 'main')
      assert.equal(server.requests[0]?.service, 'git-upload-pack')
      assert.equal(server.requests[0]?.protocol, 'version=2')
      assert.equal(server.requests.length, protocol === 2 ? 3 : 2)
      assert.equal(server.connections, 1)
      assert.ok(server.requests.at(-1)!.bytesIn > 0 && server.requests.at(-1)!.bytesOut > 0)
    })
  }
}

test('assertSameTree tells what differs', (t) => {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, 'repo'))
  repo.commit('first', FILES)
  const clone = path.join(root, 'clone')
  git(root, 'clone', '-q', repo.dir, clone)
  assertSameTree(clone, repo.dir, 'HEAD')
  writeFileSync(path.join(clone, 'a.txt'), 'other')
  mkdirSync(path.join(clone, 'empty'))
  assert.throws(
    () => assertSameTree(clone, repo.dir, 'HEAD'),
    /a\.txt: holds 5 bytes(.|\n)*empty: unexpected directory/,
  )
})

test('a server with credentials answers 401 without them', async (t) => {
  const root = tempDir(t)
  createRepo(path.join(root, 'repo.git'), { bare: true }).commit('first')
  const server = await startGitServer(t, { root, auth: 'user:secret' })
  const url = `${server.url}/repo.git/info/refs?service=git-upload-pack`
  assert.equal((await fetch(url)).status, 401)
  const headers = { authorization: `Basic ${btoa('user:secret')}` }
  const response = await fetch(url, { headers })
  assert.equal(response.status, 200)
  assert.match(await response.text(), /refs\/heads\/main/)
})

test('a commit is of the files that it is made of, for real git too', (t) => {
  const repo = createRepo(path.join(tempDir(t), 'repo'), { bare: true })
  const first = commitFiles(repo, { gone: 'gone' })
  const files = { ...FILES, 'bin-x': 'x', 'bin.x': '', '\xff': 'byte', sub: { gitlink: first } }
  const oid = commitOn(repo, files, [first])
  assert.equal(repo.git('fsck', '--strict', '--no-dangling'), '')
  assert.equal(repo.git('log', '--format=%H %s', oid), `${oid} on 1\n${first}`)
  const listed = [
    ...['100644 .gitattributes', '100644 a.txt', '100644 bin-x', '100644 bin.x'],
    ...['120000 bin/link', '100755 bin/run', '100644 dos.txt', '160000 sub', '100644 "\\377"'],
  ]
  const told = repo.gitBytes(['ls-tree', '-rz', '--format=%(objectmode) %(path)', oid])
  assert.deepEqual(told.toString().split('\0').slice(0, -1), listed)
  assert.equal(repo.git('cat-file', 'blob', `${oid}:a.txt`), 'one\ntwo')
})
