// One listing, and its repositories reached at another address: by a real nginx in front of a real git.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { freePort } from '../helpers/free-port.js'
import { assertSameTree, createRepo, git, type TestScope, tempDir } from '../helpers/git.js'
import { commitFiles } from '../helpers/git-commit.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { type NginxOptions, startNginx } from '../helpers/nginx.js'
import { runProgram, startService, until, writeListing } from '../helpers/service.js'

/** A host that nobody has: what asks it fails. */
const ORIGIN = 'https://git.invalid'

/** Repositories of an origin, as a relay has them below a folder of the origin's name. */
async function serve(t: TestScope, options: Omit<NginxOptions, 'root'> = {}) {
  const dir = tempDir(t)
  const root = path.join(dir, 'relay')
  mkdirSync(root)
  const theme = createRepo(path.join(root, 'origin/team/theme.git'), { bare: true })
  const themed = theme.commit('theme', { style: 's' })
  const repo = createRepo(path.join(root, 'origin/team/site.git'), { bare: true })
  const relay = await startNginx(t, { root, ...options })
  const listingPath = path.join(dir, 'listing.json')
  return { dir, repo, relay, theme: { ...theme, oid: themed }, listingPath }
}

test('an entry is fetched by way of the relay, and told of by its own address', async (t) => {
  const { dir, repo, relay, listingPath } = await serve(t, { auth: 'node:relay-secret' })
  const first = repo.commit('first', { file: '1' })
  const credentialsPath = path.join(dir, 'credentials.json')
  // What the entry names is for the origin, and is not even here.
  writeFileSync(
    credentialsPath,
    JSON.stringify([{ url: relay.url, username: 'node', password: 'relay-secret' }]),
  )
  const entry = { path: 'out', repo: `${ORIGIN}/team/site.git`, credential: 'of-the-origin' }
  writeListing(listingPath, [entry])
  const settings = {
    REPO_REWRITE: `${ORIGIN}/=${relay.url}/origin/`,
    CREDENTIALS_PATH: credentialsPath,
    WEBHOOK_SECRET: 'secret-of-webhooks',
    GIT_PASSWORD: 'origin-secret',
  }
  const valid = await runProgram(['validate', listingPath, '--remote'], settings)
  assert.deepEqual([valid.code, valid.stderr], [0, ''])
  const service = await startService(t, {
    listingPath,
    settings: { ...settings, SCRAPE_INTERVAL: '1h' },
  })
  await service.untilPublished('out', first)
  assert.equal((await service.entry('out')).repo, entry.repo)
  const published = await until(
    () => service.logs.find(({ message }) => message === 'published'),
    'it is told',
  )
  assert.equal(published['repo'], entry.repo)
  assert.match(relay.readLog().at(-1) ?? '', /^200 POST \/origin\/team\/site.git\/.* node$/)

  const second = repo.commit('second', { file: '2' })
  const announced = await fetch(`${service.url}/webhook`, {
    method: 'POST',
    headers: { authorization: `Bearer ${settings.WEBHOOK_SECRET}` },
    body: JSON.stringify({ repo: entry.repo, ref: 'refs/heads/main' }),
  })
  assert.deepEqual([announced.status, await announced.json()], [202, { matched: 1 }])
  await service.untilPublished('out', second)
  assertSameTree(path.join(dir, 'out'), repo.dir, second)
  assert.ok(!JSON.stringify(service.logs).includes('in plain text'))
})

test('submodules and the repository that is kept are of the listing, too', async (t) => {
  const { dir, repo, relay, theme, listingPath } = await serve(t)
  const modules = '[submodule "theme"]\n\tpath = theme\n\turl = ../theme.git\n'
  const first = commitFiles(repo, { '.gitmodules': modules, theme: { gitlink: theme.oid } })
  repo.git('update-ref', 'refs/heads/main', first)
  writeListing(listingPath, [
    { path: 'out', repo: `${ORIGIN}/team/site.git`, submodules: 'shallow', history: 1 },
  ])
  const settings = { REPO_REWRITE: `${ORIGIN}=${relay.url}/origin` }
  const service = await startService(t, { listingPath, settings })
  await service.untilPublished('out', first)
  const out = path.join(dir, 'out')
  assert.equal(git(out, 'remote', 'get-url', 'origin'), `${ORIGIN}/team/site.git`)
  assert.equal(
    git(path.join(out, 'theme'), 'remote', 'get-url', 'origin'),
    `${ORIGIN}/team/theme.git`,
  )
  assertSameTree(path.join(out, 'theme'), theme.dir, theme.oid)
})

test('without its relay an entry waits, or follows its own address where that is asked for', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/app'))
  const first = repo.commit('first', { file: '1' })
  const origin = await startGitServer(t, { root: path.join(dir, 'repos'), auth: 'me:origin' })
  const listingPath = path.join(dir, 'listing.json')
  const own = origin.url.replace('//', '//me:origin@')
  writeListing(listingPath, [{ path: 'out', repo: `${own}/app` }])
  const port = await freePort()
  const settings = { REPO_REWRITE: `${origin.url}/=http://127.0.0.1:${port}/` }
  const patient = await startService(t, { listingPath, settings })
  const message = await patient.untilFailed('out', 'connection-refused')
  assert.match(message, new RegExp(`^127\\.0\\.0\\.1:${port} refuses connections`))
  await until(async () => ((await patient.entry('out')).consecutiveFailures ?? 0) > 2, 'retries')
  assert.equal(origin.requests.length, 0)
  await patient.stop()

  const service = await startService(t, {
    listingPath,
    settings: { ...settings, REPO_REWRITE_FALLBACK: '300ms' },
  })
  await service.untilPublished('out', first)
  assertSameTree(path.join(dir, 'out'), repo.dir, first)
  const left = await until(
    () => service.logs.find(({ message }) => message.startsWith('what REPO_REWRITE gives')),
    'it is told that the relay was left',
  )
  assert.equal(left['address'], `http://127.0.0.1:${port}`)
  const relay = await startGitServer(t, { root: path.join(dir, 'repos'), port })
  await until(() => relay.requests.length > 3, 'the relay is asked again')
  await until(
    () => service.logs.some(({ message }) => message.endsWith('answers again')),
    'it is said',
  )
  assert.ok(relay.requests.every(({ headers }) => headers.authorization === undefined))
  const second = repo.commit('second', { file: '2' })
  await service.untilPublished('out', second)
})
