// Submodules: what is fetched of them, from where, and what happens where that fails.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { encodePkt } from '../../src/git/pkt-line.js'
import { createRepo, type TestRepo } from '../helpers/git.js'
import { commitFiles } from '../helpers/git-commit.js'
import { type GitServer, type RequestHook, startGitServer } from '../helpers/git-http-server.js'
import { differencesTo, readTree, treeDifferences } from '../helpers/same-tree.js'
import { startService, until, writeListing } from '../helpers/service.js'
import { clonedTree, filesOf, serve } from '../helpers/submodule-repos.js'

test('an update of one submodule fetches what changed in it, and nothing else', async (t) => {
  const served = await serve(t, ['top', 'one', 'two'])
  const { dir, repoOf, server } = served
  const files = (changed: string) =>
    Object.fromEntries(
      Array.from({ length: 400 }, (_, n) => [`d${n % 20}/f${n}`, `${n}\n`.repeat(99)]).concat([
        ['d0/changed', changed],
      ]),
    )
  const [one, two] = ['one', 'two'].map((name) => commitFiles(repoOf(name), files(name)))
  assert.ok(one && two)
  const commit = (oid: string) => {
    const modules = new Map([
      ['m/one', { repo: 'one', oid, url: '../one' }],
      ['m/two', { repo: 'two', oid: two, url: '../two' }],
    ])
    const top = commitFiles(repoOf('top'), { a: 'a', ...filesOf(modules) })
    repoOf('top').git('update-ref', 'refs/heads/main', top)
    return top
  }
  const listingPath = path.join(dir, 'listing.json')
  const entry = { path: 'out', repo: `${server.url}/top`, submodules: 'recursive' }
  writeListing(listingPath, [entry])
  const first = commit(one)
  const settings = { SCRAPE_INTERVAL: '1h', VERIFY_INTERVAL: '1s' }
  const service = await startService(t, { listingPath, settings })
  await service.untilPublished('out', first)
  server.requests.length = 0
  service.signal('SIGHUP')
  const changed = commit(commitFiles(repoOf('one'), files('changed')))
  await service.untilPublished('out', changed)
  assert.equal(readFileSync(path.join(dir, 'out/m/one/d0/changed'), 'utf8'), 'changed')
  assert.deepEqual(
    server.requests.filter(({ path: asked }) => asked.startsWith('/two')),
    [],
  )
  const bytes = server.requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0)
  assert.ok(bytes < 10_000, `${bytes} bytes`)
  // What is lost in a submodule is put right, too.
  rmSync(path.join(dir, 'out/m/two/d3'), { recursive: true })
  const expected = clonedTree(served, true)
  await until(() => differencesTo(expected, path.join(dir, 'out')).length === 0, 'equal')
})

test('a credential that is named for one repository leaves its submodules to their own', async (t) => {
  const { dir, repoOf, server } = await serve(t, ['top', 'public', 'private'])
  const modules = ['public', 'private'].map((repo) => {
    const oid = commitFiles(repoOf(repo), { repo })
    return [repo, { repo, oid, url: `../${repo}` }] as const
  })
  const top = commitFiles(repoOf('top'), filesOf(new Map(modules)))
  repoOf('top').git('update-ref', 'refs/heads/main', top)
  const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`
  const sent = new Map<string, Set<string | undefined>>()
  server.onRequest = ({ headers: { authorization }, url = '' }, response) => {
    const [, repo = ''] = url.split('/')
    sent.set(repo, (sent.get(repo) ?? new Set()).add(authorization))
    if (repo === 'public' || authorization === basic(`${repo}:pw`)) return false
    response.writeHead(401, { 'www-authenticate': 'Basic' }).end()
    return true
  }
  const credentials = ['top', 'private'].map((name) => {
    return { name, url: `${server.url}/${name}`, username: name, password: 'pw' }
  })
  const credentialsPath = path.join(dir, 'credentials.json')
  writeFileSync(credentialsPath, JSON.stringify(credentials))
  const listingPath = path.join(dir, 'listing.json')
  const entry = { repo: `${server.url}/top`, credential: 'top', submodules: 'recursive' }
  writeListing(listingPath, [
    { path: 'out', ...entry },
    { path: 'other', ...entry, repo: `${server.url}/private` },
  ])
  const service = await startService(t, {
    listingPath,
    settings: { CREDENTIALS_PATH: credentialsPath },
  })
  await service.untilPublished('out', top)
  assert.equal(readFileSync(path.join(dir, 'out/private/repo'), 'utf8'), 'private')
  assert.equal(readFileSync(path.join(dir, 'out/public/repo'), 'utf8'), 'public')
  assert.deepEqual([...(sent.get('public') ?? [])], [undefined])
  assert.deepEqual([...(sent.get('private') ?? [])], [basic('private:pw')])
  const message = await service.untilFailed('other', 'credentials-invalid')
  assert.match(message, /the repo is not below it/)
})

test('a submodule whose thin pack does not serve is fetched whole, by itself', async (t) => {
  const { dir, repoOf, server } = await serve(t, ['top', 'one', 'two'])
  const text = (name: string) => `${name}\n`.repeat(2000)
  const [one, two] = ['one', 'two'].map((name) =>
    commitFiles(repoOf(name), { a: text(name), b: text('b') }),
  )
  assert.ok(one && two)
  const commit = (oid: string) => {
    const modules = new Map([
      ['m/one', { repo: 'one', oid, url: '../one' }],
      ['m/two', { repo: 'two', oid: two, url: '../two' }],
    ])
    const top = commitFiles(repoOf('top'), filesOf(modules))
    repoOf('top').git('update-ref', 'refs/heads/main', top)
    return top
  }
  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [{ path: 'out', repo: `${server.url}/top`, submodules: 'recursive' }])
  const first = commit(one)
  const settings = { SCRAPE_INTERVAL: '1h', VERIFY_INTERVAL: '0' }
  const service = await startService(t, { listingPath, settings })
  await service.untilPublished('out', first)
  server.requests.length = 0
  // What the delta builds on is gone.
  writeFileSync(path.join(dir, 'out/m/one/a'), 'edited')
  const changed = commit(commitFiles(repoOf('one'), { a: `${text('one')}more\n`, b: text('b') }))
  service.signal('SIGHUP')
  await service.untilPublished('out', changed)
  assert.equal(readFileSync(path.join(dir, 'out/m/one/a'), 'utf8'), `${text('one')}more\n`)
  const fetched = server.requests
    .filter(({ method }) => method === 'POST')
    .map(({ path: asked }) => asked.split('/')[1])
  assert.deepEqual(fetched, ['top', 'top', 'one', 'one'])
  assert.equal(await service.metric('git_autosync_fetch_fallbacks_total{entry="out"}'), 0)
})

test('a submodule that is to be left alone leaves the other entries of its superproject', async (t) => {
  const { dir, repoOf, server } = await serve(t, ['top', 'one'])
  const one = commitFiles(repoOf('one'), { a: 'a' })
  const commit = (a: string) => {
    const modules = new Map([['m/one', { repo: 'one', oid: one, url: '../one' }]])
    const top = commitFiles(repoOf('top'), { a, ...filesOf(modules) })
    repoOf('top').git('update-ref', 'refs/heads/main', top)
    return top
  }
  commit('1')
  server.onRequest = (request, response) => {
    if (!request.url?.startsWith('/one')) return false
    response.writeHead(429, { 'retry-after': '3600' }).end()
    return true
  }
  const listingPath = path.join(dir, 'listing.json')
  const repo = `${server.url}/top`
  writeListing(listingPath, [
    { path: 'with', repo, submodules: 'recursive', interval: '300ms' },
    { path: 'without', repo, interval: '300ms' },
  ])
  const service = await startService(t, { listingPath })
  const message = await service.untilFailed('with', 'rate-limited')
  assert.match(message, /^The submodule "m\/one": /)
  await service.untilPublished('without', commit('2'))
})

for (const protocol of [2, 0] as const) {
  test(`a commit that is not served by its id is had by refs, over protocol v${protocol}`, async (t) => {
    const served = await serve(t, ['top', 'one'], protocol)
    const { dir, repoOf, server } = served
    // What git's own server of v2 never does.
    if (protocol === 2) server.onRequest = refuseOids(repoOf('one'))
    const one = createRepo(path.join(dir, 'work'))
    const deep = one.commit('deep', { 'd/a': 'a', b: 'b' })
    one.commit('tagged', { b: 'tagged' })
    one.git('tag', '-a', '-m', 'annotated', 'v1')
    const tagged = one.oid('v1^{commit}')
    for (let n = 0; n < 20; n++) one.commit(`${n}`, { b: `${n}` })
    one.git('push', '-q', repoOf('one').dir, 'main', 'v1')
    const lost = one.commit('lost', { b: 'lost' })
    one.git('push', '-q', repoOf('one').dir, 'main:lost')
    repoOf('one').git('update-ref', '-d', 'refs/heads/lost')
    const listingPath = path.join(dir, 'listing.json')
    writeListing(listingPath, [
      { path: 'out', repo: `${server.url}/top`, submodules: 'recursive', interval: '300ms' },
    ])
    const commit = (oid: string) => {
      const modules = new Map([['m/one', { repo: 'one', oid, url: '../one' }]])
      const top = commitFiles(repoOf('top'), filesOf(modules))
      repoOf('top').git('update-ref', 'refs/heads/main', top)
      return top
    }
    let last = commit(deep)
    const service = await startService(t, { listingPath })
    for (const oid of [deep, tagged, deep]) {
      last = commit(oid)
      await service.untilPublished('out', last)
      const differences = treeDifferences(readTree(path.join(dir, 'out')), clonedTree(served, true))
      assert.deepEqual(differences, [])
    }
    /** Answers with a pack, and not with refs or a refusal. */
    const packs = () =>
      server.requests.filter(
        ({ path: asked, bytesOut }) => /^\/one\//.test(asked) && bytesOut > 1500,
      )
    for (const [oid, words] of [
      [lost, /^The submodule "m\/one": No branch or tag of the remote leads to the commit/],
      ['a'.repeat(40), /^The submodule "m\/one": The remote does not have the commit a+:/],
    ] as const) {
      commit(oid)
      const isTold = async () => words.test((await service.entry('out')).error?.message ?? '')
      await until(isTold, `${words}`)
      if (oid !== lost) continue
      const [{ consecutiveFailures }, { length }] = [await service.entry('out'), packs()]
      assert.ok(length > 0)
      const isTriedAgain = async () =>
        (await service.entry('out')).consecutiveFailures > consecutiveFailures + 2
      await until(isTriedAgain, 'it is tried again')
      assert.equal(packs().length, length, 'without all of the history')
    }
    assert.equal((await service.entry('out')).oid, last)
    last = commit(lost)
    one.git('push', '-q', repoOf('one').dir, 'main:found')
    await service.untilPublished('out', last)
  })
}

test('what cannot be followed fails the commit, with the path of the submodule', async (t) => {
  const { dir, repoOf, server } = await serve(t, ['top', 'one'])
  const secret = createRepo(path.join(dir, 'secret')).commit('', { secret: 'secret' })
  const one = commitFiles(repoOf('one'), { a: 'a' })
  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [
    { path: 'out', repo: `${server.url}/top`, submodules: 'recursive', interval: '300ms' },
  ])
  const commit = (url: string, oid: string, place = 'm/x') => {
    const files = filesOf(new Map([[place, { repo: 'one', oid, url }]]))
    const top = commitFiles(repoOf('top'), { ...files, link: { symlink: Buffer.from('/') } })
    repoOf('top').git('update-ref', 'refs/heads/main', top)
    return top
  }
  const good = commit('../one', one)
  const service = await startService(t, { listingPath })
  await service.untilPublished('out', good)
  for (const [url, oid, code, words] of [
    [`file://${dir}/secret`, secret, 'submodule-invalid', /files of this machine/],
    [path.join(dir, 'secret'), secret, 'submodule-invalid', /files of this machine/],
    ['ext::sh -c "touch /tmp/x"', secret, 'submodule-invalid', /names a program/],
    ['--upload-pack=x', secret, 'submodule-invalid', /an option/],
    ['ftp://127.0.0.1/x', secret, 'submodule-invalid', /unknown scheme/],
    ['../none', one, 'repository-not-found', /its address is its url in \.gitmodules$/],
    ['../one', secret, 'commit-not-found', /./],
  ] as const) {
    commit(url, oid)
    service.signal('SIGHUP')
    const isTold = async () => {
      const { error } = await service.entry('out')
      const { message = '' } = error ?? {}
      return (
        error?.code === code && message.startsWith('The submodule "m/x": ') && words.test(message)
      )
    }
    await until(isTold, `${code} for ${url}`)
    assert.equal(readFileSync(path.join(dir, 'out/m/x/a'), 'utf8'), 'a')
  }
  const last = commit('../one', one)
  service.signal('SIGHUP')
  await until(async () => (await service.entry('out')).state === 'synced', 'synced')
  await service.untilPublished('out', last)
})

test('a login for every host goes to the host of the entry alone', async (t) => {
  const { dir, repoOf, server } = await serve(t, ['top', 'one', 'two'])
  const elsewhere = await startGitServer(t, { root: path.join(dir, 'repos') })
  const [one, two] = ['one', 'two'].map((name) => commitFiles(repoOf(name), { a: name }))
  assert.ok(one && two)
  const modules = new Map([
    ['m/one', { repo: 'one', oid: one, url: '../one' }],
    ['m/two', { repo: 'two', oid: two, url: `${elsewhere.url}/two` }],
  ])
  const top = commitFiles(repoOf('top'), filesOf(modules))
  repoOf('top').git('update-ref', 'refs/heads/main', top)
  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [
    { path: 'out', repo: `${server.url}/top`, submodules: 'recursive' },
    { path: 'own', repo: `${elsewhere.url}/two`, commit: two },
  ])
  const settings = { SCRAPE_INTERVAL: '1h', GIT_USERNAME: 'user', GIT_PASSWORD: 'all' }
  const service = await startService(t, { listingPath, settings })
  await service.untilPublished('out', top)
  await service.untilPublished('own', two)
  const sent = (to: GitServer, repo: string) =>
    to.requests
      .filter(({ path: asked }) => asked.startsWith(`/${repo}`))
      .map(({ headers }) => headers.authorization !== undefined)
  assert.ok(sent(server, 'one').every(Boolean), 'a submodule of the same host')
  // The entry of that host logs in, and what a commit names there does not.
  assert.deepEqual(new Set(sent(elsewhere, 'two')), new Set([true, false]))
})

/** Answers as servers do that send only what a ref names. */
function refuseOids(repo: TestRepo): RequestHook {
  return async (request, response) => {
    if (request.method !== 'POST' || !request.url?.startsWith('/one')) return false
    await once(request, 'readable')
    const body: Buffer = request.read()
    const wants = [...body.toString('latin1').matchAll(/want ([0-9a-f]+)/g)].map(([, oid]) => oid)
    const named = repo.git('for-each-ref', '--format=%(objectname)').split('\n')
    const refused = wants.find((oid) => !named.includes(oid ?? ''))
    if (refused !== undefined) {
      response.setHeader('content-type', 'application/x-git-upload-pack-result')
      response.end(encodePkt(`ERR upload-pack: not our ref ${refused}\n`))
      return true
    }
    request.unshift(body)
    return false
  }
}
