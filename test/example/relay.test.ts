// The relay of example/relay, in a real nginx before a real git server: what it passes on, what it
// keeps, and what it refuses.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import https from 'node:https'
import path from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { encodePkt } from '../../src/git/pkt-line.js'
import { createCa } from '../helpers/certificates.js'
import { createRepo, type TestScope, tempDir } from '../helpers/git.js'
import { gitEnvironment } from '../helpers/git-command.js'
import { type GitServerOptions, startGitServer } from '../helpers/git-http-server.js'
import { needsProgram } from '../helpers/needs.js'
import { type RelayOptions, startRelay } from '../helpers/relay.js'
import { startService, writeListing } from '../helpers/service.js'
import { NGINX_PATH } from './nginx.js'

const SITE = 'forge.example/site.git'
const LOGIN = `Basic ${Buffer.from('relay:secret').toString('base64')}`
/** What an answer about refs counts for at most, in milliseconds. */
const SECOND_MS = 1100

const run = promisify(execFile)
const lines = (...texts: string[]) =>
  texts.map((text) => encodePkt(`${text}\n`).toString()).join('')
const lsRefs = (prefixes = ['HEAD']) =>
  `${lines('command=ls-refs')}0001${lines('peel', 'symrefs', ...prefixes.map((prefix) => `ref-prefix ${prefix}`))}0000`
const fetchOf = (oid: string) =>
  `${lines('command=fetch')}0001${lines('no-progress', 'deepen 1', `want ${oid}`, 'done')}0000`

interface Answer {
  status: number
  body: string
  /** What nginx says of its cache. */
  cache: string
}

/** A repository at a git server that wants a login, which the relay has, and what asks the relay. */
async function setUp(t: TestScope, options: Partial<RelayOptions & GitServerOptions> = {}) {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/team/site.git'), { bare: true })
  const first = repo.commit('first', { file: '1' })
  const root = path.join(dir, 'repos')
  const origin = await startGitServer(t, { root, auth: 'relay:secret', ...options })
  const ca = createCa(dir, 'ca')
  const address = `${origin.url}/team/site.git`
  const relay = await startRelay(t, {
    repositories: { [SITE]: address, 'forge.example/site': address },
    logins: { [`~^${origin.url}/team/`]: LOGIN },
    tls: ca.issue('relay'),
    ca,
    ...options,
  })
  const trusted = { ca: readFileSync(ca.cert), agent: false }
  const ask = (below: string, headers: Record<string, string>, body?: string): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST'
      const request = https.request(`${relay.url}/${below}`, { ...trusted, method, headers })
      request.on('error', reject)
      request.on('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks).toString('latin1'),
            cache: String(response.headers['x-relay-cache']),
          }),
        )
      })
      request.end(body)
    })
  const post = (body: string, repository = SITE, headers: Record<string, string> = {}) =>
    ask(`${repository}/git-upload-pack`, { 'git-protocol': 'version=2', ...headers }, body)
  const git = async (...args: string[]) =>
    (await run('git', ['-c', `http.sslCAInfo=${ca.cert}`, ...args], { env: gitEnvironment() }))
      .stdout
  return { dir, repo, first, origin, relay, ca, ask, post, git }
}

describe('a relay', needsProgram('nginx', NGINX_PATH), () => {
  test('has the login of the git server, and passes on none of a node', async (t) => {
    const { first, git, origin, relay } = await setUp(t)
    const url = relay.url.replace('//', '//node:mine@')
    assert.equal(await git('ls-remote', `${url}/forge.example/site`, 'HEAD'), `${first}\tHEAD\n`)
    const known = new Set(origin.requests.map(({ headers }) => headers.authorization))
    assert.deepEqual(known, new Set([LOGIN]))
    const names = new Set(origin.requests.flatMap(({ headers }) => Object.keys(headers)))
    for (const name of ['cookie', 'accept-encoding', 'pragma']) assert.ok(!names.has(name), name)
  })

  test('serves git, to read what is listed', async (t) => {
    const { ask, dir, git, origin, post, relay, repo } = await setUp(t)
    const clone = path.join(dir, 'clone')
    await git('clone', '-q', `${relay.url}/${SITE}`, clone)
    const second = repo.commit('second', { file: '2' })
    await sleep(SECOND_MS)
    await git('-C', clone, 'fetch', '-q', '--depth=1')
    assert.equal((await git('-C', clone, 'rev-parse', 'origin/main')).trim(), second)

    const { length } = origin.requests
    for (const below of [
      'forge.example/other.git/info/refs?service=git-upload-pack',
      `${SITE}/info/refs?service=git-receive-pack`,
      `${SITE}/info/refs`,
      `${SITE}/git-upload-pack`,
      `${SITE}/objects/info/packs`,
      '',
    ]) {
      assert.equal((await ask(below, {})).status, 403, below)
    }
    assert.equal((await ask(`${SITE}/git-receive-pack`, {}, '0000')).status, 403)
    assert.match((await post(lsRefs(), 'forge.example/no')).body, /add it to repositories.map/)
    await assert.rejects(git('-C', clone, 'push', '-q', 'origin', 'HEAD:refs/heads/x'), /403/)
    assert.equal(origin.requests.length, length, 'the git server hears of none of it')
  })

  test('asks for refs once in a second, however many ask, and for a pack once', async (t) => {
    const { first, origin, post, repo } = await setUp(t)
    const asked = () => origin.requests.splice(0).length
    const same = await Promise.all(Array.from({ length: 50 }, () => post(lsRefs())))
    // The second may have ended meanwhile.
    const polls = asked()
    assert.ok(polls >= 1 && polls <= 3, `${polls} polls`)
    for (const { body, status } of same) {
      assert.equal(status, 200)
      assert.match(body, new RegExp(`${first} HEAD`))
    }
    const second = repo.commit('second', { file: '2' })
    await sleep(SECOND_MS)
    const { body } = await post(lsRefs(), 'forge.example/site')
    assert.match(body, new RegExp(`${second} HEAD`))
    asked()
    const packs = await Promise.all(Array.from({ length: 50 }, () => post(fetchOf(second))))
    await sleep(2 * SECOND_MS)
    packs.push(await post(fetchOf(second), 'forge.example/site'))
    assert.equal(asked(), 1)
    assert.ok(packs.every((pack) => pack.body.includes('PACK') && pack.body === packs[0]?.body))
    assert.equal(packs.at(-1)?.cache, 'HIT')
  })

  test('keeps apart what differs in protocol or body, and nothing that does not fit in a key', async (t) => {
    const { ask, first, origin, post, repo } = await setUp(t)
    const second = repo.commit('second', { file: '2' })
    for (const oid of [first, second]) assert.equal((await post(fetchOf(oid))).cache, 'MISS')
    const refs = `${SITE}/info/refs?service=git-upload-pack`
    assert.match((await ask(refs, {})).body, /refs\/heads\/main/)
    assert.match((await ask(refs, { 'git-protocol': 'version=2' })).body, /version 2/)

    const long = lsRefs(Array.from({ length: 2000 }, () => 'refs/heads/x'))
    const { length } = origin.requests
    for (const times of [1, 2]) {
      const answer = await post(long)
      assert.deepEqual([answer.status, answer.cache], [200, 'BYPASS'])
      assert.equal(origin.requests.length, length + times)
    }
  })

  test('gives what is new to whoever asks past it, and to all from then on', async (t) => {
    let isBehind = true
    const { first, origin, post } = await setUp(t, {
      // As a replica says that has not heard yet of what was pushed.
      onRequest: ({ method }, response) => {
        if (method !== 'POST' || !isBehind) return false
        response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-result' })
        response.end(encodePkt('ERR upload-pack: not our ref'))
        return true
      },
    })
    assert.match((await post(fetchOf(first))).body, /not our ref/)
    isBehind = false
    assert.match((await post(fetchOf(first))).body, /not our ref/)
    assert.equal(origin.requests.length, 1)
    const past = await post(fetchOf(first), SITE, { 'cache-control': 'no-cache' })
    assert.deepEqual([past.cache, past.body.includes('PACK')], ['BYPASS', true])
    assert.deepEqual(await post(fetchOf(first)), { ...past, cache: 'HIT' })
    assert.equal(origin.requests.length, 2)
  })

  test('says what is wrong at the git server, and keeps it for a moment only', async (t) => {
    let status = 503
    const { origin, post } = await setUp(t, {
      onRequest: (_, response) => {
        if (status === 200) return false
        response.writeHead(status, { location: 'https://elsewhere.example/' }).end('words')
        return true
      },
    })
    assert.equal((await post(lsRefs())).status, 503)
    status = 301
    await sleep(SECOND_MS)
    const moved = await post(lsRefs())
    assert.deepEqual([moved.status, moved.body.includes('has moved: correct')], [502, true])
    status = 200
    await sleep(SECOND_MS)
    assert.equal((await post(lsRefs())).status, 200)
    await origin.close()
    await sleep(SECOND_MS)
    assert.equal((await post(lsRefs())).status, 502)
  })

  test('is all that a node needs, with the listing that names the git server', async (t) => {
    const { ca, dir, first, origin, relay, repo } = await setUp(t)
    const listingPath = path.join(dir, 'listing.json')
    writeListing(listingPath, [{ path: 'out', repo: `https://${SITE}` }])
    const service = await startService(t, {
      listingPath,
      settings: { REPO_REWRITE: `https://=${relay.url}/`, CA_FILE: ca.cert },
    })
    await service.untilPublished('out', first)
    const second = repo.commit('second', { file: '2' })
    await service.untilPublished('out', second)
    assert.ok(origin.requests.every(({ headers }) => headers['user-agent'] === 'git/relay'))
  })
})
