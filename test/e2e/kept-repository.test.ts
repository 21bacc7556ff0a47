// The repository behind published files, as listings change, users work in it, and runs are killed.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { createRepo, git, type TestRepo, type TestScope, tempDir } from '../helpers/git.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { saidBy, untilHolds, untilRepository } from '../helpers/kept-repository.js'
import { type Service, startService, until, writeListing } from '../helpers/service.js'

const MODES = ['in-place', 'symlink'] as const

interface Kept {
  repo: TestRepo
  /** The published path. */
  out: string
  dir: string
  commit: (text: string) => string
  list: (entry: object) => void
  start: (settings?: Record<string, string>) => Promise<Service>
}

async function createKept(t: TestScope): Promise<Kept> {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one'))
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  const listingPath = path.join(dir, 'listing.json')
  const more = { path: 'out', repo: `${server.url}/one`, branch: 'main' }
  return {
    repo,
    dir,
    out: path.join(dir, 'out'),
    commit: (text) => repo.commit(text, { file: `${text}\n`, [`d/${text}`]: text }),
    list: (entry) => writeListing(listingPath, [{ ...more, ...entry }]),
    start: (settings = {}) =>
      startService(t, { listingPath, settings: { WORKTREE_GRACE_PERIOD: '50ms', ...settings } }),
  }
}

const commitsIn = (directory: string, count: number) =>
  git(directory, 'rev-list', `--max-count=${count}`, 'main').split('\n')

async function untilKept(out: string, count: number): Promise<void> {
  await until(() => {
    try {
      return saidBy(out, 'rev-list', '--count', 'HEAD') === String(count)
    } catch {
      return false
    }
  }, `${out} has ${count} commits`)
}

for (const publish of MODES) {
  describe(`a repository behind files that are published ${publish}`, () => {
    test('deepens, is cut, made whole and removed, as the listing says', async (t) => {
      const { commit, list, out, repo, start } = await createKept(t)
      for (const text of ['1', '2', '3', '4', '5']) commit(text)
      list({ publish })
      const service = await start()
      await service.untilPublished('out', repo.oid('main'))
      assert.ok(!existsSync(path.join(out, '.git')))
      for (const [history, count] of [
        [2, 2],
        [4, 4],
        ['full', 5],
        [1, 1],
        [3, 3],
      ] as const) {
        list({ publish, history })
        await untilKept(out, count)
        await service.untilPublished('out', repo.oid('main'))
        await until(() => saidBy(out, 'status', '--porcelain') === '', 'it is clean')
        await untilRepository(out, repo.oid('main'), commitsIn(repo.dir, count), 'out')
      }
      commit('6')
      await service.untilPublished('out', repo.oid('main'))
      await untilRepository(out, repo.oid('main'), commitsIn(repo.dir, 3), 'out')
      assert.equal(saidBy(out, 'rev-parse', '--abbrev-ref', 'origin/main'), 'origin/main')
      list({ publish })
      await until(() => !existsSync(path.join(out, '.git')), 'the repository is removed')
      const beside = path.join(path.dirname(out), '.git-autosync/out/repository')
      await until(() => !existsSync(beside), 'the repository beside it is removed')
      assert.equal(await service.stop(), 0)
    })

    test("what users made in it stays, and gives way to the remote's branch", async (t) => {
      const { commit, list, out, repo, start } = await createKept(t)
      commit('1')
      commit('2')
      list({ publish, history: 2 })
      const service = await start()
      await service.untilPublished('out', repo.oid('main'))
      saidBy(out, 'branch', 'mine')
      writeFileSync(path.join(out, 'own'), 'own')
      saidBy(out, 'add', 'own')
      saidBy(out, 'commit', '-q', '-m', 'own')
      const own = saidBy(out, 'rev-parse', 'HEAD')
      const next = commit('3')
      await service.untilPublished('out', next)
      assert.equal(saidBy(out, 'rev-parse', 'HEAD'), next)
      assert.match(saidBy(out, 'cat-file', '-t', own), /commit/)
      // Of a worktree that nobody uses any more, once it is tidied away.
      const refs = () => saidBy(out, 'for-each-ref', '--contains', own)
      await until(() => refs().includes('refs/'), 'a ref leads to it')
      assert.equal(saidBy(out, 'rev-parse', 'mine'), repo.oid('main~1'))
      list({ publish })
      const repository = publish === 'in-place' ? path.join(out, '.git') : undefined
      await until(
        () => service.logs.some(({ message }) => /repository is kept/.test(String(message))),
        async () => JSON.stringify(service.logs.slice(-5)),
      )
      if (repository) assert.ok(existsSync(repository), 'own work is kept')
    })

    test('is whole again after it was damaged, and files are put right from it', async (t) => {
      const { commit, list, out, repo, start } = await createKept(t)
      commit('1')
      commit('2')
      list({ publish, history: 2, clean: true })
      const service = await start({ VERIFY_INTERVAL: '300ms' })
      await service.untilPublished('out', repo.oid('main'))
      const packs = path.join(
        saidBy(out, 'rev-parse', '--path-format=absolute', '--git-common-dir'),
        'objects/pack',
      )
      rmSync(packs, { recursive: true })
      await untilKept(out, 2)
      await untilHolds(() => assert.equal(saidBy(out, 'fsck', '--full'), ''), 'it is whole')
      rmSync(path.join(out, 'file'))
      writeFileSync(path.join(out, 'foreign'), 'foreign')
      await until(() => existsSync(path.join(out, 'file')), 'the file is back')
      await until(() => !existsSync(path.join(out, 'foreign')), 'what is foreign is gone')
      await until(() => saidBy(out, 'status', '--porcelain') === '', 'it is clean')
      await untilRepository(out, repo.oid('main'), commitsIn(repo.dir, 2), 'out')
    })

    test('with sparse patterns', async (t) => {
      const { commit, list, out, repo, start } = await createKept(t)
      commit('1')
      commit('2')
      list({ publish, history: 2, sparse: ['/d/'] })
      const service = await start()
      await service.untilPublished('out', repo.oid('main'))
      const names = () => readdirSync(out).filter((name) => !name.startsWith('.git'))
      assert.deepEqual(names(), ['d'])
      const check = () => {
        assert.equal(saidBy(out, 'status', '--porcelain'), '')
        assert.equal(saidBy(out, 'fsck', '--full'), '')
        assert.equal(saidBy(out, 'rev-list', '--count', 'HEAD'), '2')
        assert.equal(saidBy(out, 'config', 'core.sparseCheckout'), 'true')
      }
      await untilHolds(check, 'out')
      const next = commit('3')
      await service.untilPublished('out', next)
      await untilHolds(check, 'out')
      assert.deepEqual(readdirSync(path.join(out, 'd')).sort(), ['1', '2', '3'])
    })

    test('follows tags and commits, and moves to the other mode', async (t) => {
      const { commit, list, out, repo, start } = await createKept(t)
      const first = commit('1')
      commit('2')
      repo.git('tag', '-a', '-m', 'words', 'v1')
      list({ publish, history: 'full', branch: undefined, tag: 'v1' })
      const service = await start()
      await service.untilPublished('out', repo.oid('main'))
      await untilRepository(out, repo.oid('main'), commitsIn(repo.dir, 2), 'out')
      assert.equal(saidBy(out, 'describe'), 'v1')
      list({ publish, history: 1, branch: undefined, commit: first })
      await service.untilPublished('out', first)
      await untilRepository(out, first, [first], 'out')
      const other = MODES.find((mode) => mode !== publish)
      list({ publish: other, history: 2 })
      await service.untilPublished('out', repo.oid('main'))
      await untilRepository(out, repo.oid('main'), commitsIn(repo.dir, 2), 'out')
      const next = commit('3')
      await service.untilPublished('out', next)
      await untilRepository(out, next, commitsIn(repo.dir, 2), 'out')
      assert.equal(await service.stop(), 0)
      const again = await start()
      await again.untilPublished('out', next)
      await untilRepository(out, next, commitsIn(repo.dir, 2), 'out')
    })
  })
}

test('own work in it stays, even where what others put there is cleaned', async (t) => {
  const { commit, list, out, repo, start } = await createKept(t)
  commit('1')
  list({ history: 2, clean: true })
  const service = await start()
  await service.untilPublished('out', repo.oid('main'))
  saidBy(out, 'checkout', '-q', '-b', 'mine')
  writeFileSync(path.join(out, 'own'), 'own')
  saidBy(out, 'add', 'own')
  saidBy(out, 'commit', '-q', '-m', 'own')
  const own = saidBy(out, 'rev-parse', 'HEAD')
  list({ clean: true })
  const isSaid = () =>
    service.logs.some(({ message }) => /repository is kept/.test(String(message)))
  await until(isSaid, 'it is said')
  await service.untilPublished('out', commit('2'))
  assert.ok(!existsSync(path.join(out, 'own')))
  assert.equal(saidBy(out, 'rev-parse', 'mine'), own)
  list({ clean: true, publish: 'symlink' })
  await service.untilFailed('out', 'path-blocked')
  assert.equal(saidBy(out, 'rev-parse', 'mine'), own)
})

test('a clone of before is adopted with what is in it', async (t) => {
  const { commit, dir, list, out, repo, start } = await createKept(t)
  commit('1')
  commit('2')
  git(dir, 'clone', '-q', path.join(dir, 'repos/one'), out)
  saidBy(out, 'commit', '-q', '--allow-empty', '-m', 'own')
  const own = saidBy(out, 'rev-parse', 'HEAD')
  const next = commit('3')
  list({ history: 2 })
  const service = await start()
  await service.untilPublished('out', next)
  await untilRepository(out, next, commitsIn(repo.dir, 2), 'out')
  assert.match(saidBy(out, 'for-each-ref', '--contains', own), /refs\//)
})

test('the status names the commits that were published together, and the next publication its own', async (t) => {
  const { commit, list, repo, start } = await createKept(t)
  commit('1')
  list({ history: 3 })
  const service = await start({ SCRAPE_INTERVAL: '1h' })
  await service.untilPublished('out', repo.oid('main'))
  const told = async () => {
    const [entry] = (await service.status()).entries
    const commits = entry && 'commits' in entry ? entry.commits : undefined
    return (commits as { oid: string; subject: string }[] | null)?.map(({ oid, subject }) => [
      oid,
      subject,
    ])
  }
  for (const texts of [['2', '3', '4'], ['5']]) {
    const pushed = texts.map((text) => [commit(text), text])
    service.signal('SIGHUP')
    await service.untilPublished('out', repo.oid('main'))
    assert.deepEqual(await told(), pushed.reverse())
  }
})
