// What the scenario of a sidecar promises: the application starts on a full directory, after an
// init container too.
import assert from 'node:assert/strict'
import { readFileSync, renameSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createRepo, tempDir } from '../helpers/git.js'
import { runProgram, startService, until } from '../helpers/service.js'
import { containerOf, deploy } from './deployed.js'

const SIDECAR = 'example/sidecar'
const ONCE = 'example/sidecar/init-container'

test('the application waits until its directory is full', async (t) => {
  const dir = tempDir(t)
  const mounts = { '/repos': path.join(dir, 'repos') }
  const repoDir = path.join(dir, 'repo')
  const service = await startService(t, deploy(SIDECAR, { mounts, directory: dir, repo: repoDir }))
  const { startupProbe, livenessProbe } = containerOf(SIDECAR, 'git-autosync')
  const ask = async (route = '') => (await service.get(route)).status
  await service.untilFailed('site', 'repository-not-found')
  assert.equal(await ask(startupProbe?.httpGet?.path), 503)
  assert.equal(await ask(livenessProbe?.httpGet?.path), 200)

  createRepo(repoDir).commit('one', { 'index.html': 'page' })
  await until(async () => (await ask(startupProbe?.httpGet?.path)) === 200, 'it has started')
  assert.equal(readFileSync(path.join(dir, 'repos/site/index.html'), 'utf8'), 'page')
})

test('an init container fails until it has everything, and a sidecar finds it in place', async (t) => {
  const dir = tempDir(t)
  const mounts = { '/repos': path.join(dir, 'repos') }
  const repo = path.join(dir, 'repo')
  const { settings } = deploy(ONCE, { mounts, directory: dir, repo })
  assert.equal((await runProgram([], settings)).code, 1)
  const oid = createRepo(repo).commit('one', { 'index.html': 'page' })
  const { code, stderr } = await runProgram([], settings)
  assert.equal(code, 0, stderr)
  assert.equal(readFileSync(path.join(dir, 'repos/site/index.html'), 'utf8'), 'page')

  renameSync(repo, `${repo}-away`)
  const { ONE_TIME: once, ...ongoing } = settings
  assert.equal(once, 'true')
  const service = await startService(t, {
    listingPath: path.join(dir, 'listing.json'),
    settings: ongoing,
  })
  await until(async () => (await service.get('/startupz')).status === 200, 'it has started')
  assert.equal((await service.entry('site')).oid, oid)
})
