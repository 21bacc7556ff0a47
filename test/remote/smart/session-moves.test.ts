// What a session makes of a remote that fails, moves, was replaced, or is none.
import assert from 'node:assert/strict'
import { renameSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { failsWith } from '../../helpers/fails-with.js'
import { startGitServer } from '../../helpers/git-http-server.js'
import { startHttpServer } from '../../helpers/http-server.js'
import { assertSameObjects, readPack } from '../../helpers/packs.js'
import {
  createSession,
  fetchPack,
  fill,
  GET,
  POST,
  PREFIXES,
  serve,
  signal,
  takeRequests,
} from './session-harness.js'

test('after a failure the server is discovered anew', async (t) => {
  const { repo, server, session } = await serve(t)
  const { tip } = fill(repo)
  await session.listRefs(PREFIXES, signal)
  server.onRequest = (request, response) => {
    if (request.method === 'POST') response.writeHead(503).end()
    return request.method === 'POST'
  }
  await assert.rejects(session.listRefs(PREFIXES, signal), failsWith('server-error'))
  server.onRequest = undefined
  takeRequests(server)
  assert.equal((await session.listRefs(['HEAD'], signal))[0]?.oid, tip)
  assert.deepEqual(takeRequests(server), [GET, POST])

  // Also where the failure comes with the pack, after the request was answered.
  await assert.rejects(fetchPack(session, '1'.repeat(40)), failsWith('commit-not-found'))
  takeRequests(server)
  await fetchPack(session, tip)
  assert.deepEqual(takeRequests(server), [GET, POST])
  await fetchPack(session, tip)
  assert.deepEqual(takeRequests(server), [POST])
})

test('a server that is replaced by an older one is followed', async (t) => {
  const { repo, server, session } = await serve(t)
  const { tip } = fill(repo)
  await session.listRefs(['HEAD'], signal)
  const old = await startGitServer(t, { root: path.dirname(repo.dir), protocol: 0 })
  server.onRequest = async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const answer = await fetch(`${old.url}${request.url}`, {
      method: request.method ?? 'GET',
      headers: { 'content-type': request.headers['content-type'] ?? '' },
      body: request.method === 'POST' ? Buffer.concat(chunks) : null,
    })
    const type = answer.headers.get('content-type') ?? ''
    response.writeHead(answer.status, { 'content-type': type })
    response.end(Buffer.from(await answer.arrayBuffer()))
    return true
  }
  await assert.rejects(session.listRefs(['HEAD'], signal))
  assert.equal((await session.listRefs(['HEAD'], signal))[0]?.oid, tip)
  assertSameObjects(await readPack(await fetchPack(session, tip)), repo, [tip])
})

test('a redirect of the discovery holds for what follows', async (t) => {
  const { repo, server } = await serve(t)
  const { tip } = fill(repo)
  const authorization = 'Bearer rotating-1'
  let secrets = 0
  const session = createSession(t, `${server.url}/old`, async () => ({
    authorization: `Bearer rotating-${++secrets}`,
  }))
  server.onRequest = (request, response) => {
    if (!request.url?.startsWith('/old')) return false
    response.writeHead(301, { location: request.url.replace('/old', '/repo.git') }).end()
    return true
  }
  assert.equal((await session.listRefs(['HEAD'], signal))[0]?.oid, tip)
  assert.equal(server.requests[0]?.headers.authorization, authorization)
  assert.equal(server.requests[1]?.headers.authorization, authorization)
  assert.equal(server.requests[2]?.headers.authorization, 'Bearer rotating-2')
  assert.deepEqual(takeRequests(server), ['GET /old/info/refs?service=git-upload-pack', GET, POST])
  await fetchPack(session, tip)
  assert.deepEqual(takeRequests(server), [POST])
})

test('a repository that moves is followed at once, in the middle of a sync as well', async (t) => {
  const { repo, server } = await serve(t)
  const { tip } = fill(repo)
  const session = createSession(t, `${server.url}/repo.git`)
  await session.listRefs(['HEAD'], signal)
  const { dir } = repo
  let at = 'repo.git'
  const moveTo = (name: string) => {
    const [from, to] = [`/${at}/`, `/${name}/`]
    renameSync(path.join(dir, '..', at), path.join(dir, '..', name))
    at = name
    server.onRequest = (request, response) => {
      if (!request.url?.startsWith(from)) return false
      response.writeHead(301, { location: request.url.replace(from, to) }).end()
      return true
    }
  }
  takeRequests(server)
  moveTo('moved.git')
  assert.equal((await session.listRefs(['HEAD'], signal))[0]?.oid, tip)
  const moved = (request: string) => request.replace('/repo.git', '/moved.git')
  assert.deepEqual(takeRequests(server), [POST, GET, moved(GET), moved(POST)])
  moveTo('repo.git')
  await fetchPack(session, tip)
  assert.deepEqual(takeRequests(server).at(-1), POST)
})

test('a server that redirects every request is left alone after a second one', async (t) => {
  const { repo, server, session } = await serve(t)
  fill(repo)
  await session.listRefs(['HEAD'], signal)
  server.onRequest = (request, response) => {
    if (request.method === 'POST') response.writeHead(301, { location: '/other.git' }).end()
    return request.method === 'POST'
  }
  takeRequests(server)
  await assert.rejects(session.listRefs(['HEAD'], signal), failsWith('redirect-refused'))
  assert.deepEqual(takeRequests(server), [POST, GET, POST])
})

test('credentials do not follow a redirect to another origin', async (t) => {
  const { repo, server } = await serve(t)
  const { tip } = fill(repo)
  const front = await startHttpServer(t, (request, response) => {
    response.writeHead(302, { location: `${server.url}${request.url}` }).end()
  })
  const session = createSession(t, `${front.url}/repo.git`, async () => ({
    authorization: 'Bearer secret',
    'x-token': 'secret',
  }))
  assert.equal((await session.listRefs(['HEAD'], signal))[0]?.oid, tip)
  await fetchPack(session, tip)
  assert.deepEqual(
    front.requests.map(({ method, headers }) => [method, headers.authorization]),
    [['GET', 'Bearer secret']],
  )
  for (const { headers } of server.requests) {
    assert.equal(headers.authorization, undefined)
    assert.equal(headers['x-token'], undefined)
  }
  assert.deepEqual(takeRequests(server), [GET, POST, POST])
})

test('what is no git server is told', async (t) => {
  const page = '<!DOCTYPE html><html><body>Welcome</body></html>'
  const web = await startHttpServer(t, (request, response) => {
    const isPage = request.url?.startsWith('/page')
    const type = isPage ? 'text/html' : 'application/x-git-upload-pack-advertisement'
    response.writeHead(200, { 'content-type': type }).end(page)
  })
  const pageSession = createSession(t, `${web.url}/page`)
  await assert.rejects(pageSession.listRefs(['HEAD'], signal), failsWith('not-a-git-server'))
  const liarSession = createSession(t, `${web.url}/liar`)
  await assert.rejects(liarSession.listRefs(['HEAD'], signal), failsWith('protocol-error', /<!DOC/))
  const { server } = await serve(t)
  const missing = createSession(t, `${server.url}/missing.git`)
  await assert.rejects(missing.listRefs(['HEAD'], signal), failsWith('repository-not-found'))
})
