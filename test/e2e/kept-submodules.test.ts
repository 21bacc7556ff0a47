// The repositories of submodules behind published files, looked at by real git at each step.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { commitOn } from '../helpers/commit-on.js'
import { git } from '../helpers/git.js'
import { saidBy, untilHolds } from '../helpers/kept-repository.js'
import { startService, until, writeListing } from '../helpers/service.js'
import { filesOf, type Module, type Modules, serve } from '../helpers/submodule-repos.js'

const DEPTH = 2
const MODES = ['in-place', 'symlink'] as const

/** Makes commits of repositories that have submodules in each other, and publishes `top`. */
async function createModules(t: Parameters<typeof serve>[0]) {
  const served = await serve(t, ['top', 'mid', 'leaf'])
  const { dir, server } = served
  const modulesOf = new Map<string, Modules>(
    ['top', 'mid', 'leaf'].map((name) => [name, new Map()]),
  )
  const heads = new Map<string, string>()
  const commit = (name: string, files: Record<string, string>) => {
    const repo = served.repoOf(name)
    const last = heads.get(name)
    const all = { ...files, ...filesOf(modulesOf.get(name) as Modules) }
    const oid = commitOn(repo, all, last === undefined ? [] : [last])
    heads.set(name, oid)
    repo.git('update-ref', 'refs/heads/main', oid)
    return oid
  }
  const module = (repo: string): Module => ({
    repo,
    oid: heads.get(repo) as string,
    url: `../${repo}`,
  })
  /** The first commit of `top`, which has `leaf` as its only submodule. */
  const commitWithLeaf = () => {
    commit('leaf', { leaf: '1' })
    modulesOf.get('top')?.set('leaf', module('leaf'))
    return commit('top', { file: '1' })
  }
  const listingPath = path.join(dir, 'listing.json')
  const list = (...entries: readonly object[]) => {
    const top = { path: 'out', repo: `${server.url}/top`, branch: 'main' }
    writeListing(
      listingPath,
      entries.map((entry) => ({ ...top, ...entry })),
    )
  }
  const start = (settings: Record<string, string> = { WORKTREE_GRACE_PERIOD: '50ms' }) =>
    startService(t, { listingPath, settings: { SCRAPE_INTERVAL: '1h', ...settings } })
  return {
    ...{ ...served, commit, commitWithLeaf, module, list, start },
    modulesOf: (name: string) => modulesOf.get(name) as Modules,
    out: path.join(dir, 'out'),
  }
}

/** Asserts that a directory is a clean checkout with these submodules, by their paths. */
function assertCheckedOut(directory: string, commit: string, modules: readonly string[]): void {
  assert.equal(saidBy(directory, 'rev-parse', 'HEAD'), commit)
  assert.equal(saidBy(directory, 'status', '--porcelain'), '')
  assert.equal(saidBy(directory, 'fsck', '--full'), '')
  // As it is there: a commit that is another one, or none, has a sign before it.
  const lines = git(directory, 'submodule', 'status', '--recursive').split('\n').filter(Boolean)
  const found = lines.map((line) => / ?([0-9a-f]{40}) (.*) \(.*\)$/.exec(` ${line.trim()}`)?.[2])
  assert.deepEqual(found.sort(), [...modules].sort())
  assert.ok(!lines.some((line) => /^[-+U]/.test(line)), lines.join('\n'))
  for (const module of modules) {
    const at = path.join(directory, module)
    assert.equal(saidBy(at, 'fsck', '--full'), '')
    assert.equal(saidBy(at, 'status', '--porcelain'), '')
    assert.match(readFileSync(path.join(at, '.git'), 'utf8'), /^gitdir: \.\.\/.*\/modules\/.*\n$/)
    const count = Number(saidBy(at, 'rev-list', '--count', 'HEAD'))
    assert.ok(count <= DEPTH, `${module} has ${count} commits`)
  }
}

test('submodules have their repositories, in each mode', async (t) => {
  const { commit, dir, list, module, modulesOf, start } = await createModules(t)
  const outs = MODES.map((publish) => path.join(dir, publish))
  const listEach = (fields: object) =>
    list(...MODES.map((publish) => ({ path: publish, publish, ...fields })))
  const [top, mid] = [modulesOf('top'), modulesOf('mid')]
  for (const text of ['1', '2', '3']) commit('leaf', { leaf: text })
  mid.set('deep er/leaf', module('leaf'))
  commit('mid', { mid: '1' })
  top.set('vendor/mid', module('mid'))
  top.set('leaf', module('leaf'))
  let head = commit('top', { file: '1' })
  listEach({ submodules: 'recursive', history: DEPTH })
  const service = await start()
  const expect = async (modules: string[]) => {
    for (const [index, out] of outs.entries()) {
      await service.untilPublished(MODES[index] as string, head)
      await untilHolds(() => assertCheckedOut(out, head, modules), `${out} is checked out`)
    }
  }
  const push = (text: string) => {
    head = commit('top', { file: text })
    service.signal('SIGHUP')
  }
  const all = ['leaf', 'vendor/mid', 'vendor/mid/deep er/leaf']
  await expect(all)

  // Nothing of the submodules changes, then one, then one in another.
  push('2')
  await expect(all)
  // What is taken for granted of one is gone: it is not believed to be whole.
  for (const out of outs) {
    const leafPacks = path.join(
      saidBy(path.join(out, 'leaf'), 'rev-parse', '--absolute-git-dir'),
      'objects/pack',
    )
    for (const name of readdirSync(leafPacks)) rmSync(path.join(leafPacks, name))
  }
  push('damaged')
  await expect(all)
  commit('leaf', { leaf: '4' })
  top.set('leaf', module('leaf'))
  push('3')
  await expect(all)
  mid.set('deep er/leaf', module('leaf'))
  commit('mid', { mid: '2' })
  top.set('vendor/mid', module('mid'))
  push('4')
  await expect(all)
  for (const out of outs)
    assert.equal(saidBy(path.join(out, 'leaf'), 'rev-list', '--count', 'HEAD'), `${DEPTH}`)

  // One is moved, another becomes a file.
  top.delete('leaf')
  top.set('moved', module('leaf'))
  top.delete('vendor/mid')
  head = commit('top', { file: '5', 'vendor/mid': 'a file now' })
  service.signal('SIGHUP')
  await expect(['moved'])
  for (const out of outs) {
    assert.ok(!existsSync(path.join(out, 'leaf')))
    const own = saidBy(out, 'rev-parse', '--absolute-git-dir')
    assert.deepEqual(readdirSync(path.join(own, 'modules')), ['moved x'])
  }

  // Elsewhere, all is as it was.
  await service.stop()
  const elsewhere = `${dir}-elsewhere`
  renameSync(dir, elsewhere)
  for (const publish of MODES) assertCheckedOut(path.join(elsewhere, publish), head, ['moved'])
  renameSync(elsewhere, dir)

  // Without history, nothing is left of it.
  const second = await start()
  for (const publish of MODES) await second.untilPublished(publish, head)
  listEach({ submodules: 'recursive' })
  for (const out of outs) {
    await until(() => !existsSync(path.join(out, 'moved/.git')), 'the link is removed')
    await until(() => !existsSync(path.join(out, '.git')), 'the repository is removed')
  }
})

test('what somebody commits in a submodule is not lost when it goes', async (t) => {
  const { commit, commitWithLeaf, dir, list, modulesOf, start } = await createModules(t)
  const first = commitWithLeaf()
  const kept = { submodules: 'recursive', history: 1 }
  list(...MODES.map((publish) => ({ ...kept, path: publish, publish })))
  const service = await start()
  const works: string[] = []
  for (const publish of MODES) {
    await service.untilPublished(publish, first)
    const leaf = path.join(dir, publish, 'leaf')
    writeFileSync(path.join(leaf, 'leaf'), 'mine')
    const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com']
    git(leaf, ...identity, 'commit', '-qam', 'mine')
    works.push(git(leaf, 'rev-parse', 'HEAD'))
  }
  modulesOf('top').clear()
  const second = commit('top', { file: '2' })
  service.signal('SIGHUP')
  for (const [index, publish] of MODES.entries()) {
    await service.untilPublished(publish, second)
    const kept = ['.git/modules/leaf x', `.git-autosync/symlink/repository/kept-modules/${first}`]
    const at =
      index === 0
        ? path.join(dir, publish, kept[0] as string)
        : path.join(dir, kept[1] as string, 'modules/leaf x')
    await until(() => existsSync(at), `${at} is kept`)
    assert.equal(git(at, 'cat-file', '-t', works[index] as string), 'commit')
  }
  await until(
    () =>
      service.logs.filter(({ message }) => message.startsWith('a repository is kept')).length === 2,
    'both are told of',
  )
})

test('submodules whose names are parts of each other do not lie in each other', async (t) => {
  const { commit, list, module, modulesOf, out, start } = await createModules(t)
  const top = modulesOf('top')
  for (const repo of ['leaf', 'mid']) commit(repo, { file: repo })
  let head = ''
  const push = (modules: Record<string, string>) => {
    top.clear()
    for (const [name, repo] of Object.entries(modules)) top.set(repo, { ...module(repo), name })
    head = commit('top', { file: JSON.stringify(modules) })
  }
  push({ 'foo/bar': 'leaf' })
  list({ submodules: 'recursive', history: 2 })
  const service = await start({ INSPECT_INTERVAL: '1h' })
  const works: [string, string][] = []
  const work = (at: string) => {
    const place = saidBy(path.join(out, at), 'rev-parse', '--absolute-git-dir')
    works.push([place, commitMine(path.join(out, at))])
  }
  const expect = async (...modules: string[]) => {
    service.signal('SIGHUP')
    await service.untilPublished('out', head)
    assertCheckedOut(out, head, modules)
    for (const [place, oid] of works) assert.equal(git(place, 'rev-parse', 'mine'), oid)
  }
  await expect('leaf')
  work('leaf')
  push({ foo: 'mid' })
  await expect('mid')
  work('mid')
  push({ 'foo/bar/baz': 'leaf' })
  await expect('leaf')
  push({ 'foo/bar': 'leaf', foo: 'mid' })
  await expect('leaf', 'mid')
})

/** Commits on a branch in a repository that somebody has at a place. */
function commitMine(directory: string): string {
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@example.com']
  git(directory, 'checkout', '-q', '-B', 'mine')
  git(directory, ...identity, 'commit', '-q', '--allow-empty', '-m', 'mine')
  return git(directory, 'rev-parse', 'HEAD')
}

test('a repository of somebody in the place of a submodule is not lost', async (t) => {
  const { commit, commitWithLeaf, dir, list, out, start } = await createModules(t)
  const head = commitWithLeaf()
  const leaf = path.join(out, 'leaf')
  const isKept = (oid: string, name: string) => {
    assert.equal(git(path.join(out, '.git/kept-modules', name), 'rev-parse', 'mine'), oid)
  }

  // One that is cloned into a clone, which the entry adopts.
  git(dir, 'clone', '-q', path.join(dir, 'repos/top'), out)
  git(out, 'clone', '-q', path.join(dir, 'repos/leaf'), 'leaf')
  const cloned = commitMine(leaf)
  list({ submodules: 'recursive', history: 2 })
  const service = await start({ INSPECT_INTERVAL: '1h' })
  await service.untilPublished('out', head)
  await untilHolds(() => assertCheckedOut(out, head, ['leaf']), 'it is checked out')
  isKept(cloned, 'leaf')

  // One that is made later.
  rmSync(path.join(leaf, '.git'))
  git(leaf, 'init', '-q')
  const made = commitMine(leaf)
  const next = commit('top', { file: '2' })
  service.signal('SIGHUP')
  await service.untilPublished('out', next)
  await untilHolds(() => assertCheckedOut(out, next, ['leaf']), 'the next is checked out')
  isKept(cloned, 'leaf')
  isKept(made, 'leaf.1')
  const told = () =>
    service.logs.filter(({ message }) => message.startsWith('a repository is kept'))
  await until(() => told().length === 2, 'both are told of')
})

test('a submodule that somebody checks out in a worktree is not lost with it', async (t) => {
  const { commit, commitWithLeaf, dir, list, out, server, start } = await createModules(t)
  const first = commitWithLeaf()
  list({ publish: 'symlink', history: 3 })
  const service = await start()
  await service.untilPublished('out', first)
  // The server is in this process, which waits for git.
  const onDisk = ['-c', `url.${dir}/repos/.insteadOf=${server.url}/`]
  git(out, ...onDisk, '-c', 'protocol.file.allow=always', 'submodule', '-q', 'update', '--init')
  const mine = commitMine(path.join(out, 'leaf'))
  const second = commit('top', { file: '2' })
  service.signal('SIGHUP')
  await service.untilPublished('out', second)
  const kept = path.join(dir, '.git-autosync/out/repository/kept-modules', first)
  await until(() => existsSync(kept), `${kept} is there`)
  // Where git was to find its files is no more.
  const place = path.join(kept, 'modules/leaf x')
  assert.equal(git(place, '--work-tree=.', 'rev-parse', 'mine'), mine)
})
