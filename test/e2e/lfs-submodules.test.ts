// Git LFS in submodules: what is published equals what real git and git-lfs check out, each
// repository with objects and a configuration of its own.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { tempDir } from '../helpers/git.js'
import { createLfsRepo, type LfsRepo, startLfsServer } from '../helpers/lfs-server.js'
import { readTree, treeDifferences } from '../helpers/same-tree.js'
import { startService, until, writeListing } from '../helpers/service.js'

const MODES = ['in-place', 'symlink'] as const

test('the files of submodules come from their own LFS servers', async (t) => {
  const dir = tempDir(t)
  const at = (...names: string[]) => path.join(dir, ...names)
  const listingPath = at('listing.json')
  const [root, elsewhere] = [at('repos'), at('elsewhere')]
  for (const each of [root, elsewhere]) mkdirSync(each)
  const [server, other] = [await startLfsServer(t, root), await startLfsServer(t, elsewhere)]
  const repo = createLfsRepo(server, root, 'one')
  const [inner, module] = ['inner', 'module'].map((name) => createLfsRepo(other, elsewhere, name))
  const moved = createLfsRepo(server, root, 'moved')
  assert.ok(inner && module)
  const config = `[lfs]\n\turl = ${other.git.url}/moved/info/lfs\n`
  inner.work.commit('inner', { 'i.bin': 'inner\n', 'same.bin': 'same\n' })
  await inner.push()
  const link = async (from: LfsRepo, place: string, to: LfsRepo) => {
    const oid = await to.push()
    // Else git takes it for removed.
    mkdirSync(path.join(from.work.dir, place), { recursive: true })
    from.work.git('update-index', '--add', '--cacheinfo', `160000,${oid},${place}`)
    return `[submodule "${place}"]\n\tpath = ${place}\n\turl = ${to.url}\n`
  }
  const publish = async (content: string) => {
    module.work.commit('module', {
      'm.bin': content,
      '.gitmodules': await link(module, 'deep/inner', inner),
    })
    moved.work.commit('moved', { '.lfsconfig': config, 'v.bin': `${content}elsewhere\n` })
    const modules = await link(repo, 'vendor/module', module)
    repo.work.commit('top', {
      'same.bin': 'same\n',
      '.gitmodules': modules + (await link(repo, 'vendor/moved', moved)),
    })
    return repo.push()
  }
  const entries = MODES.flatMap((mode) => [
    { path: mode, publish: mode, subdir: '' },
    { path: `${mode}-part`, publish: mode, subdir: 'vendor' },
  ])
  writeListing(
    listingPath,
    entries.map(({ subdir, ...entry }) => ({
      ...entry,
      repo: repo.url,
      lfs: true,
      submodules: 'recursive',
      ...(subdir && { subdir }),
    })),
  )
  let oid = await publish('one\n')
  const settings = { SCRAPE_INTERVAL: '1h', VERIFY_INTERVAL: '1s' }
  let service = await startService(t, { listingPath, settings })
  let clones = 0
  const assertEqual = async () => {
    const clone = at(`with-submodules${++clones}`)
    await repo.clone(clone, '--recurse-submodules')
    const isOwn = ([name]: [string, unknown]) => !name.split('/').includes('.git')
    for (const { path: name, subdir } of entries) {
      await service.untilPublished(name, oid)
      const expected = [...readTree(path.join(clone, subdir))].filter(isOwn)
      assert.deepEqual(treeDifferences(readTree(at(name)), new Map(expected)), [], name)
    }
  }
  await assertEqual()
  assert.equal(readFileSync(at('in-place/vendor/module/deep/inner/i.bin'), 'utf8'), 'inner\n')
  // After a restart, a file that is lost is fetched by itself.
  await service.stop()
  for (const { downloads } of [server, other]) downloads.splice(0)
  service = await startService(t, { listingPath, settings })
  rmSync(at('in-place/vendor/module/m.bin'))
  await until(() => existsSync(at('in-place/vendor/module/m.bin')), 'it is put right')
  assert.deepEqual([server.downloads.length, other.downloads.length], [0, 1])
  oid = await publish('two\n')
  service.signal('SIGHUP')
  await assertEqual()
  assert.equal(await service.metric('git_autosync_fetch_fallbacks_total{entry="in-place"}'), 0)
})
