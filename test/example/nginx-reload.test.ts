// A real nginx whose configuration comes from git: it takes on each commit, and keeps the
// last good one where a commit is broken.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { atEnd } from '../helpers/at-end.js'
import { createRepo, type TestScope, tempDir } from '../helpers/git.js'
import { startService, until, writeListing } from '../helpers/service.js'
import { isInstalled } from './installed.js'

const SCRIPT = path.resolve('example/consumers/reload-nginx.sh')

/** Daemons lie in /usr/sbin, which not every user's PATH has. */
const PATH = `${process.env['PATH']}:/usr/sbin`

if (isInstalled('nginx', PATH)) {
  test('nginx follows the commits of its configuration, and survives a broken one', async (t) => {
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
  })
}

function serverOf(port: number, body: string): string {
  return `server { listen 127.0.0.1:${port}; location / { ${body} } }\n`
}

function startNginx(t: TestScope, dir: string) {
  const prefix = path.join(dir, 'nginx')
  mkdirSync(prefix)
  const config = path.join(prefix, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${prefix}/${kind};`,
  )
  writeFileSync(
    config,
    `${process.getuid?.() === 0 ? 'user root;' : ''} worker_processes 1; pid ${prefix}/pid; events {}
    http { access_log off; ${temporary.join(' ')} include ${dir}/conf/*.conf; }\n`,
  )
  const args = [SCRIPT, path.join(dir, 'conf'), '-p', prefix, '-c', config, '-e', 'stderr']
  const child = spawn('sh', args, { env: { PATH, INTERVAL: '1' } })
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

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
