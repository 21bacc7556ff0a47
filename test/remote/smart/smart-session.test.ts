import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import type { GitObject } from '../../../src/git/object.js'
import { failsWith } from '../../helpers/fails-with.js'
import { startGitServer } from '../../helpers/git-http-server.js'
import { assertSameObjects, catFile, listObjects, readPack } from '../../helpers/packs.js'
import {
  bytesOf,
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
    const missing = failsWith(
      'commit-not-found',
      /correct the entry's commit, or follow a branch or a tag/,
    )
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

for (const protocol of [0, 2] as const) {
  test(`protocol ${protocol}: what two sessions send differs in nothing`, async (t) => {
    const { repo, server, session } = await serve(t, { protocol })
    const { first, tip } = fill(repo)
    const another = createSession(t, `${server.url}/repo.git`)
    for (const each of [session, another]) {
      await each.listRefs(PREFIXES, signal)
      await bytesOf(await each.fetch({ wants: [tip], haves: [first], thinPack: true }, signal))
    }
    const sent = server.requests.map(({ body, headers, method, path }) => ({
      body,
      headers,
      method,
      path,
    }))
    assert.ok(sent.length >= 4)
    assert.deepEqual(sent.splice(0, sent.length / 2), sent)
  })
}

test('what was no pack is asked for past the caches on the way, until one comes', async (t) => {
  const { repo, server, session } = await serve(t)
  const { tip } = fill(repo)
  const asked: unknown[] = []
  let refuses = true
  server.onRequest = ({ headers, method }, response) => {
    if (method !== 'POST') return false
    asked.push(headers['cache-control'])
    if (refuses) {
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' })
      response.end('0032ERR upload-pack: not our ref, as it is too new')
    }
    return refuses
  }
  await assert.rejects(fetchPack(session, tip))
  await assert.rejects(fetchPack(session, tip))
  refuses = false
  await fetchPack(session, tip)
  await fetchPack(session, tip)
  assert.deepEqual(asked, [undefined, 'no-cache', 'no-cache', undefined])
})
