// Git LFS: what is published equals what real git and git-lfs check out, in both modes, after each
// step of a history; what is on disk already is not fetched again.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createRepo, type TestScope, tempDir } from '../helpers/git.js'
import { startHttpServer } from '../helpers/http-server.js'
import { createLfsRepo, startLfsServer } from '../helpers/lfs-server.js'
import { readTree, type Tree, treeDifferences } from '../helpers/same-tree.js'
import { startService, until, writeListing } from '../helpers/service.js'
import { startSshd } from '../helpers/sshd.js'

const MODES = ['in-place', 'symlink'] as const

/** A server, a repository, and a folder for what is published. */
async function setUp(t: TestScope) {
  const dir = tempDir(t)
  const root = path.join(dir, 'repos')
  mkdirSync(root)
  const server = await startLfsServer(t, root)
  const repo = createLfsRepo(server, root, 'one')
  let clones = 0
  return {
    dir,
    server,
    repo,
    listingPath: path.join(dir, 'listing.json'),
    at: (...names: string[]) => path.join(dir, ...names),
    /** What real git and git-lfs make of the commit that was pushed last. */
    async expected(): Promise<Tree> {
      const clone = path.join(dir, `clone${++clones}`)
      await repo.clone(clone)
      rmSync(path.join(clone, '.git'), { recursive: true })
      return readTree(clone)
    },
  }
}

test('publishes the files that pointers stand for', async (t) => {
  const { dir, expected, listingPath, repo, server } = await setUp(t)
  const big = randomBytes(5_000_000)
  repo.work.commit('first', {
    'a.bin': 'one\n',
    'deep/big.bin': big,
    'run.bin': { content: '#!/bin/sh\n', executable: true },
    'empty.bin': '',
    'plain.txt': 'plain\n',
  })
  await repo.push()
  const entries = MODES.map((publish) => ({ path: publish, repo: repo.url, publish, lfs: true }))
  writeListing(listingPath, entries)
  const settings = { SCRAPE_INTERVAL: '1h', WORKTREE_GRACE_PERIOD: '100ms' }
  const service = await startService(t, { listingPath, settings })
  const steps = [
    () => undefined,
    () => repo.work.commit('one of them', { 'a.bin': 'two\n' }),
    () =>
      repo.work.commit('a copy and a move', {
        'deep/copy.bin': big,
        'deep/big.bin': null,
        'b.bin': big,
      }),
    () =>
      repo.work.commit('no LFS for one', {
        'a.bin': 'two\n',
        '.gitattributes': '*.bin filter=lfs -text\na.bin !filter\n',
      }),
    () =>
      repo.work.commit('back', {
        '.gitattributes': '*.bin filter=lfs -text\n',
        'a.bin': 'three\n',
      }),
    () =>
      repo.work.commit('gone', {
        'b.bin': null,
        'deep/copy.bin': { content: big, executable: true },
      }),
  ]
  for (const [step, change] of steps.entries()) {
    change()
    const oid = await repo.push()
    service.signal('SIGHUP')
    const tree = await expected()
    server.downloads.splice(0)
    for (const mode of MODES) {
      await service.untilPublished(mode, oid)
      assert.deepEqual(treeDifferences(readTree(path.join(dir, mode)), tree), [], `${mode} ${step}`)
    }
  }
})

test('an object that is on disk is not fetched again', async (t) => {
  const { at, dir, expected, listingPath, repo, server } = await setUp(t)
  const big = randomBytes(5_000_000)
  repo.work.commit('first', { 'big.bin': big, 'other.bin': 'other\n' })
  let oid = await repo.push()
  const entries = MODES.map((publish) => ({ path: publish, repo: repo.url, publish, lfs: true }))
  writeListing(listingPath, entries)
  const settings = { SCRAPE_INTERVAL: '1h', VERIFY_INTERVAL: '1s' }
  const service = await startService(t, { listingPath, settings })
  for (const mode of MODES) await service.untilPublished(mode, oid)
  const arrived = async () => {
    const tree = await expected()
    const { length } = server.downloads
    for (const mode of MODES) {
      await service.untilPublished(mode, oid)
      assert.deepEqual(treeDifferences(readTree(path.join(dir, mode)), tree), [])
    }
    return length
  }
  await arrived()
  server.downloads.splice(0)
  repo.work.commit('moved', { 'big.bin': null, 'moved/big.bin': big })
  oid = await repo.push()
  service.signal('SIGHUP')
  for (const mode of MODES) await service.untilPublished(mode, oid)
  assert.deepEqual(server.downloads, [])
  await arrived()
  // What something else changed comes back.
  server.downloads.splice(0)
  writeFileSync(at('in-place/other.bin'), 'changed\n')
  await until(() => readFileSync(at('in-place/other.bin'), 'utf8') === 'other\n', 'it is put right')
  assert.equal(server.downloads.length, 1)
  // Without a record of it, what is there is looked at.
  await service.stop()
  server.downloads.splice(0)
  rmSync(at('in-place/.git-autosync'), { recursive: true })
  const again = await startService(t, { listingPath, settings })
  for (const mode of MODES) await again.untilPublished(mode, oid)
  assert.deepEqual(server.downloads, [])
  assert.ok(existsSync(at('in-place/moved/big.bin')))
})

test('turning LFS on and off publishes the same commit in the other form', async (t) => {
  const { at, listingPath, repo } = await setUp(t)
  repo.work.commit('first', { 'a.bin': 'one\n', 'pkg/b.bin': 'two\n' })
  const oid = await repo.push()
  const service = await (async () => {
    write({})
    return startService(t, { listingPath, settings: { SCRAPE_INTERVAL: '1h' } })
  })()
  function write(fields: object) {
    writeListing(
      listingPath,
      MODES.map((publish) => ({ path: publish, repo: repo.url, publish, ...fields })),
    )
  }
  for (const mode of MODES) await service.untilPublished(mode, oid)
  for (const mode of MODES) assert.match(readFileSync(at(mode, 'a.bin'), 'utf8'), /^version /)
  const becomes = (name: string, expected: RegExp) =>
    until(
      () =>
        MODES.every(
          (mode) =>
            existsSync(at(mode, name)) && expected.test(readFileSync(at(mode, name), 'utf8')),
        ),
      `${name} is ${expected}`,
    )
  write({ lfs: true })
  await becomes('a.bin', /^one\n$/)
  write({ lfs: true, subdir: 'pkg' })
  await becomes('b.bin', /^two\n$/)
  write({})
  await becomes('a.bin', /^version /)
  await becomes('pkg/b.bin', /^version /)
})

test('objects that the server lacks are named, and come once they are there', async (t) => {
  const { at, listingPath, repo, server } = await setUp(t)
  repo.work.commit('first', { 'a.bin': 'one\n' })
  const first = await repo.push()
  writeListing(listingPath, [{ path: 'site', repo: repo.url, lfs: true }])
  const service = await startService(t, { listingPath })
  await service.untilPublished('site', first)
  repo.work.commit('second', { 'a.bin': 'two\n', 'b.bin': 'new\n' })
  const kept = new Map(server.objects)
  const second = await repo.push()
  const pushed = new Map(server.objects)
  for (const oid of pushed.keys()) if (!kept.has(oid)) server.objects.delete(oid)
  service.signal('SIGHUP')
  const message = await service.untilFailed('site', 'lfs-object-missing')
  assert.match(message, /a\.bin .* b\.bin/)
  assert.equal(readFileSync(at('site/a.bin'), 'utf8'), 'one\n')
  for (const [oid, body] of pushed) server.objects.set(oid, body)
  await service.untilPublished('site', second)
  assert.equal(readFileSync(at('site/a.bin'), 'utf8'), 'two\n')
})

test('a repository on this disk has its objects beside it', async (t) => {
  const { at, dir, listingPath } = await setUp(t)
  const work = createRepo(at('local'))
  work.git('lfs', 'install', '--local')
  const oid = work.commit('first', { '.gitattributes': '*.bin filter=lfs\n', 'a.bin': 'one\n' })
  writeListing(
    listingPath,
    MODES.map((publish) => ({ path: publish, repo: work.dir, publish, lfs: true })),
  )
  const service = await startService(t, { listingPath })
  for (const mode of MODES) {
    await service.untilPublished(mode, oid)
    assert.equal(readFileSync(path.join(dir, mode, 'a.bin'), 'utf8'), 'one\n')
  }
})

test('a host on SSH says where the objects are, and how to ask for them', async (t) => {
  const { at, dir, listingPath, repo, server } = await setUp(t)
  repo.work.commit('first', { 'a.bin': 'one\n' })
  const oid = await repo.push()
  server.auth = 'from:ssh'
  const sshd = await startSshd(t)
  const header = { Authorization: `Basic ${Buffer.from(server.auth).toString('base64')}` }
  const answer = JSON.stringify({ href: `${repo.url}/info/lfs`, header, expires_in: 600 })
  mkdirSync(at('bin'))
  const script = `#!/bin/sh\necho "$@" >>'${at('asked')}'\ncat <<'END'\n${answer}\nEND\n`
  writeFileSync(at('bin/git-lfs-authenticate'), script, { mode: 0o755 })
  const command = `command="PATH='${at('bin')}':\\"$PATH\\"; eval \\"$SSH_ORIGINAL_COMMAND\\"" `
  writeFileSync(sshd.authorizedKeys, command + readFileSync(`${sshd.key}.pub`, 'utf8'))
  writeFileSync(
    at('credentials.json'),
    JSON.stringify([
      {
        url: `ssh://127.0.0.1:${sshd.port}`,
        sshKeyFile: sshd.key,
        knownHostsFile: sshd.knownHosts,
      },
    ]),
  )
  writeListing(listingPath, [{ path: 'site', repo: sshd.url(repo.bare.dir), lfs: true }])
  const settings = { CREDENTIALS_PATH: at('credentials.json') }
  const service = await startService(t, { listingPath, settings })
  await service.untilPublished('site', oid)
  assert.equal(readFileSync(path.join(dir, 'site/a.bin'), 'utf8'), 'one\n')
  assert.equal(readFileSync(at('asked'), 'utf8'), `${repo.bare.dir} download\n`)
})

test('no login of ours goes where only .lfsconfig leads', async (t) => {
  const { at, listingPath, repo } = await setUp(t)
  const seen: (string | undefined)[] = []
  const other = await startHttpServer(t, (request, response) => {
    seen.push(request.headers.authorization)
    response.writeHead(401).end()
  })
  repo.work.commit('first', { 'a.bin': 'one\n' })
  await repo.push()
  const config = `[lfs]\n\turl = ${other.url}/lfs\n\tlocksverify = false\n`
  repo.work.commit('elsewhere', { '.lfsconfig': config })
  repo.work.git('push', '-q', '--no-verify', repo.bare.dir, 'HEAD:refs/heads/main')
  writeListing(listingPath, [{ path: 'site', repo: repo.url, lfs: true }])
  writeFileSync(at('netrc'), 'default login me password secret\n')
  const settings = { GIT_USERNAME: 'me', GIT_PASSWORD: 'password', NETRC: at('netrc') }
  const service = await startService(t, { listingPath, settings })
  const message = await service.untilFailed('site', 'authentication-required')
  assert.match(message, new RegExp(`${other.url}.* wants credentials`))
  assert.deepEqual(new Set(seen), new Set([undefined]))
  assert.equal(existsSync(at('site/a.bin')), false)
})
