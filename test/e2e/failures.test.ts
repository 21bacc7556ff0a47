// What can be wrong with a remote: each fault has its own code and a sentence that says
// what to do; what was published stays, and the other entries go on.
import assert from 'node:assert/strict'
import net from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { encodePkt, FLUSH } from '../../src/git/pkt-line.js'
import { assertSameTree, createRepo, tempDir } from '../helpers/git.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { startService, until, writeListing } from '../helpers/service.js'

test('each fault of a remote has a code and a sentence, and harms no other entry', async (t) => {
  const dir = tempDir(t)
  const good = createRepo(path.join(dir, 'repos/good'))
  good.commit('first', { file: '1' })
  createRepo(path.join(dir, 'repos/empty'))
  const unborn = createRepo(path.join(dir, 'repos/unborn'))
  unborn.commit('first', { file: '1' })
  unborn.git('symbolic-ref', 'HEAD', 'refs/heads/nowhere')
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  server.onRequest = (request, response) => {
    const { url = '' } = request
    if (url.startsWith('/private')) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
    } else if (url.startsWith('/denied')) response.writeHead(403).end('no')
    else if (url.startsWith('/html')) {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>')
    } else if (url.startsWith('/broken')) response.writeHead(500).end('out of order')
    else if (url.startsWith('/busy')) response.writeHead(429, { 'retry-after': '120' }).end()
    else return url.startsWith('/stalled')
    return true
  }
  const unused = await unusedPort()
  const listingPath = path.join(dir, 'listing.json')
  const at = (name: string) => `${server.url}/${name}`
  const faults: Record<string, [repo: string, code: string, words: RegExp, more?: object]> = {
    'no-branch': [
      at('good'),
      'branch-not-found',
      /no branch "mian".*push it, or correct/,
      { branch: 'mian' },
    ],
    'no-tag': [at('good'), 'tag-not-found', /no tag "v9"/, { tag: 'v9' }],
    'no-commit': [at('good'), 'commit-not-found', /not our ref/, { commit: 'ab'.repeat(20) }],
    'no-credential': [
      at('good'),
      'credentials-invalid',
      /^CREDENTIALS_PATH is not set: set it, or take the field "credential" out/,
      { credential: 'nobody' },
    ],
    'wrong-password': [
      at('private').replace('//', '//user:wrong@'),
      'authentication-required',
      /check the user name and password in the entry's repo$/,
    ],
    empty: [at('empty'), 'empty-repository', /push a first one/],
    'empty-branch': [at('empty'), 'empty-repository', /push a first one/, { branch: 'main' }],
    unborn: [at('unborn'), 'branch-not-found', /set the entry's branch \(there are: main\)/],
    absent: [at('absent'), 'repository-not-found', /private/],
    private: [at('private'), 'authentication-required', /credentials/],
    denied: [at('denied'), 'access-denied', /\w/],
    html: [at('html'), 'not-a-git-server', /html/i],
    broken: [at('broken'), 'server-error', /500/],
    busy: [at('busy'), 'rate-limited', /\w/],
    stalled: [at('stalled'), 'idle-timeout', /IDLE_TIMEOUT/],
    nowhere: ['http://nonexistent.invalid/repo', 'host-not-found', /nonexistent\.invalid/],
    refused: [`http://127.0.0.1:${unused}/repo`, 'connection-refused', /127\.0\.0\.1/],
    'no-directory': [path.join(dir, 'nothing-here'), 'repository-not-found', /nothing-here/],
    ssh: [`ssh://git@127.0.0.1:${unused}/repo.git`, 'connection-refused', /127\.0\.0\.1/],
  }
  const entryOf = ([name, [repo, , , more]]: [string, (typeof faults)[string]]) => ({
    path: `out/${name}`,
    repo,
    ...more,
  })
  writeListing(listingPath, [
    { path: 'out/good', repo: at('good'), branch: 'main' },
    ...Object.entries(faults).map(entryOf),
  ])
  const service = await startService(t, { listingPath, settings: { IDLE_TIMEOUT: '1s' } })

  for (const [name, [, code, words]] of Object.entries(faults)) {
    assert.match(await service.untilFailed(`out/${name}`, code), words, name)
  }
  const second = good.commit('second', { file: '2' })
  await service.untilPublished('out/good', second)
  assert.equal((await service.get('/healthz')).status, 200)
  const ready = await service.get('/readyz')
  assert.equal(ready.status, 503)
  assert.match(ready.body, /out\/private/)
  assert.doesNotMatch(ready.body, /out\/good/)
  assert.ok(
    ((await service.metric('git_autosync_consecutive_failures{entry="out/private"}')) ?? 0) > 0,
  )
})

test('what was published stays while its remote fails, and follows again afterwards', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one'))
  const first = repo.commit('first', { file: '1' })
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [{ path: 'out', repo: `${server.url}/one`, branch: 'main' }])
  const service = await startService(t, { listingPath })
  await service.untilPublished('out', first)

  server.onRequest = (_request, response) => {
    response.writeHead(503).end('maintenance')
    return true
  }
  await service.untilFailed('out', 'server-error')
  assertSameTree(path.join(dir, 'out'), repo.dir, first)
  assert.equal((await service.get('/readyz')).status, 200)
  assert.equal((await service.entry('out')).oid, first)

  server.onRequest = undefined
  const second = repo.commit('second', { file: '2' })
  await service.untilPublished('out', second)
  await until(
    async () => (await service.entry('out')).consecutiveFailures === 0,
    'failures are over',
  )
})

test('a pack cut off midway publishes nothing and is fetched again', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one'))
  const first = repo.commit('first', { file: '1', other: 'o' })
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [{ path: 'out', repo: `${server.url}/one` }])
  const service = await startService(t, { listingPath })
  await service.untilPublished('out', first)

  const second = repo.commit('second', { file: '2' })
  let cuts = 0
  server.onRequest = async (request, response) => {
    if (request.method !== 'POST') return false
    const body = Buffer.concat((await request.toArray()) as Buffer[])
    response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' })
    if (body.includes('command=ls-refs')) {
      response.end(Buffer.concat([encodePkt(`${second} HEAD\n`), FLUSH]))
      return true
    }
    cuts++
    response.write(
      Buffer.concat([encodePkt('packfile\n'), encodePkt('\x01PACK\0\0\0\x02\0\0\0\x05')]),
    )
    setTimeout(() => response.destroy(), 20)
    return true
  }
  await until(() => cuts > 1, 'two packs are cut off')
  assertSameTree(path.join(dir, 'out'), repo.dir, first)
  server.onRequest = undefined
  await service.untilPublished('out', second)
  assertSameTree(path.join(dir, 'out'), repo.dir, second)
})

async function unusedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
