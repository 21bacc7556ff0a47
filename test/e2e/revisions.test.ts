// Tags, commits and the remote's HEAD, followed over both protocol versions.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { assertSameTree, createRepo, tempDir } from '../helpers/git.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { startService, writeListing } from '../helpers/service.js'

for (const protocol of [2, 0] as const) {
  test(`revisions of every kind are followed over protocol v${protocol}`, async (t) => {
    const dir = tempDir(t)
    const repoAt = (name: string) => createRepo(path.join(dir, 'repos', name))
    const [kinds, versions, detached] = [repoAt('kinds'), repoAt('versions'), repoAt('detached')]
    const server = await startGitServer(t, { root: path.join(dir, 'repos'), protocol })

    kinds.git('config', 'uploadpack.allowReachableSHA1InWant', 'true')
    const first = kinds.commit('first', { file: '1' })
    kinds.git('tag', 'light')
    const second = kinds.commit('second', { file: '2' })
    kinds.git('tag', '-a', 'annotated', '-m', 'a tag')
    kinds.git('tag', '-a', 'nested', '-m', 'a tag of a tag', 'annotated')
    const third = kinds.commit('third', { file: '3' })

    const [one, two, three] = ['one', 'two', 'three'].map((text, index) => {
      const oid = versions.commit(text, { file: text })
      if (index === 0) {
        versions.git('tag', 'v1.9.0')
        versions.git('update-ref', 'refs/pull/7/head', oid)
      } else if (index === 1) versions.git('tag', '-a', 'v1.10.0', '-m', 'a version')
      else versions.git('tag', 'v2.0.0-rc.1')
      return oid
    }) as [string, string, string]

    const only = detached.commit('only', { file: '1' })
    detached.git('checkout', '-q', '--detach')

    const entry = (name: string, repo: string, revision: object) => ({
      path: name,
      repo: `${server.url}/${repo}`,
      ...revision,
    })
    const listingPath = path.join(dir, 'listing.json')
    writeListing(listingPath, [
      entry('head', 'kinds', {}),
      entry('light', 'kinds', { tag: 'light' }),
      entry('annotated', 'kinds', { tag: 'annotated' }),
      entry('nested', 'kinds', { tag: 'nested' }),
      entry('commit', 'kinds', { commit: first }),
      entry('pull', 'versions', { ref: 'refs/pull/7/head' }),
      entry('stable', 'versions', { semver: '1' }),
      entry('next', 'versions', { semver: '>=2.0.0-0' }),
      entry('detached', 'detached', {}),
    ])
    const service = await startService(t, { listingPath })

    await t.test('HEAD, tags of both kinds, and a commit', async () => {
      for (const [name, oid] of [
        ['head', third],
        ['light', first],
        ['annotated', second],
        ['nested', second],
        ['commit', first],
      ] as const) {
        await service.untilPublished(name, oid)
        assertSameTree(path.join(dir, name), kinds.dir, oid)
      }
      assert.equal((await service.entry('head')).ref, 'refs/heads/main')
      assert.equal((await service.entry('annotated')).ref, 'refs/tags/annotated')

      // HEAD may come to name another branch, and a tag may be moved.
      kinds.git('checkout', '-q', '-b', 'next')
      const fourth = kinds.commit('fourth', { file: '4' })
      kinds.git('tag', '-f', '-a', 'annotated', '-m', 'moved')
      kinds.git('tag', '-f', 'light')
      await service.untilPublished('head', fourth)
      await service.untilPublished('annotated', fourth)
      await service.untilPublished('light', fourth)
      assert.equal((await service.entry('head')).ref, 'refs/heads/next')
      assert.equal((await service.entry('commit')).oid, first)
    })

    await t.test('any ref, and the newest tag in a range of versions', async () => {
      await service.untilPublished('pull', one)
      await service.untilPublished('stable', two)
      await service.untilPublished('next', three)
      assert.equal((await service.entry('stable')).ref, 'refs/tags/v1.10.0')
      assertSameTree(path.join(dir, 'stable'), versions.dir, two)

      // A version that is taken back gives way to the one before it.
      versions.git('tag', '-d', 'v1.10.0')
      await service.untilPublished('stable', one)
      versions.git('tag', 'v1.11.0', three)
      versions.git('update-ref', 'refs/pull/7/head', two)
      await service.untilPublished('stable', three)
      await service.untilPublished('pull', two)
    })

    await t.test('a detached HEAD', async () => {
      await service.untilPublished('detached', only)
      assert.equal((await service.entry('detached')).ref, 'HEAD')
    })
  })
}
