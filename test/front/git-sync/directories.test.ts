import assert from 'node:assert/strict'
import { statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { ensureDirectories } from '../../../src/front/git-sync/directories.js'
import { tempDir } from '../../helpers/git.js'

test('directories are made with those above, behind links as well', (t) => {
  const dir = tempDir(t)
  symlinkSync(dir, path.join(dir, 'link'))
  for (const name of ['a/b/c', 'a/b/c', 'link/d/e', '.']) {
    ensureDirectories(path.join(dir, name), 0o700)
    assert.ok(statSync(path.join(dir, name)).isDirectory(), name)
  }
  assert.equal(statSync(path.join(dir, 'a')).mode & 0o777, 0o700)
})

test('what the system refuses is told, be it with ENOENT where there is a directory', (t) => {
  const dir = tempDir(t)
  writeFileSync(path.join(dir, 'file'), '')
  symlinkSync('nowhere', path.join(dir, 'dangling'))
  for (const [directory, code] of [
    ['/proc/none/below', 'ENOENT'],
    [path.join(dir, 'file'), 'EEXIST'],
    [path.join(dir, 'file/below'), 'ENOTDIR'],
    [path.join(dir, 'dangling'), 'EEXIST'],
  ] as const)
    assert.throws(() => ensureDirectories(directory), { code }, directory)
})
