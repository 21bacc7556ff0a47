// What the scenario of a DaemonSet promises: each node has its own copy, readers wait for the
// first one, and a node that restarts needs no git server.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { atEnd } from '../helpers/at-end.js'
import { createRepo, type TestScope, tempDir } from '../helpers/git.js'
import { startService, until } from '../helpers/service.js'
import { containerOf, deploy } from './deployed.js'

const FOLDER = 'example/daemonset'

test('two nodes, whose readers wait for them, and a restart without the git server', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repo'))
  const oid = repo.commit('one', { 'index.html': 'page' })
  const nodes = ['node-a', 'node-b'].map((name) => path.join(dir, name))
  const pageOf = (node: string) => path.join(node, 'repos/site/index.html')
  const startNode = (node: string) => {
    const mounts = { '/repos': path.join(node, 'repos') }
    return startService(t, deploy(FOLDER, { mounts, directory: node, repo: repo.dir }))
  }
  const [first = '', second = ''] = nodes
  const reader = startReader(t, first)
  const services = await Promise.all(nodes.map(startNode))
  for (const service of services) await service.untilPublished('site', oid)
  assert.deepEqual(
    nodes.map((node) => readFileSync(pageOf(node), 'utf8')),
    ['page', 'page'],
  )
  assert.deepEqual(await reader, { code: 0, startedOnPage: true })

  for (const service of services) assert.equal(await service.stop(), 0)
  renameSync(repo.dir, `${repo.dir}-away`)
  const restarted = await startNode(second)
  await until(async () => (await restarted.get('/readyz')).status === 200, 'it is ready')
  assert.equal((await restarted.entry('site')).oid, oid)
  assert.equal(await startReader(t, second).then(({ code }) => code), 0)
})

/** The init container of a reader on a node: how it ended, and whether the page was there then. */
async function startReader(t: TestScope, node: string) {
  const repos = path.join(node, 'repos')
  mkdirSync(repos, { recursive: true })
  const { command = [] } = containerOf(FOLDER, 'wait-for-site')
  const [program = '', ...args] = command.map((text) => text.replaceAll('/repos', repos))
  const child = spawn(program, args, { stdio: 'inherit' })
  atEnd(t, () => child.kill('SIGKILL'))
  const [code] = await once(child, 'exit')
  return {
    code: code as number | null,
    startedOnPage: existsSync(path.join(repos, 'site/index.html')),
  }
}
