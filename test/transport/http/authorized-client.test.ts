// What follows a 401: one look for other credentials, whichever way they come, and one request
// without any.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { namedIn } from '../../../src/base/file-name.js'
import { createCredentials } from '../../../src/credentials/credentials.js'
import { parseRemoteUrl } from '../../../src/git/remote-url.js'
import { createHttpClient } from '../../../src/transport/http/undici-client.js'
import { atEnd } from '../../helpers/at-end.js'
import { failsWith } from '../../helpers/fails-with.js'
import { createRepo, type TestScope, tempDir } from '../../helpers/git.js'
import { startGitServer } from '../../helpers/git-http-server.js'
import { startHttpServer } from '../../helpers/http-server.js'
import { createSession, sessionOver } from '../../remote/smart/session-harness.js'

const { signal } = new AbortController()

/** A git server that takes one password, and a session with the credentials of a file. */
async function setUp(t: TestScope, credential: (folder: string) => object) {
  const folder = tempDir(t)
  const repo = createRepo(path.join(folder, 'repo.git'), { bare: true })
  const oid = repo.commit('first', { file: '1' })
  const accepted = { password: 'old' }
  const git = await startGitServer(t, {
    root: folder,
    onRequest: (request, response) => {
      const login = Buffer.from(`me:${accepted.password}`).toString('base64')
      if (request.headers.authorization === `Basic ${login}`) return false
      response.writeHead(401).end('no')
      return true
    },
  })
  const file = path.join(folder, 'credentials.json')
  writeFileSync(file, JSON.stringify([{ url: git.url, ...credential(folder) }]))
  const client = createHttpClient({ idleTimeoutMs: 60_000 })
  atEnd(t, () => client.close())
  const remote = parseRemoteUrl(`${git.url}/repo.git`, '/')
  const credentials = createCredentials({ path: namedIn('/', file), client })
  let authorized = 0
  const session = sessionOver(client, remote.url, async (attempt) => {
    authorized++
    return (await credentials.authorize(remote, undefined, attempt)).headers
  })
  const listRefs = async () => {
    const refs = await session.listRefs(['HEAD'], signal)
    assert.equal(refs[0]?.oid, oid)
  }
  return {
    accepted,
    folder,
    listRefs,
    /** The methods of the requests, and how often headers were asked for, since the last call. */
    take: () => {
      const counts = { requests: git.requests.splice(0).map(({ method }) => method), authorized }
      authorized = 0
      return counts
    },
  }
}

describe('a password in a file', () => {
  const inFile = (folder: string) => {
    writeFileSync(path.join(folder, 'password'), 'old\n')
    return { username: 'me', passwordFile: 'password' }
  }

  test('that was rotated is in use at the next request', async (t) => {
    const { accepted, folder, listRefs, take } = await setUp(t, inFile)
    await listRefs()
    assert.deepEqual(take(), { requests: ['GET', 'POST'], authorized: 2 })
    accepted.password = 'new'
    writeFileSync(path.join(folder, 'password'), 'new\n')
    await listRefs()
    assert.deepEqual(take(), { requests: ['POST'], authorized: 1 })
  })

  test('that is wrong is sent once, and nothing else twice', async (t) => {
    const { accepted, listRefs, take } = await setUp(t, inFile)
    accepted.password = 'new'
    const failed = failsWith('authentication-required')
    await assert.rejects(listRefs(), failed)
    assert.deepEqual(take(), { requests: ['GET', 'GET'], authorized: 2 })
    await assert.rejects(listRefs(), failed)
    assert.deepEqual(take(), { requests: ['GET', 'GET'], authorized: 2 })
    accepted.password = 'old'
    await listRefs()
    assert.deepEqual(take(), { requests: ['GET', 'POST'], authorized: 2 })
    accepted.password = 'new'
    await assert.rejects(listRefs(), failed)
    assert.deepEqual(take(), { requests: ['POST', 'POST'], authorized: 2 })
  })
})

describe('a password that is asked for', () => {
  async function setUpService(t: TestScope) {
    const answer = { password: 'old' }
    const service = await startHttpServer(t, (_request, response) => {
      response.end(`username=me\npassword=${answer.password}\n`)
    })
    const site = await setUp(t, () => ({ askpassUrl: service.url }))
    return { ...site, answer, asked: () => service.requests.length }
  }

  test('is asked for anew after a 401, and the same request succeeds', async (t) => {
    const { accepted, answer, asked, listRefs, take } = await setUpService(t)
    await listRefs()
    assert.deepEqual([asked(), take().requests], [1, ['GET', 'POST']])
    accepted.password = 'new'
    answer.password = 'new'
    await listRefs()
    assert.deepEqual([asked(), take().requests], [2, ['POST', 'POST']])
    await listRefs()
    assert.deepEqual([asked(), take().requests], [2, ['POST']])
  })

  test('that is wrong is asked for exactly once more', async (t) => {
    const { accepted, asked, listRefs, take } = await setUpService(t)
    await listRefs()
    take()
    accepted.password = 'new'
    await assert.rejects(listRefs(), failsWith('authentication-required'))
    assert.deepEqual([asked(), take().requests], [2, ['POST', 'POST']])
  })
})

test('without credentials nothing is repeated', async (t) => {
  const { listRefs, take } = await setUp(t, () => ({ headers: {} }))
  await assert.rejects(listRefs(), failsWith('authentication-required'))
  assert.deepEqual(take(), { requests: ['GET'], authorized: 1 })
})

test('a 401 of another origin, which was given none, is not repeated', async (t) => {
  const other = await startHttpServer(t, (_request, response) => {
    response.writeHead(401).end()
  })
  const front = await startHttpServer(t, (request, response) => {
    response.writeHead(302, { location: `${other.url}${request.url}` }).end()
  })
  const authorization = 'Bearer token'
  const session = createSession(t, `${front.url}/repo.git`, async () => ({ authorization }))
  await assert.rejects(session.listRefs(['HEAD'], signal), failsWith('authentication-required'))
  assert.deepEqual([front.requests.length, other.requests.length], [1, 1])
})

describe('a remote that refuses a login and lets everybody in', () => {
  async function setUpOpen(t: TestScope) {
    const folder = tempDir(t)
    const repo = createRepo(path.join(folder, 'repo.git'), { bare: true })
    const oid = repo.commit('first', { file: '1' })
    let isOpen = true
    const git = await startGitServer(t, {
      root: folder,
      onRequest: ({ headers: { authorization } }, response) => {
        if (authorization === 'Bearer good' || (isOpen && authorization === undefined)) return false
        response.writeHead(isOpen || authorization ? 401 : 404).end('no')
        return true
      },
    })
    let token = 'expired'
    const session = createSession(t, `${git.url}/repo.git`, async () => ({
      authorization: `Bearer ${token}`,
      'user-agent': 'tester',
    }))
    return {
      close: () => {
        isOpen = false
      },
      setToken: (value: string) => {
        token = value
      },
      listRefs: async () => assert.equal((await session.listRefs(['HEAD'], signal))[0]?.oid, oid),
      /** Of each request since the last call, what logged in. */
      take: () => git.requests.splice(0).map(({ headers }) => headers.authorization),
    }
  }

  test('is asked as everybody, until there is another login', async (t) => {
    const { listRefs, setToken, take } = await setUpOpen(t)
    await listRefs()
    assert.deepEqual(take(), ['Bearer expired', undefined, undefined])
    await listRefs()
    assert.deepEqual(take(), [undefined])
    setToken('good')
    await listRefs()
    assert.deepEqual(take(), ['Bearer good'])
  })

  test('is asked with another one once it is private', async (t) => {
    const { close, listRefs, setToken, take } = await setUpOpen(t)
    await listRefs()
    take()
    close()
    await assert.rejects(listRefs(), failsWith('repository-not-found'))
    assert.deepEqual(take(), [undefined])
    setToken('other')
    await assert.rejects(listRefs(), failsWith('authentication-required', /401/))
    assert.deepEqual(take(), ['Bearer other', undefined])
    setToken('good')
    await listRefs()
    assert.deepEqual(take(), ['Bearer good', 'Bearer good'])
  })
})
