// A root in which others work, too, or have left something.
import assert from 'node:assert/strict'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { assertSameTree } from '../../helpers/git.js'
import { linkedTo, startGitSync } from '../../helpers/git-sync.js'
import { gitIn, setUp } from '../../helpers/git-sync-setup.js'

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
  for (const name of ['.git/index.lock', '.git/HEAD.lock', `.git/worktrees/${first}/index.lock`]) {
    writeFileSync(path.join(root, name), '')
    utimesSync(path.join(root, name), 0, 0)
  }
  const second = repo.commit('second', { a: '2' })
  const again = startGitSync(t, once)
  assert.equal(await again.exitCode(), 0, again.stderr)
  assert.equal(linkedTo(link), second)
  assertSameTree(`${link}/`, repo.dir, second)
  assert.equal(gitIn(link, 'status', '--porcelain'), '')
  assert.equal(readFileSync(path.join(root, 'theirs/file'), 'utf8'), 'precious')
  assert.ok(existsSync(path.join(root, 'lost+found')))
  assert.deepEqual(readdirSync(path.join(root, '.worktrees')), [second])
})
