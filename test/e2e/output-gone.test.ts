// Nobody reads what the program writes, any more or yet: it goes on with its work.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { freePort } from '../helpers/free-port.js'
import { createRepo, type TestScope, tempDir } from '../helpers/git.js'
import { MAIN } from '../helpers/program.js'
import { programEnvironment, startService, until, writeListing } from '../helpers/service.js'

function setUp(t: TestScope) {
  const folder = tempDir(t)
  const repo = createRepo(path.join(folder, 'repo'))
  const listingPath = path.join(folder, 'listing.json')
  writeListing(listingPath, [{ path: 'site', repo: `file://${repo.dir}` }])
  return { folder, repo, listingPath, first: repo.commit('first', { file: '1' }) }
}

test('the service goes on where the reader of its log goes away, and stops as ever', async (t) => {
  const { first, listingPath, repo } = setUp(t)
  const service = await startService(t, { listingPath })
  await service.untilPublished('site', first)
  service.process.stdout?.destroy()
  await service.untilPublished('site', repo.commit('second', { file: '2' }))
  await service.untilPublished('site', repo.commit('third', { file: '3' }))
  assert.equal(await service.stop(), 0)
})

test('the service works where no line of its log can be written', async (t) => {
  const { first, listingPath } = setUp(t)
  const port = await freePort()
  const full = openSync('/dev/full', 'w')
  const settings = { LISTING_PATH: listingPath, HTTP_HOST: '127.0.0.1', HTTP_PORT: String(port) }
  const child = spawn(process.execPath, [MAIN], {
    env: { ...programEnvironment(), ...settings },
    stdio: ['ignore', full, full],
  })
  closeSync(full)
  const exited = once(child, 'exit')
  t.after(() => child.kill())
  await until(async () => {
    assert.equal(child.exitCode, null, 'it has ended')
    const response = await fetch(`http://127.0.0.1:${port}/status`).catch(() => undefined)
    return (await response?.text())?.includes(first)
  }, 'the commit is published')
  child.kill('SIGTERM')
  assert.deepEqual(await exited, [0, null])
})

test('a command whose output nobody reads ends with its own exit code', async (t) => {
  const { folder, listingPath } = setUp(t)
  const listings = Array.from({ length: 50 }, (_, n) => path.join(folder, `${n}.json`))
  for (const args of [
    ['validate', listingPath, ...listings],
    ['--log-level', 'loud'],
  ]) {
    const child = spawn(process.execPath, [MAIN, ...args], { env: programEnvironment() })
    child.stdout.destroy()
    child.stderr.destroy()
    assert.deepEqual(await once(child, 'exit'), [2, null], args[0])
  }
})
