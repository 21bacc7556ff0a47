// A push to a file, by the webhook of every forge, with the real program: nothing else would make
// it look within the hour.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { test } from 'node:test'
import { atEnd } from '../helpers/at-end.js'
import { createRepo, tempDir } from '../helpers/git.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { startService, until, writeListing } from '../helpers/service.js'
import { FORGE_SAMPLES, type Push, SIGNING_TOKEN, webhookOf } from '../helpers/webhooks.js'

test('a push that the webhook of any forge announces is published at once', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'origin'))
  const first = repo.commit('first', { file: '1' })
  const root = path.join(dir, 'repos')
  const server = await startGitServer(t, { root })
  const pushes = Object.entries(FORGE_SAMPLES).map(([forge, { repo: repoOf }], index) => {
    const where = { origin: server.url, owner: 'team', name: `site${index}` }
    const url = repoOf({ ...where, ref: '', before: '', after: '' })
    const place = path.join(root, new URL(url).pathname)
    mkdirSync(path.dirname(place), { recursive: true })
    symlinkSync(repo.dir, place)
    return { forge, where, entry: { path: `out/${forge}`, repo: url } }
  })
  const listingPath = path.join(dir, 'listing.json')
  writeListing(
    listingPath,
    pushes.map(({ entry }) => entry),
  )
  const secretFile = path.join(dir, 'secrets.txt')
  writeFileSync(secretFile, `another secret\n${SIGNING_TOKEN}\n`)
  const settings = { SCRAPE_INTERVAL: '1h', WEBHOOK_SECRET_FILE: secretFile }
  const service = await startService(t, { listingPath, settings })
  for (const { entry } of pushes) await service.untilPublished(entry.path, first)

  const second = repo.commit('second', { file: '2' })
  for (const { forge, where, entry } of pushes) {
    const push: Push = { ...where, ref: 'refs/heads/main', before: first, after: second }
    const { url, headers, body } = webhookOf(forge, push, SIGNING_TOKEN)
    const answer = await fetch(service.url + url, { method: 'POST', headers, body })
    assert.deepEqual([answer.status, await answer.json()], [202, { matched: 1 }], forge)
    await service.untilPublished(entry.path, second)
    const { nextPoll } = await service.entry(entry.path)
    assert.ok(nextPoll)
  }
  const lag = await service.metric('git_autosync_publication_lag_seconds_count{trigger="webhook"}')
  assert.equal(lag, pushes.length)
  const counted = 'git_autosync_webhooks_total{provider="github",result="matched"}'
  assert.equal(await service.metric(counted), 1)

  // It is a secret of the log as well.
  const refused = await fetch(`${service.url}/webhook?secret=wrong-one`, {
    method: 'POST',
    body: '',
  })
  assert.equal(refused.status, 401)
  const warned = await until(
    () => service.logs.find(({ message }) => message === 'webhook refused'),
    'it is warned of',
  )
  assert.equal(warned.level, 'warn')
  assert.ok(!JSON.stringify(service.logs).includes(SIGNING_TOKEN))
})

test('a commit that the server has and the branch does not name is never published', async (t) => {
  const dir = tempDir(t)
  const root = path.join(dir, 'repos')
  const repo = createRepo(path.join(root, 'team/site'))
  const first = repo.commit('first', { file: '1' })
  repo.git('config', 'uploadpack.allowAnySHA1InWant', 'true')
  const server = await startGitServer(t, { root })
  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [
    { path: 'in-place', repo: `${server.url}/team/site` },
    { path: 'link', repo: `${server.url}/team/site`, publish: 'symlink' },
  ])
  const settings = { SCRAPE_INTERVAL: '1h', WEBHOOK_SECRET: SIGNING_TOKEN }
  const service = await startService(t, { listingPath, settings })
  for (const entry of ['in-place', 'link']) await service.untilPublished(entry, first)

  // It was pushed to another branch, or was taken back.
  const other = repo.commit('other', { file: 'other' })
  repo.git('update-ref', 'refs/heads/main', first)
  const where = { origin: server.url, owner: 'team', name: 'site' }
  const announce = async (before: string, after: string) => {
    const push: Push = { ...where, ref: 'refs/heads/main', before, after }
    const { url, headers, body } = webhookOf('github', push, SIGNING_TOKEN)
    return (await fetch(service.url + url, { method: 'POST', headers, body })).status
  }
  assert.equal(await announce(first, other), 202)
  const fetches = () => server.requests.filter(({ method }) => method === 'POST').length
  await until(() => fetches() >= 8, 'it was fetched, and looked for again')

  const second = repo.commit('second', { file: '2' })
  assert.equal(await announce(first, second), 202)
  for (const entry of ['in-place', 'link']) {
    await service.untilPublished(entry, second)
    assert.equal(readFileSync(path.join(dir, entry, 'file'), 'utf8'), '2')
  }
  const published = await until(() => {
    const lines = service.logs.filter(({ message }) => message === 'published')
    return lines.length >= 4 && lines
  }, 'each entry tells of both')
  assert.deepEqual(new Set(published.map(({ oid }) => oid)), new Set([first, second]))
  assert.ok(!service.logs.some(({ message }) => String(message).includes('failed')))
})

test('what was announced is asked for before the poll is answered', async (t) => {
  const dir = tempDir(t)
  const root = path.join(dir, 'repos')
  const repo = createRepo(path.join(root, 'team/site'))
  const first = repo.commit('first', { file: '1' })
  const asked: (() => void)[] = []
  let isAnnounced = false
  const server = await startGitServer(t, {
    root,
    // The first request is answered once there is another: neither waits for the other's answer.
    async onRequest() {
      if (!isAnnounced) return false
      const [other] = asked
      if (other) other()
      else await new Promise<void>((resolve) => asked.push(resolve))
      return false
    },
  })
  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [{ path: 'out', repo: `${server.url}/team/site` }])
  const settings = { SCRAPE_INTERVAL: '1h', WEBHOOK_SECRET: SIGNING_TOKEN }
  const service = await startService(t, { listingPath, settings })
  await service.untilPublished('out', first)
  const second = repo.commit('second', { file: '2' })
  isAnnounced = true
  const before = server.requests.length
  const where = { origin: server.url, owner: 'team', name: 'site', ref: 'refs/heads/main' }
  const push = webhookOf('github', { ...where, before: first, after: second }, SIGNING_TOKEN)
  const { url, headers, body } = push
  assert.equal((await fetch(service.url + url, { method: 'POST', headers, body })).status, 202)
  await service.untilPublished('out', second)
  assert.equal(server.requests.length - before, 2, 'the poll and the fetch')
})

test('a flood from one sender takes no memory, and the polls of others go on', async (t) => {
  const dir = tempDir(t)
  const root = path.join(dir, 'repos')
  const [flooded, other] = ['flooded', 'other'].map((name) => createRepo(path.join(root, name)))
  assert.ok(flooded && other)
  const oids = [flooded.commit('first', { file: '1' }), other.commit('first', { file: '1' })]
  const server = await startGitServer(t, { root })
  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [
    { path: 'flooded', repo: `${server.url}/flooded`, interval: '1h' },
    { path: 'other', repo: `${server.url}/other`, interval: '200ms' },
  ])
  const settings = { WEBHOOK_SECRET: SIGNING_TOKEN }
  const service = await startService(t, { listingPath, settings })
  await service.untilPublished('flooded', oids[0] ?? '')
  await service.untilPublished('other', oids[1] ?? '')

  // 200 kB each, over one connection, one after the other.
  const body = JSON.stringify({ repo: `${server.url}/flooded`, padding: 'x'.repeat(200_000) })
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  atEnd(t, () => agent.destroy())
  const send = () =>
    new Promise<number>((resolve, reject) => {
      const headers = { authorization: `Bearer ${SIGNING_TOKEN}` }
      const request = http.request(`${service.url}/webhook`, { method: 'POST', agent, headers })
      request.once('error', reject).once('response', (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0))
      })
      request.end(body)
    })
  const polls = () =>
    server.requests.filter(({ path: asked }) => asked.startsWith('/other/')).length
  for (let sent = 0; sent < 200; sent++) await send()
  const bytes = await service.metric('process_resident_memory_bytes')
  const before = polls()
  const statuses = new Set<number>()
  for (let sent = 0; sent < 1_000; sent++) statuses.add(await send())
  assert.deepEqual([...statuses], [202])
  const grown = ((await service.metric('process_resident_memory_bytes')) ?? 0) - (bytes ?? 0)
  t.diagnostic(`${polls() - before} polls of the other meanwhile, ${grown} bytes more`)
  assert.ok(polls() > before, 'the other is polled meanwhile')
  // All of the bodies would be 200 MB.
  assert.ok(grown < 100e6, `${grown} bytes more`)
  assert.equal((await service.get('/healthz')).status, 200)
})
