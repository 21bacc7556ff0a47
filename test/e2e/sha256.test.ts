// Repositories whose objects are named by SHA-256, over every way to reach them: first
// publish, then thin updates, equal to what real git checks out.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { createRepo, type TestScope, tempDir } from '../helpers/git.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { assertSameTree } from '../helpers/same-tree.js'
import { startService, writeListing } from '../helpers/service.js'

/** Where the repository in the folder `root` is reached. */
const ADDRESSES: Record<string, (t: TestScope, root: string) => Promise<string>> = {
  'protocol 2': async (t, root) => `${(await startGitServer(t, { root })).url}/one`,
  'protocol 0': async (t, root) => `${(await startGitServer(t, { root, protocol: 0 })).url}/one`,
  'a local path': async (_t, root) => path.join(root, 'one'),
}

const text = (change: string) => `${'a line that stays\n'.repeat(2000)}${change}`

for (const [way, addressOf] of Object.entries(ADDRESSES)) {
  test(`a repository of the object format sha256 is published, by ${way}`, async (t) => {
    const dir = tempDir(t)
    const repo = createRepo(path.join(dir, 'repos/one'), { objectFormat: 'sha256' })
    const first = repo.commit('first', {
      text: text('1'),
      'folder/deep/run.sh': { content: '#!/bin/sh\n', executable: true },
      link: { symlink: 'folder/deep' },
      gone: 'gone',
    })
    const url = await addressOf(t, path.join(dir, 'repos'))
    const listingPath = path.join(dir, 'listing.json')
    const modes = ['in-place', 'symlink'] as const
    writeListing(
      listingPath,
      modes.map((mode) => ({ path: mode, repo: url, publish: mode })),
    )
    const service = await startService(t, { listingPath })
    const assertPublished = async (oid: string) => {
      for (const mode of modes) {
        await service.untilPublished(mode, oid)
        assertSameTree(path.join(dir, mode), repo.dir, oid)
      }
    }
    assert.equal(first.length, 64)
    await assertPublished(first)

    // Packed, as a local repository has it sooner or later, with deltas.
    await assertPublished(repo.commit('second', { text: text('2'), gone: null, 'new/file': 'n' }))
    repo.git('tag', '-a', '-m', 'annotated', 'v1')
    repo.git('gc', '-q')
    await assertPublished(repo.commit('third', { text: text('3'), link: null }))

    for (const mode of modes) {
      const fellBack = `git_autosync_fetch_fallbacks_total{entry="${mode}"}`
      assert.equal(await service.metric(fellBack), 0, 'every update was a thin one')
    }
  })
}
