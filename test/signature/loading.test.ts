// Without `verify`, nothing of what verifies is loaded: neither when the service starts, nor in workers.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type TestScope, tempDir } from '../helpers/git.js'

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url))

/** The modules that are loaded with a module of this program. */
function loadedWith(t: TestScope, module: string): string[] {
  const directory = tempDir(t)
  const code = `await import(${JSON.stringify(path.join(SOURCE, module))})`
  execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    env: { PATH: process.env['PATH'], NODE_V8_COVERAGE: directory },
  })
  return readdirSync(directory).flatMap((file) => {
    const report = JSON.parse(readFileSync(path.join(directory, file), 'utf8'))
    return (report.result as { url: string }[]).map(({ url }) => url)
  })
}

const JUDGES =
  /\/openpgp\/|\/signature\/(?!policy|key-files)|\/ssh\/(?:wire-signature|public-key)\./

test('workers load nothing of it', (t) => {
  const loaded = loadedWith(t, 'worker/jobs.js')
  assert.ok(loaded.some((url) => url.endsWith('/worker/receive.js')))
  assert.deepEqual(
    loaded.filter((url) => JUDGES.test(url)),
    [],
  )
})

test('the main thread loads nothing of it', (t) => {
  const loaded = loadedWith(t, 'sync/synchronizer.js')
  assert.ok(loaded.some((url) => url.endsWith('/sync/wanted-sync.js')))
  assert.deepEqual(
    loaded.filter((url) => JUDGES.test(url)),
    [],
  )
})

test('what judges OpenPGP is loaded with its keys alone', (t) => {
  const loaded = loadedWith(t, 'signature/verify-revision.js')
  assert.ok(loaded.some((url) => url.endsWith('/signature/ssh-verdict.js')))
  assert.deepEqual(
    loaded.filter((url) => url.includes('openpgp')),
    [],
  )
})
