import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { touchFile, touchInTime } from '../../src/hooks/touch-hook.js'
import { failsWith } from '../helpers/fails-with.js'
import { FakeClock } from '../helpers/fake-clock.js'
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

test('a volume that does not answer is waited for no longer than the hook may take', async (t) => {
  const hook = { file: path.join(tempDir(t), 'published'), timeoutMs: 4000 }
  const clock = new FakeClock()
  // Its time is up before the system had any to answer.
  const hasty = { wallTime: () => NOW_MS, schedule: hurry }
  const late = touchInTime(hook, hasty, new AbortController().signal)
  await assert.rejects(late, failsWith('hook-failed', /did not answer for 4 s/))
  const stopped = touchInTime(hook, clock, AbortSignal.abort())
  await assert.rejects(stopped, failsWith('aborted'))
  assert.equal(clock.pendingTimers, 0)
  await touchInTime(hook, clock, new AbortController().signal)
  assert.equal(statSync(hook.file).mtimeMs, clock.wallTime())
})

function hurry(_delayMs: number, callback: () => void) {
  callback()
  return { cancel: () => undefined }
}
