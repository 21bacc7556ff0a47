// The main job against real servers: directories follow their repos, and equal what
// real git checks out, over both protocol versions and in both publish modes.
import assert from 'node:assert/strict'
import { lstatSync, readlinkSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import {
  assertSameTree,
  createRepo,
  type TestFile,
  type TestRepo,
  tempDir,
} from '../helpers/git.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { checkedOutTree, readTree, treeDifferences } from '../helpers/same-tree.js'
import { startService, until, writeListing } from '../helpers/service.js'

/** A history in which everything happens that can happen to a tree, one commit a step. */
const STEPS: Record<string, Record<string, TestFile>> = {
  'an edit': { 'README.md': 'second\n' },
  'an addition in a new directory': { 'new/deep/er/file': 'x', empty: '' },
  'a file that becomes a directory': { docs: null, 'docs/index.md': 'was a file', 'docs/a/b': 'b' },
  'a directory that becomes a file': { docs: null, 'new': null, new2: 'n' },
  'a directory that becomes a file of its name': { src: null, 'src.ts': 'x', lib: 'a file now' },
  'an executable bit set and another unset': {
    'run.sh': { content: '#!/bin/sh\n', executable: false },
    'README.md': { content: 'second\n', executable: true },
  },
  'a symlink re-targeted': { link: { symlink: 'src.ts' } },
  'a symlink that becomes a directory': { link: null, 'link/inside': 'real' },
  'a directory that becomes a symlink': {
    link: null,
    'link/inside': null,
    lib: { symlink: 'new2' },
  },
  'names that are hard': { 'sp ace/ü/日本.txt': 'u', 'quote\'"\n': 'q', '-dash': 'd', 'a\\b': 'b' },
  'a large binary file': { 'large.bin': Buffer.alloc(3_000_000, 'pattern\0') },
  deletions: { 'sp ace': null, 'large.bin': null, empty: null },
}

function firstCommit(repo: TestRepo): string {
  return repo.commit('first', {
    'README.md': 'first\n',
    'run.sh': { content: '#!/bin/sh\n', executable: true },
    docs: 'a file\n',
    'src/index.ts': 'export {}\n',
    'lib/util/a.ts': 'a\n',
    link: { symlink: 'README.md' },
  })
}

const MODES = ['in-place', 'symlink'] as const

for (const protocol of [2, 0] as const) {
  test(`three entries over two repos follow everything that happens to them in each mode, protocol v${protocol}`, async (t) => {
    const dir = tempDir(t)
    const one = createRepo(path.join(dir, 'repos/one'))
    const two = createRepo(path.join(dir, 'repos/two'))
    const firstOfOne = firstCommit(one)
    one.git('branch', 'stable')
    const firstOfTwo = two.commit('first', { 'two.txt': '2' })
    const server = await startGitServer(t, { root: path.join(dir, 'repos'), protocol })
    const [repoOne, repoTwo] = [`${server.url}/one`, `${server.url}/two`]
    const listingPath = path.join(dir, 'listing.json')
    const list = (entries: readonly { path: string; repo: string; branch: string }[]) =>
      writeListing(
        listingPath,
        MODES.flatMap((publish) =>
          entries.map((entry) => ({ ...entry, path: `${publish}/${entry.path}`, publish })),
        ),
      )
    list([
      { path: 'one', repo: repoOne, branch: 'main' },
      { path: 'stable', repo: repoOne, branch: 'stable' },
      { path: 'two', repo: repoTwo, branch: 'main' },
    ])
    const service = await startService(t, { listingPath })
    const assertShows = async (entry: string, repo: TestRepo, revision: string) => {
      const oid = repo.oid(`${revision}^{commit}`)
      const expected = checkedOutTree(repo.dir, oid)
      for (const publish of MODES) {
        await service.untilPublished(`${publish}/${entry}`, oid)
        const directory = path.join(dir, publish, entry)
        assert.deepEqual(treeDifferences(readTree(directory), expected), [], `${publish} ${oid}`)
        if (publish === 'in-place') assert.ok(lstatSync(directory).isDirectory())
        else assert.equal(path.basename(readlinkSync(directory)), oid)
      }
    }

    await assertShows('one', one, firstOfOne)
    await assertShows('stable', one, firstOfOne)
    await assertShows('two', two, firstOfTwo)

    for (const [step, files] of Object.entries(STEPS)) {
      one.commit(step, files)
      await assertShows('one', one, 'main')
    }
    for (const publish of MODES)
      assert.equal((await service.entry(`${publish}/stable`)).oid, firstOfOne)

    // A force-push: a history that has nothing in common with the one before.
    one.git('checkout', '-q', '--orphan', 'rewritten')
    one.commit('rewritten', { 'README.md': 'rewritten\n', lib: null })
    one.git('branch', '-f', 'main', 'rewritten')
    await assertShows('one', one, 'main')

    // Another branch, a re-pointed repo, an entry removed, another added.
    one.git('checkout', '-q', 'stable')
    one.commit('on stable', { 'README.md': 'stable\n' })
    list([
      { path: 'one', repo: repoOne, branch: 'stable' },
      { path: 'stable', repo: repoTwo, branch: 'main' },
      { path: 'added', repo: repoOne, branch: 'main' },
    ])
    await until(
      async () => (await service.status()).entries.some((entry) => entry.path === 'symlink/added'),
      'the entries are others',
    )
    assert.equal((await service.status()).entries.length, 3 * MODES.length)
    await assertShows('one', one, 'stable')
    await assertShows('stable', two, 'main')
    await assertShows('added', one, 'main')
    for (const publish of MODES) {
      await until(
        async () => !(await service.get('/metrics')).body.includes(`${publish}/two`),
        'the removed entry has no series',
      )
      assertSameTree(path.join(dir, publish, 'two'), two.dir, firstOfTwo)
    }
    assert.equal(await service.stop(), 0)
  })
}
