// Tags, commits and the remote's HEAD, followed over both protocol versions.
import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, test } from 'node:test'
import { assertSameTree, createRepo, tempDir } from '../helpers/git.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { startService, writeListing } from '../helpers/service.js'

for (const protocol of [2, 0] as const) {
  describe(`protocol v${protocol}`, () => {
    test('follows HEAD, tags of both kinds, and a commit', async (t) => {
      const dir = tempDir(t)
      const repo = createRepo(path.join(dir, 'repos/one'))
      repo.git('config', 'uploadpack.allowReachableSHA1InWant', 'true')
      const first = repo.commit('first', { file: '1' })
      repo.git('tag', 'light')
      const second = repo.commit('second', { file: '2' })
      repo.git('tag', '-a', 'annotated', '-m', 'a tag')
      repo.git('tag', '-a', 'nested', '-m', 'a tag of a tag', 'annotated')
      const third = repo.commit('third', { file: '3' })
      const server = await startGitServer(t, { root: path.join(dir, 'repos'), protocol })
      const listingPath = path.join(dir, 'listing.json')
      const entry = (name: string, revision: object) => ({
        path: name,
        repo: `${server.url}/one`,
        ...revision,
      })
      writeListing(listingPath, [
        entry('head', {}),
        entry('light', { tag: 'light' }),
        entry('annotated', { tag: 'annotated' }),
        entry('nested', { tag: 'nested' }),
        entry('commit', { commit: first }),
      ])
      const service = await startService(t, { listingPath })

      for (const [name, oid] of [
        ['head', third],
        ['light', first],
        ['annotated', second],
        ['nested', second],
        ['commit', first],
      ] as const) {
        await service.untilPublished(name, oid)
        assertSameTree(path.join(dir, name), repo.dir, oid)
      }
      assert.equal((await service.entry('head')).ref, 'refs/heads/main')
      assert.equal((await service.entry('annotated')).ref, 'refs/tags/annotated')

      // HEAD may come to name another branch, and a tag may be moved.
      repo.git('checkout', '-q', '-b', 'next')
      const fourth = repo.commit('fourth', { file: '4' })
      repo.git('tag', '-f', '-a', 'annotated', '-m', 'moved')
      repo.git('tag', '-f', 'light')
      await service.untilPublished('head', fourth)
      await service.untilPublished('annotated', fourth)
      await service.untilPublished('light', fourth)
      assert.equal((await service.entry('head')).ref, 'refs/heads/next')
      assert.equal((await service.entry('commit')).oid, first)
    })

    test('follows any ref, and the newest tag in a range of versions', async (t) => {
      const dir = tempDir(t)
      const repo = createRepo(path.join(dir, 'repos/one'))
      const first = repo.commit('first', { file: '1' })
      repo.git('tag', 'v1.9.0')
      repo.git('update-ref', 'refs/pull/7/head', first)
      const second = repo.commit('second', { file: '2' })
      repo.git('tag', '-a', 'v1.10.0', '-m', 'a version')
      const third = repo.commit('third', { file: '3' })
      repo.git('tag', 'v2.0.0-rc.1')
      const server = await startGitServer(t, { root: path.join(dir, 'repos'), protocol })
      const listingPath = path.join(dir, 'listing.json')
      const repoUrl = `${server.url}/one`
      writeListing(listingPath, [
        { path: 'pull', repo: repoUrl, ref: 'refs/pull/7/head' },
        { path: 'stable', repo: repoUrl, semver: '1' },
        { path: 'next', repo: repoUrl, semver: '>=2.0.0-0' },
      ])
      const service = await startService(t, { listingPath })
      await service.untilPublished('pull', first)
      await service.untilPublished('stable', second)
      await service.untilPublished('next', third)
      assert.equal((await service.entry('stable')).ref, 'refs/tags/v1.10.0')
      assertSameTree(path.join(dir, 'stable'), repo.dir, second)

      // A version that is taken back gives way to the one before it.
      repo.git('tag', '-d', 'v1.10.0')
      await service.untilPublished('stable', first)
      repo.git('tag', 'v1.11.0', third)
      repo.git('update-ref', 'refs/pull/7/head', second)
      await service.untilPublished('stable', third)
      await service.untilPublished('pull', second)
    })

    test('a detached HEAD is followed', async (t) => {
      const dir = tempDir(t)
      const repo = createRepo(path.join(dir, 'repos/one'))
      const first = repo.commit('first', { file: '1' })
      repo.git('checkout', '-q', '--detach')
      const server = await startGitServer(t, { root: path.join(dir, 'repos'), protocol })
      const listingPath = path.join(dir, 'listing.json')
      writeListing(listingPath, [{ path: 'out', repo: `${server.url}/one` }])
      const service = await startService(t, { listingPath })
      await service.untilPublished('out', first)
      assert.equal((await service.entry('out')).ref, 'HEAD')
    })
  })
}
