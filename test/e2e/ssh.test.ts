// Repositories over SSH: the listing of the first version as it was, and how much a poll
// takes of a host that serves many entries.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { assertSameTree, createRepo, git, tempDir } from '../helpers/git.js'
import { NEEDS_ROOT } from '../helpers/needs.js'
import { startService, until, writeListing } from '../helpers/service.js'
import { type SshdOptions, startSshd, startTcpProxy } from '../helpers/sshd.js'

/** A server, and a home from which the service may log in to it. */
async function serve(t: Parameters<typeof tempDir>[0], options: SshdOptions = {}) {
  const sshd = await startSshd(t, options)
  const proxy = await startTcpProxy(t, sshd.port)
  const dir = tempDir(t)
  const ssh = path.join(dir, 'home', '.ssh')
  mkdirSync(ssh, { recursive: true })
  writeFileSync(path.join(ssh, 'id_ed25519'), readFileSync(sshd.key))
  writeFileSync(
    path.join(ssh, 'known_hosts'),
    readFileSync(sshd.knownHosts, 'utf8').replace(/^\S+/, `[127.0.0.1]:${proxy.port}`),
  )
  return { sshd, proxy, dir, home: path.join(dir, 'home'), port: proxy.port }
}

for (const acceptsProtocol of [true, false]) {
  const protocol = acceptsProtocol ? 2 : 0
  test(`what is pushed over SSH is seen in the directories (protocol ${protocol})`, async (t) => {
    const { sshd, dir, home, port } = await serve(t, { acceptsProtocol })
    const projects = ['project1', 'project2'].map((name) => {
      const repo = createRepo(path.join(dir, 'git', `${name}.git`), { bare: true })
      repo.commit('first', { 'README.md': name, 'src/main.sh': 'echo 1\n' })
      repo.git('branch', 'dev')
      const clone = path.join(dir, `clone-${name}`)
      git(dir, 'clone', '-q', repo.dir, clone)
      return { name, repo, clone, url: `ssh://127.0.0.1:${port}${repo.dir}` }
    })
    const listingPath = path.join(dir, 'listing.json')
    const entries = projects.flatMap(({ name, url }) =>
      ['main', 'dev'].map((branch) => ({
        path: path.join(dir, 'repos', `${name}-${branch}`),
        repo: url,
        branch,
      })),
    )
    writeListing(listingPath, entries)
    const settings = { SCRAPE_INTERVAL: '1000', HOME: home }
    const service = await startService(t, { listingPath, settings })
    for (const { name, repo, clone } of projects) {
      for (const branch of ['main', 'dev']) {
        const directory = path.join(dir, 'repos', `${name}-${branch}`)
        await service.untilPublished(directory, repo.oid(branch))
        // With real git, and past the proxy, which this process would hold up.
        git(clone, 'checkout', '-q', branch)
        writeFileSync(path.join(clone, 'README.md'), `${name} ${branch}, changed`)
        git(clone, 'commit', '-q', '-a', '-m', 'changed')
        const command = `ssh -F none -i ${sshd.key} -o UserKnownHostsFile=${sshd.knownHosts}`
        git(clone, '-c', `core.sshCommand=${command}`, 'push', '-q', sshd.url(repo.dir), branch)
        await service.untilPublished(directory, repo.oid(branch))
        assertSameTree(directory, repo.dir, repo.oid(branch))
      }
    }
    assert.equal(await service.stop(), 0)
  })
}

// Such an address has no place for a port, and only root may listen at the usual one.
test('the listing of the first version works as it was', NEEDS_ROOT, async (t) => {
  const address = '127.0.0.22'
  const sshd = await startSshd(t, { address, port: 22 })
  const dir = tempDir(t)
  const ssh = path.join(dir, '.ssh')
  mkdirSync(ssh)
  writeFileSync(path.join(ssh, 'id_ed25519'), readFileSync(sshd.key))
  const hostKey = readFileSync(sshd.knownHosts, 'utf8').replace(/^\S+/, address)
  writeFileSync(path.join(ssh, 'known_hosts'), hostKey)
  const projects = ['project1', 'project2'].map((name) => {
    const repo = createRepo(path.join(dir, 'git', `${name}.git`), { bare: true })
    repo.commit('first', { file: name })
    return { name, repo, directory: path.join(dir, 'repos', name) }
  })
  const listingPath = path.join(dir, 'repos.json')
  writeListing(
    listingPath,
    projects.map(({ repo, directory }) => ({
      path: directory,
      repo: `${address}:${repo.dir}`,
      branch: 'main',
    })),
  )
  const settings = { SCRAPE_INTERVAL: '1', HOME: dir }
  const service = await startService(t, { listingPath, settings })
  for (const { name, repo, directory } of projects) {
    for (const text of [name, `${name} again`]) {
      const tip = repo.commit('next', { file: text })
      await service.untilPublished(directory, tip)
      assertSameTree(directory, repo.dir, tip)
    }
  }
  assert.equal(await service.stop(), 0)
})

test('fifty entries of one host share one connection, which is opened again when it breaks', async (t) => {
  const { proxy, dir, home, port } = await serve(t)
  const listingPath = path.join(dir, 'listing.json')
  const names = Array.from({ length: 50 }, (_, index) => `entry-${index}`)
  // Each a remote of its own.
  const urls = names.map((name) => {
    createRepo(path.join(dir, 'repos', name), { bare: true }).commit('first', { name })
    return `ssh://127.0.0.1:${port}${path.join(dir, 'repos', name)}`
  })
  writeListing(
    listingPath,
    names.map((name, index) => ({ path: `out/${name}`, repo: urls[index] })),
  )
  const settings = { SCRAPE_INTERVAL: '3s', HOME: home }
  const service = await startService(t, { listingPath, settings })
  await until(async () => (await service.get('/startupz')).status === 200, 'all are published')
  const requests = () =>
    service.metric(
      `git_autosync_remote_requests_total{host="127.0.0.1:${port}",service="git-upload-pack",code="200"}`,
    )
  const before = (await requests()) ?? 0
  await until(async () => ((await requests()) ?? 0) >= before + 50, 'all are polled again')
  assert.equal(proxy.connections, 1)
  proxy.cut()
  const cut = (await requests()) ?? 0
  await until(async () => ((await requests()) ?? 0) >= cut + 50, 'polls go on')
  assert.ok(proxy.connections <= 3, `${proxy.connections} connections`)
  assert.equal(readFileSync(path.join(dir, 'out/entry-7/name'), 'utf8'), 'entry-7')
  assert.equal(await service.stop(), 0)
})

test('a host key that changed is told with both fingerprints, and what is published stays', async (t) => {
  const { sshd, dir, home, port } = await serve(t)
  const repo = createRepo(path.join(dir, 'repo.git'), { bare: true })
  const tip = repo.commit('first', { file: '1' })
  const listingPath = path.join(dir, 'listing.json')
  const url = `ssh://${sshd.user}@127.0.0.1:${port}${repo.dir}`
  writeListing(listingPath, [
    { path: 'out', repo: url },
    { path: 'other', repo: url, credential: 'other' },
  ])
  const hosts = path.join(dir, 'hosts')
  writeFileSync(
    hosts,
    readFileSync(path.join(home, '.ssh', 'known_hosts'), 'utf8').replace(
      / .*/,
      ` ${readFileSync(`${sshd.key}.pub`, 'utf8').trim()}`,
    ),
  )
  const credentialsPath = path.join(dir, 'credentials.json')
  writeFileSync(credentialsPath, JSON.stringify([{ name: 'other', knownHostsFile: hosts }]))
  const settings = { CREDENTIALS_PATH: credentialsPath, HOME: home }
  const service = await startService(t, { listingPath, settings })
  await service.untilPublished('out', tip)
  const message = await service.untilFailed('other', 'host-key-changed')
  assert.match(message, /SHA256:.* but known is ssh-ed25519 SHA256:/)
  assert.equal((await service.entry('out')).error, null)
  assert.equal(await service.stop(), 0)
})
