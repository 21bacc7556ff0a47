import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import type { GitObject } from '../../src/git/object.js'
import { type FetchedPack, RemoteSession } from '../../src/protocol/remote-session.js'
import { createHttpClient } from '../../src/transport/http.js'
import { createAssertOk } from '../../src/transport/http-status.js'
import { atEnd } from '../helpers/at-end.js'
import { failsWith } from '../helpers/fails-with.js'
import {
  createRepo,
  type RepoOptions,
  type TestRepo,
  type TestScope,
  tempDir,
} from '../helpers/git.js'
import {
  type GitServer,
  type GitServerOptions,
  startGitServer,
} from '../helpers/git-http-server.js'
import { startHttpServer } from '../helpers/http-server.js'
import { assertSameObjects, catFile, listObjects, readPack } from '../helpers/packs.js'

const PREFIXES = ['HEAD', 'refs/heads/main', 'refs/tags/v1']
const signal = new AbortController().signal

interface Served {
  repo: TestRepo
  server: GitServer
  session: RemoteSession
}

/** A repository, a server for its folder, and a session with it. */
async function serve(
  t: TestScope,
  options: Partial<GitServerOptions> & RepoOptions = {},
): Promise<Served> {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, 'repo.git'), { bare: true, ...options })
  const server = await startGitServer(t, { root, ...options })
  return { repo, server, session: createSession(t, `${server.url}/repo.git`) }
}

function createSession(
  t: TestScope,
  url: string,
  authorize: () => Promise<Record<string, string>> = async () => ({}),
): RemoteSession {
  const client = createHttpClient({ idleTimeoutMs: 5000 })
  atEnd(t, () => client.close())
  const assertOk = createAssertOk(Date.now)
  return new RemoteSession({ url, client, authorize, assertOk, maxRefsBytes: 1 << 20 })
}

/** What the server was asked since the last call. */
function takeRequests({ requests }: GitServer): string[] {
  return requests.splice(0).map(({ method, path: asked }) => `${method} ${asked}`)
}

const GET = 'GET /repo.git/info/refs?service=git-upload-pack'
const POST = 'POST /repo.git/git-upload-pack'

async function bytesOf({ chunks }: FetchedPack): Promise<Buffer> {
  const received: Buffer[] = []
  for await (const chunk of chunks) received.push(chunk)
  return Buffer.concat(received)
}

async function fetchPack(session: RemoteSession, ...wants: string[]): Promise<Buffer> {
  return bytesOf(await session.fetch({ wants, haves: [], thinPack: false }, signal))
}

const FILES = { 'a.txt': 'a', 'folder/b.txt': 'b'.repeat(5000), empty: '' }

/** Commits, of which only the last is the tip of a branch, and an annotated tag of the second. */
function fill(repo: TestRepo): { first: string; second: string; tip: string; tag: string } {
  const first = repo.commit('first', FILES)
  const second = repo.commit('second', { 'a.txt': 'changed' })
  repo.git('tag', '-a', '-m', 'annotated', 'v1')
  const tip = repo.commit('third', { 'folder/b.txt': `${'b'.repeat(5000)}, and more` })
  return { first, second, tip, tag: repo.oid('v1') }
}

test('protocol 2: a look at the refs is one request once the server is known', async (t) => {
  const { repo, server, session } = await serve(t)
  const { second, tip, tag } = fill(repo)
  repo.git('branch', 'unrelated')
  const expected = [
    { name: 'HEAD', oid: tip, peeled: undefined, target: 'refs/heads/main' },
    { name: 'refs/heads/main', oid: tip, peeled: undefined, target: undefined },
    { name: 'refs/tags/v1', oid: tag, peeled: second, target: undefined },
  ]
  assert.deepEqual(await session.listRefs(PREFIXES, signal), expected)
  assert.deepEqual(takeRequests(server), [GET, POST])
  for (let poll = 0; poll < 3; poll++) {
    assert.deepEqual(await session.listRefs(PREFIXES, signal), expected)
    assert.deepEqual(takeRequests(server), [POST])
  }
  const next = repo.commit('fourth', { 'a.txt': 'again' })
  const [head] = await session.listRefs(['HEAD'], signal)
  assert.equal(head?.oid, next)
  assert.equal(server.connections, 1)
})

test('protocol 0: a look at the refs is one request', async (t) => {
  const { repo, server, session } = await serve(t, { protocol: 0 })
  const { second, tip, tag } = fill(repo)
  repo.git('branch', 'unrelated')
  for (let poll = 0; poll < 3; poll++) {
    assert.deepEqual(await session.listRefs(PREFIXES, signal), [
      { name: 'HEAD', oid: tip, peeled: undefined, target: 'refs/heads/main' },
      { name: 'refs/heads/main', oid: tip, peeled: undefined, target: undefined },
      { name: 'refs/tags/v1', oid: tag, peeled: second, target: undefined },
    ])
    assert.deepEqual(takeRequests(server), [GET])
  }
  assert.equal(server.connections, 1)
})

for (const protocol of [0, 2] as const) {
  for (const objectFormat of ['sha1', 'sha256'] as const) {
    test(`protocol ${protocol}: fetches exactly one commit (${objectFormat})`, async (t) => {
      const { repo, server, session } = await serve(t, { protocol, objectFormat })
      const { second, tip, tag } = fill(repo)
      await session.listRefs(PREFIXES, signal)
      takeRequests(server)
      const wanted = {
        'a branch': { want: tip, objects: listObjects(repo, '--no-walk', tip) },
        'an annotated tag': {
          want: tag,
          objects: [tag, ...listObjects(repo, '--no-walk', second)],
        },
      }
      for (const [kind, { want, objects }] of Object.entries(wanted)) {
        await t.test(kind, async () => {
          const fetched = await session.fetch({ wants: [want], haves: [], thinPack: false }, signal)
          const bytes = await bytesOf(fetched)
          const pack = await readPack(bytes, { objectFormat })
          assertSameObjects(pack, repo, objects)
          assert.equal(bytes.readUInt32BE(8), new Set(objects).size)
          assert.deepEqual(takeRequests(server), [POST])
        })
      }
      assert.equal(server.connections, 1)
    })
  }

  test(`protocol ${protocol}: an update is a thin pack of what changed`, async (t) => {
    const { repo, session } = await serve(t, { protocol })
    const { second, tip } = fill(repo)
    const request = { wants: [tip], haves: [second], thinPack: true }
    const bytes = await bytesOf(await session.fetch(request, signal))
    const old = catFile(repo, listObjects(repo, '--no-walk', second))
    const asked = new Set<string>()
    const findBase = (oid: string): GitObject | undefined => {
      asked.add(oid)
      return old.get(oid)
    }
    const pack = await readPack(bytes, { findBase })
    assert.ok(asked.has(repo.oid(`${second}:folder/b.txt`)))
    assert.ok(bytes.length < (await fetchPack(session, tip)).length)
    const news = listObjects(repo, '--no-walk', tip).filter((oid) => !old.has(oid))
    assertSameObjects(pack, repo, news)
    assert.equal(pack.has(repo.oid(`${tip}:a.txt`)), false)
  })

  test(`protocol ${protocol}: a base that the server does not know makes a whole pack`, async (t) => {
    const { repo, session } = await serve(t, { protocol })
    const { tip } = fill(repo)
    const request = { wants: [tip], haves: ['1'.repeat(40)], thinPack: true }
    const pack = await readPack(await bytesOf(await session.fetch(request, signal)))
    assertSameObjects(pack, repo, listObjects(repo, '--no-walk', tip))
  })

  test(`protocol ${protocol}: an empty repository has no refs`, async (t) => {
    const { session } = await serve(t, { protocol })
    assert.deepEqual(await session.listRefs(PREFIXES, signal), [])
    assert.deepEqual(await session.listRefs(['refs/heads/'], signal), [])
  })

  test(`protocol ${protocol}: a commit that is not there is told apart`, async (t) => {
    const { repo, session } = await serve(t, { protocol })
    fill(repo)
    const missing = failsWith('commit-not-found', /correct the oid, or follow a branch or a tag/)
    await assert.rejects(fetchPack(session, '1'.repeat(40)), missing)
  })
}

test('protocol 2 serves any commit, protocol 0 only what a ref leads to', async (t) => {
  const { repo, session } = await serve(t)
  const { first } = fill(repo)
  const unnamed = repo.git('commit-tree', '-m', 'on no branch', `${first}^{tree}`)
  const old = await startGitServer(t, { root: path.dirname(repo.dir), protocol: 0 })
  const oldSession = createSession(t, `${old.url}/repo.git`)

  for (const [want, servedBy] of [
    [first, [session, oldSession]],
    [unnamed, [session]],
  ] as const) {
    for (const one of servedBy) {
      assertSameObjects(
        await readPack(await fetchPack(one, want)),
        repo,
        listObjects(repo, '--no-walk', want),
      )
    }
  }
  const refused = failsWith('commit-not-found', /serves only what a branch or a tag leads to/)
  await assert.rejects(fetchPack(oldSession, unnamed), refused)
})

test('only a server that answered in protocol 2 is asked in it', async (t) => {
  for (const protocol of [0, 2] as const) {
    const { repo, server, session } = await serve(t, { protocol })
    const { tip } = fill(repo)
    await session.listRefs(['HEAD'], signal)
    await fetchPack(session, tip)
    for (const request of server.requests) {
      const isAsked = protocol === 2 || request.method === 'GET'
      assert.equal(request.protocol, isAsked ? 'version=2' : '')
    }
  }
})

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

test('a fetch that is stopped ends with the reason', async (t) => {
  const { repo, session } = await serve(t)
  const { tip } = fill(repo)
  const stop = new AbortController()
  const request = { wants: [tip], haves: [], thinPack: false }
  const fetched = await session.fetch(request, stop.signal)
  stop.abort()
  await assert.rejects(bytesOf(fetched), failsWith('aborted'))
  assertSameObjects(await readPack(await fetchPack(session, tip)), repo, [tip])
})
