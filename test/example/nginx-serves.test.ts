// The nginx.conf of each scenario, in a real nginx: it serves what is published, follows the
// next commit, and gives away neither dot files nor the state of the service.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { atEnd } from '../helpers/at-end.js'
import { freePort } from '../helpers/free-port.js'
import { createRepo, type TestScope, tempDir } from '../helpers/git.js'
import { needsProgram } from '../helpers/needs.js'
import { startService, until } from '../helpers/service.js'
import { deploy } from './deployed.js'
import { foldersWith } from './manifests.js'
import { configureNginx, NGINX_PATH } from './nginx.js'

const FOLDERS = foldersWith('nginx.conf')

test('every scenario with an nginx has its nginx.conf', () => {
  assert.deepEqual(FOLDERS, [
    'example/compose',
    'example/daemonset',
    'example/sidecar',
    'example/sidecar/init-container',
  ])
})

for (const folder of FOLDERS) {
  test(
    `${folder} serves the pages, and nothing that begins with a dot`,
    needsProgram('nginx', NGINX_PATH),
    async (t) => {
      const dir = tempDir(t)
      const mounts = { '/repos': path.join(dir, 'repos') }
      const repo = createRepo(path.join(dir, 'repo'))
      const oid = repo.commit('one', { 'index.html': 'one', '.secret': 's', 'a/.secret': 's' })
      const { settings, ...deployed } = deploy(folder, { mounts, directory: dir, repo: repo.dir })
      const { ONE_TIME: once, ...ongoing } = settings
      const service = await startService(t, { ...deployed, settings: ongoing })
      await service.untilPublished('site', oid)

      const ask = await startNginx(t, { folder, dir })
      assert.deepEqual(await ask('/'), [200, 'one'])
      const site = path.join(dir, 'repos/site')
      for (const file of ['.secret', 'a/.secret', '.git-autosync/current']) {
        const isThere = existsSync(path.join(site, file))
        assert.equal(isThere, !file.includes('current') || settings['PUBLISH'] !== 'symlink')
        const [status] = await ask(`/${file}`)
        assert.equal(status, 403, file)
      }
      repo.commit('two', { 'index.html': 'two' })
      await until(async () => (await ask('/'))[1] === 'two', 'the next commit is served')
    },
  )
}

/** Starts nginx over a scenario's file, and returns what asks it. */
async function startNginx(t: TestScope, { folder, dir }: { folder: string; dir: string }) {
  const port = await freePort()
  const servers = path.join(dir, 'conf.d')
  mkdirSync(servers)
  const written = readFileSync(path.join(folder, 'nginx.conf'), 'utf8')
  const placed = written
    .replace(/listen \d+;/, `listen 127.0.0.1:${port};`)
    .replaceAll('/repos', path.join(dir, 'repos'))
  writeFileSync(path.join(servers, 'default.conf'), placed)
  const args = configureNginx(path.join(dir, 'nginx'), path.join(servers, '*.conf'))
  const child = spawn('nginx', [...args, '-g', 'daemon off;'], {
    env: { PATH: NGINX_PATH },
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  let complaints = ''
  child.stderr.on('data', (text) => {
    complaints += text
  })
  const exited = once(child, 'exit')
  atEnd(t, () => {
    child.kill('SIGTERM')
    return exited
  })
  const ask = async (route: string): Promise<[number, string]> => {
    const response = await fetch(`http://127.0.0.1:${port}${route}`)
    return [response.status, await response.text()]
  }
  await until(
    () => ask('/').catch(() => undefined),
    async () => `nginx listens: ${complaints}`,
  )
  return ask
}
