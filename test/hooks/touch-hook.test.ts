import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { touchFile } from '../../src/hooks/touch-hook.js'
import { failsWith } from '../helpers/fails-with.js'
import { tempDir } from '../helpers/git.js'

const NOW_MS = Date.UTC(2024, 0, 1)

test('a file is made where it is missing, and its time is set where it is there', async (t) => {
  const file = path.join(tempDir(t), 'published')
  await touchFile(file, NOW_MS)
  assert.equal(statSync(file).mtimeMs, NOW_MS)
  writeFileSync(file, 'kept')
  utimesSync(file, 0, 0)
  await touchFile(file, NOW_MS)
  assert.deepEqual([statSync(file).mtimeMs, statSync(file).size], [NOW_MS, 4])
})

test('what is no regular file is neither followed nor waited for', async (t) => {
  const dir = tempDir(t)
  const at = (name: string) => path.join(dir, name)
  symlinkSync(at('elsewhere'), at('link'))
  await assert.rejects(touchFile(at('link'), NOW_MS), failsWith('hook-failed', /it is a symlink/))
  assert.equal(existsSync(at('elsewhere')), false)
  execFileSync('mkfifo', [at('pipe')])
  await assert.rejects(touchFile(at('pipe'), NOW_MS), failsWith('hook-failed', /it is a pipe/))
  mkdirSync(at('directory'))
  await assert.rejects(touchFile(at('directory'), NOW_MS), failsWith('hook-failed', /EISDIR/))
  await assert.rejects(touchFile(at('no/such'), NOW_MS), failsWith('hook-failed', /ENOENT/))
})
