// A hostile remote and the limits, through the whole program: each attack has its code,
// what was published stays, and the service stays healthy.
import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import path from 'node:path'
import { test } from 'node:test'
import { encodePkt, FLUSH } from '../../src/git/pkt-line.js'
import { assertSameTree, createRepo, tempDir } from '../helpers/git.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { commitOf, treeBomb } from '../helpers/hostile-objects.js'
import { assemblePack, blob } from '../helpers/packs.js'
import { band } from '../helpers/pkts.js'
import { startService, until, writeListing } from '../helpers/service.js'

const RESULT = { 'content-type': 'application/x-git-upload-pack-result' }

test('a commit over a limit is refused until the remote names another', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one'))
  const first = repo.commit('first', { a: '1', 'd/b': '2' })
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [{ path: 'out', repo: `${server.url}/one` }])
  const settings = { MAX_FILES: '4', MAX_CHECKOUT_BYTES: '100kB', MAX_PACK_BYTES: '50kB' }
  const service = await startService(t, { listingPath, settings })
  await service.untilPublished('out', first)

  const noise = Buffer.from(Array.from({ length: 60_000 }, (_, n) => (n * n * 7919) >>> 11))
  const tooLarge = {
    MAX_FILES: { c: '3', e: '4' },
    MAX_CHECKOUT_BYTES: { c: null, e: null, large: 'x'.repeat(100_000) },
    MAX_PACK_BYTES: { large: noise },
  }
  for (const [setting, files] of Object.entries(tooLarge)) {
    const oid = repo.commit(setting, files)
    await until(
      async () => {
        const { error } = await service.entry('out')
        return error?.code === 'commit-too-large' && error.message.includes(setting)
      },
      async () => `${setting} holds for ${oid}: ${JSON.stringify(await service.entry('out'))}`,
    )
    assertSameTree(path.join(dir, 'out'), repo.dir, first)
  }
  const last = repo.commit('small again', { large: null, a: 'last' })
  await service.untilPublished('out', last)
  assertSameTree(path.join(dir, 'out'), repo.dir, last)
  const failed = await service.metric('git_autosync_syncs_total{entry="out",result="failed"}')
  assert.equal(failed, 3, 'each of them was fetched once')
})

test('a list of refs over its limit is refused', async (t) => {
  const dir = tempDir(t)
  createRepo(path.join(dir, 'repos/one')).commit('first', { a: '1' })
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [{ path: 'out', repo: `${server.url}/one` }])
  const service = await startService(t, { listingPath, settings: { MAX_REFS_BYTES: '100' } })
  assert.match(await service.untilFailed('out', 'refs-too-large'), /MAX_REFS_BYTES \(100 bytes\)/)
})

/** Sends the same bytes again and again, with pauses shorter than any time limit. */
function drip(response: ServerResponse, bytes: Buffer): void {
  response.writeHead(200, RESULT)
  response.write(encodePkt('packfile\n'))
  const timer = setInterval(() => response.write(bytes), 50)
  response.on('close', () => clearInterval(timer))
}

test('fetches that never end, and bombs, harm neither what is published nor the service', async (t) => {
  const bomb = treeBomb(10, 10, blob(''))
  const commit = commitOf(bomb[0] ?? assert.fail())
  const pack = assemblePack([commit, ...bomb, blob('')])
  const answers: Record<string, [code: string, (response: ServerResponse) => void]> = {
    'endless-progress': [
      'sync-timeout',
      (response) => drip(response, encodePkt(band(2, 'Counting objects\r'))),
    ],
    'slow-pack': ['sync-timeout', (response) => drip(response, encodePkt(band(1, 'P')))],
    bomb: [
      'commit-too-large',
      (response) => {
        const lines = [encodePkt('packfile\n'), encodePkt(band(1, pack)), FLUSH]
        response.writeHead(200, RESULT).end(Buffer.concat(lines))
      },
    ],
  }
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one'))
  const first = repo.commit('first', { a: '1' })
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  const listingPath = path.join(dir, 'listing.json')
  const names = Object.keys(answers)
  writeListing(
    listingPath,
    names.map((name) => ({ path: name, repo: `${server.url}/one`, branch: name })),
  )
  for (const name of names) repo.git('branch', name)
  for (const { type, body } of [blob(''), ...bomb, commit]) {
    repo.gitBytes(['hash-object', '-t', type, '-w', '--stdin'], { input: body })
  }
  // The bomb is refused long before it takes as long as the others, however slow the machine.
  const settings = { SYNC_TIMEOUT: '5s', IDLE_TIMEOUT: '3s', MAX_FILES: '10000' }
  const service = await startService(t, { listingPath, settings })
  for (const name of names) await service.untilPublished(name, first)
  for (const [name, [code, answer]] of Object.entries(answers)) {
    await attack(name, code, answer)
  }

  async function attack(name: string, code: string, answer: (response: ServerResponse) => void) {
    const second = repo.git('commit-tree', '-m', name, `${first}^{tree}`)
    repo.git('update-ref', `refs/heads/${name}`, name === 'bomb' ? commit.oid : second)
    server.onRequest = async (request, response) => {
      if (request.method !== 'POST') return false
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk)
      const input = Buffer.concat(chunks)
      if (input.includes('command=fetch')) answer(response)
      else {
        const env = { GIT_PROTOCOL: 'version=2' }
        const refs = repo.gitBytes(['upload-pack', '--stateless-rpc', repo.dir], { input, env })
        response.writeHead(200, RESULT).end(refs)
      }
      return true
    }
    await service.untilFailed(name, code)
    assert.equal((await service.get('/healthz')).status, 200)
    assertSameTree(path.join(dir, name), repo.dir, first)
  }
})
