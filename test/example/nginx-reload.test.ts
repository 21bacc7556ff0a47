// A real nginx whose configuration comes from git: it takes on each commit, and keeps the
// last good one where a commit is broken.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { atEnd } from '../helpers/at-end.js'
import { freePort } from '../helpers/free-port.js'
import { createRepo, type TestScope, tempDir } from '../helpers/git.js'
import { needsProgram } from '../helpers/needs.js'
import { startService, until, writeListing } from '../helpers/service.js'
import { publishInPlace } from './backend.js'
import { configureNginx, NGINX_PATH } from './nginx.js'

const SCRIPT = path.resolve('example/consumers/reload-nginx.sh')
const NEEDS_NGINX = needsProgram('nginx', NGINX_PATH)

test(
  'nginx follows the commits of its configuration, and survives a broken one',
  NEEDS_NGINX,
  async (t) => {
    const dir = tempDir(t)
    const port = await freePort()
    const serving = (text: string) => ({ 'site.conf': serverOf(port, `return 200 ${text};`) })
    const repo = createRepo(path.join(dir, 'repo'))
    repo.commit('one', serving('one'))
    const listingPath = path.join(dir, 'listing.json')
    writeListing(listingPath, [{ path: 'conf', repo: 'repo', publish: 'symlink' }])
    const service = await startService(t, { listingPath })

    const nginx = startNginx(t, dir)
    const answer = () => fetch(`http://127.0.0.1:${port}/`).then((response) => response.text())
    const answers = (text: string) =>
      until(
        async () => (await answer().catch(() => '')) === text,
        async () => `nginx answers ${text}: ${nginx.output()}`,
      )
    await answers('one')

    repo.commit('two', serving('two'))
    await answers('two')

    const broken = repo.commit('broken', { 'site.conf': 'sever {}' })
    await service.untilPublished('conf', broken)
    await until(() => nginx.output().includes('unknown directive "sever"'), 'nginx refuses it')
    assert.equal(await answer(), 'two')

    repo.commit('three', serving('three'))
    await answers('three')

    assert.equal(await nginx.stop(), 0)
    await assert.rejects(answer())
  },
)

test('nginx waits for a slow client no longer than GRACE', NEEDS_NGINX, async (t) => {
  const dir = tempDir(t)
  const port = await freePort()
  publishInPlace(path.join(dir, 'conf'), '1')
  writeFileSync(path.join(dir, 'conf/site.conf'), serverOf(port, 'return 204;'))
  const nginx = startNginx(t, dir)
  const client = await until(
    () => connect(port),
    async () => nginx.output(),
  )
  atEnd(t, () => client.destroy())
  client.write('GET / HTTP/1.1\r\nHost:')
  assert.equal(await nginx.stop(), 0)
})

function serverOf(port: number, body: string): string {
  return `server { listen 127.0.0.1:${port}; location / { ${body} } }\n`
}

function startNginx(t: TestScope, dir: string) {
  const config = configureNginx(path.join(dir, 'nginx'), `${dir}/conf/*.conf`)
  const child = spawn('sh', [SCRIPT, path.join(dir, 'conf'), ...config], {
    env: { PATH: NGINX_PATH, INTERVAL: '1', GRACE: '1' },
  })
  let output = ''
  child.stdout.on('data', (text) => {
    output += text
  })
  child.stderr.on('data', (text) => {
    output += text
  })
  const exited = once(child, 'exit')
  const stop = async () => {
    if (child.exitCode === null) child.kill('SIGTERM')
    const [code] = await exited
    return code as number | null
  }
  atEnd(t, stop)
  return { output: () => output, stop }
}

/** A connection, where anything listens. */
async function connect(port: number): Promise<net.Socket | undefined> {
  const socket = net.connect(port, '127.0.0.1')
  return await once(socket, 'connect').then(
    () => socket,
    () => undefined,
  )
}
