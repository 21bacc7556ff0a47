// The repository behind published files, as listings change, users work in it, and runs are killed.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileScope } from '../helpers/file-scope.js'
import { git } from '../helpers/git.js'
import { saidBy, untilHolds, untilRepository } from '../helpers/kept-repository.js'
import { type Service, until } from '../helpers/service.js'
import { SharedService } from '../helpers/shared-service.js'

const MODES = ['in-place', 'symlink'] as const

const settings = { WORKTREE_GRACE_PERIOD: '50ms' }
const scope = fileScope()
const usual = new SharedService(scope, { settings })
const verifying = new SharedService(scope, { settings: { ...settings, VERIFY_INTERVAL: '1s' } })
const restarted = new SharedService(scope, { settings })
const patient = new SharedService(scope, { settings: { ...settings, SCRAPE_INTERVAL: '1h' } })

async function createKept(name: string, shared = usual) {
  const entry = await shared.entry(name)
  return {
    ...entry,
    commit: (text: string) => entry.repo.commit(text, { file: `${text}\n`, [`d/${text}`]: text }),
    list: (fields: object) => entry.list({ branch: 'main', ...fields }),
  }
}

/** What the log says of kept repositories of an entry. */
const keptIn = ({ logs }: Service, name: string) =>
  logs.filter((line) => /repository is kept/.test(line.message) && isBelow(line['path'], name))
const isBelow = (place: unknown, name: string) => String(place).split('/').includes(name)

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

// They wait for one service, and not for each other.
describe('a repository behind published files', { concurrency: 16 }, () => {
  for (const publish of MODES) {
    test(`deepens, is cut, made whole and removed, as the listing says, ${publish}`, async () => {
      const name = `deepens-${publish}`
      const { commit, dir, list, out, repo, start } = await createKept(name)
      for (const text of ['1', '2', '3', '4', '5']) commit(text)
      list({ publish })
      const service = await start()
      await service.untilPublished(name, repo.oid('main'))
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
        await service.untilPublished(name, repo.oid('main'))
        await until(() => saidBy(out, 'status', '--porcelain') === '', 'it is clean')
        await untilRepository(out, repo.oid('main'), commitsIn(repo.dir, count), 'out')
      }
      commit('6')
      await service.untilPublished(name, repo.oid('main'))
      await untilRepository(out, repo.oid('main'), commitsIn(repo.dir, 3), 'out')
      assert.equal(saidBy(out, 'rev-parse', '--abbrev-ref', 'origin/main'), 'origin/main')
      list({ publish })
      await until(() => !existsSync(path.join(out, '.git')), 'the repository is removed')
      const beside = path.join(dir, `.git-autosync/${name}/repository`)
      await until(() => !existsSync(beside), 'the repository beside it is removed')
    })

    test(`what users made in it stays, and gives way to the remote's branch, ${publish}`, async () => {
      const name = `users-${publish}`
      const { commit, list, out, repo, start } = await createKept(name)
      commit('1')
      commit('2')
      list({ publish, history: 2 })
      const service = await start()
      await service.untilPublished(name, repo.oid('main'))
      saidBy(out, 'branch', 'mine')
      writeFileSync(path.join(out, 'own'), 'own')
      saidBy(out, 'add', 'own')
      saidBy(out, 'commit', '-q', '-m', 'own')
      const own = saidBy(out, 'rev-parse', 'HEAD')
      const next = commit('3')
      await service.untilPublished(name, next)
      assert.equal(saidBy(out, 'rev-parse', 'HEAD'), next)
      assert.match(saidBy(out, 'cat-file', '-t', own), /commit/)
      // Of a worktree that nobody uses any more, once it is tidied away.
      const refs = () => saidBy(out, 'for-each-ref', '--contains', own)
      await until(() => refs().includes('refs/'), 'a ref leads to it')
      assert.equal(saidBy(out, 'rev-parse', 'mine'), repo.oid('main~1'))
      list({ publish })
      const repository = publish === 'in-place' ? path.join(out, '.git') : undefined
      await until(
        () => keptIn(service, name).length > 0,
        async () => JSON.stringify(service.logs.slice(-5)),
      )
      if (repository) assert.ok(existsSync(repository), 'own work is kept')
    })

    test(`is whole again after it was damaged, and files are put right from it, ${publish}`, async () => {
      const name = `damaged-${publish}`
      const { commit, list, out, repo, start } = await createKept(name, verifying)
      commit('1')
      commit('2')
      list({ publish, history: 2, clean: true })
      const service = await start()
      await service.untilPublished(name, repo.oid('main'))
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

    test(`with sparse patterns, ${publish}`, async () => {
      const name = `sparse-${publish}`
      const { commit, list, out, repo, start } = await createKept(name)
      commit('1')
      commit('2')
      list({ publish, history: 2, sparse: ['/d/'] })
      const service = await start()
      await service.untilPublished(name, repo.oid('main'))
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
      await service.untilPublished(name, next)
      await untilHolds(check, 'out')
      assert.deepEqual(readdirSync(path.join(out, 'd')).sort(), ['1', '2', '3'])
    })
  }

  test('follows tags and commits, moves to the other mode, and goes on after a restart', async () => {
    const kept = await Promise.all(
      MODES.map((publish) => createKept(`moves-${publish}`, restarted)),
    )
    const each = kept.map((one, index) => {
      const first = one.commit('1')
      one.commit('2')
      one.repo.git('tag', '-a', '-m', 'words', 'v1')
      const [mode, other] = [MODES[index], MODES[1 - index]]
      one.list({ publish: mode, history: 'full', branch: undefined, tag: 'v1' })
      return { ...one, first, mode, other }
    })
    const service = await restarted.start()
    const nexts = each.map(async ({ commit, first, list, mode, name, other, out, repo }) => {
      const expect = async (oid: string, commits: readonly string[]) => {
        await service.untilPublished(name, oid)
        await untilRepository(out, oid, commits, name)
      }
      await expect(repo.oid('main'), commitsIn(repo.dir, 2))
      assert.equal(saidBy(out, 'describe'), 'v1')
      list({ publish: mode, history: 1, branch: undefined, commit: first })
      await expect(first, [first])
      list({ publish: other, history: 2 })
      await expect(repo.oid('main'), commitsIn(repo.dir, 2))
      const next = commit('3')
      await expect(next, commitsIn(repo.dir, 2))
      return next
    })
    const published = await Promise.all(nexts)
    assert.equal(await service.stop(), 0)
    const again = await restarted.start()
    for (const [index, { name, out, repo }] of each.entries()) {
      const next = published[index] as string
      await again.untilPublished(name, next)
      await untilRepository(out, next, commitsIn(repo.dir, 2), name)
    }
  })

  test('own work in it stays, even where what others put there is cleaned', async () => {
    const name = 'own-work'
    const { commit, list, out, repo, start } = await createKept(name)
    commit('1')
    list({ history: 2, clean: true })
    const service = await start()
    await service.untilPublished(name, repo.oid('main'))
    saidBy(out, 'checkout', '-q', '-b', 'mine')
    writeFileSync(path.join(out, 'own'), 'own')
    saidBy(out, 'add', 'own')
    saidBy(out, 'commit', '-q', '-m', 'own')
    const own = saidBy(out, 'rev-parse', 'HEAD')
    list({ clean: true })
    await until(() => keptIn(service, name).length > 0, 'it is said')
    await service.untilPublished(name, commit('2'))
    assert.ok(!existsSync(path.join(out, 'own')))
    assert.equal(saidBy(out, 'rev-parse', 'mine'), own)
    list({ clean: true, publish: 'symlink' })
    await service.untilFailed(name, 'path-blocked')
    assert.equal(saidBy(out, 'rev-parse', 'mine'), own)
  })

  test('a clone of before is adopted with what is in it', async () => {
    const name = 'clone'
    const { commit, dir, list, out, repo, start } = await createKept(name)
    commit('1')
    commit('2')
    git(dir, 'clone', '-q', path.join(dir, 'repos', name), out)
    saidBy(out, 'commit', '-q', '--allow-empty', '-m', 'own')
    const own = saidBy(out, 'rev-parse', 'HEAD')
    const next = commit('3')
    list({ history: 2 })
    const service = await start()
    await service.untilPublished(name, next)
    await untilRepository(out, next, commitsIn(repo.dir, 2), 'out')
    assert.match(saidBy(out, 'for-each-ref', '--contains', own), /refs\//)
  })

  test('the status names the commits that were published together, and the next publication its own', async () => {
    const name = 'together'
    const { commit, list, repo, start } = await createKept(name, patient)
    commit('1')
    list({ history: 3 })
    const service = await start()
    await service.untilPublished(name, repo.oid('main'))
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
      await service.untilPublished(name, repo.oid('main'))
      assert.deepEqual(await told(), pushed.reverse())
    }
  })
})
