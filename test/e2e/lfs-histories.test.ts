// Git LFS in random histories, with submodules, a subdirectory and sparse patterns, and a restart in the
// middle: after each step, the directories equal what real git and git-lfs check out.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { createRepo, git, tempDir } from '../helpers/git.js'
import { type CommitFile, type CommitFiles, commitFiles } from '../helpers/git-commit.js'
import { gitWithLfs, type LfsServer, startLfsServer } from '../helpers/lfs-server.js'
import { type Random, randomFrom, randomHistory } from '../helpers/random-history.js'
import { readTree, type Tree, treeDifferences } from '../helpers/same-tree.js'
import { IS_WHOLE, SEED } from '../helpers/seed.js'
import { startService, writeListing } from '../helpers/service.js'
import { filesOf } from '../helpers/submodule-repos.js'

const STEPS = IS_WHOLE ? 40 : 4
const MODES = ['in-place', 'symlink'] as const
const SPARSE = ['/*', '!/src/', '!*-moved']
const LINES = ['*.b', '*.txt', 'src/**', 'deep/**', 'copies/*', '*-moved', 'large/*', 'a']

for (const { protocol, objectFormat } of [
  { protocol: 2, objectFormat: 'sha1' },
  { protocol: 0, objectFormat: 'sha256' },
] as const) {
  test(`random histories with Git LFS over protocol v${protocol}, ${objectFormat}`, async (t) => {
    const random = randomFrom(SEED)
    const dir = tempDir(t)
    const root = path.join(dir, 'repos')
    mkdirSync(root)
    const server = await startLfsServer(t, root, protocol)
    const [top, leaf] = ['top', 'leaf'].map((name) => {
      const repo = createRepo(path.join(root, name), { bare: true, objectFormat })
      repo.git('config', 'uploadpack.allowFilter', 'true')
      return { repo, history: randomHistory(random), url: `${server.git.url}/${name}`, oid: '' }
    })
    assert.ok(top && leaf)
    const commit = (to: typeof top, more: CommitFiles) => {
      const files = withObjects(to.history.next().value, server, random)
      to.oid = commitFiles(to.repo, { ...files, ...more })
      to.repo.git('update-ref', 'refs/heads/main', to.oid)
    }
    const advance = () => {
      if (random() < 0.7 || leaf.oid === '') commit(leaf, { keep: 'kept' })
      const module = { repo: 'leaf', oid: leaf.oid, url: '../leaf' }
      commit(top, { ...filesOf(new Map([['part/module', module]])), 'part/keep': 'kept' })
    }
    const common = { lfs: true, submodules: 'recursive' }
    const entries = MODES.flatMap((publish) => [
      { path: `all-${publish}`, of: top, fields: { publish, ...common } },
      { path: `part-${publish}`, of: top, fields: { publish, ...common, subdir: 'part' } },
      { path: `sparse-${publish}`, of: leaf, fields: { publish, lfs: true, sparse: SPARSE } },
    ])
    const listingPath = path.join(dir, 'listing.json')
    writeListing(
      listingPath,
      entries.map(({ fields, of, path: name }) => ({ path: name, repo: of.url, ...fields })),
    )
    advance()
    const settings = { SCRAPE_INTERVAL: '1h', WORKTREE_GRACE_PERIOD: '100ms' }
    let service = await startService(t, { listingPath, settings })
    for (let step = 0; step < STEPS; step++) {
      const clone = path.join(dir, 'clone')
      await gitWithLfs(dir, 'clone', '-q', '--recurse-submodules', top.url, clone)
      const sparse = path.join(dir, 'sparse')
      await gitWithLfs(dir, 'clone', '-q', '--no-checkout', leaf.url, sparse)
      git(sparse, 'sparse-checkout', 'set', '--no-cone', ...SPARSE)
      await gitWithLfs(sparse, 'checkout', '-q', 'main')
      const expected: Record<string, string> = {
        all: clone,
        part: path.join(clone, 'part'),
        sparse,
      }
      for (const { of, path: name } of entries) {
        await service.untilPublished(name, of.oid)
        const [kind = ''] = name.split('-')
        const wanted = withoutGit(readTree(expected[kind] ?? ''))
        const differences = treeDifferences(readTree(path.join(dir, name)), wanted)
        assert.deepEqual(differences, [], `seed ${SEED}, step ${step}, ${name}`)
      }
      for (const each of [clone, sparse]) rmSync(each, { recursive: true })
      if (step % 3 === 1) await service.stop()
      advance()
      if (step % 3 === 1) service = await startService(t, { listingPath, settings })
      else service.signal('SIGHUP')
    }
    assert.ok(server.downloads.length > 0)
  })
}

/** Some of the files become objects, of which the commit has pointers; attributes say of which. */
function withObjects(files: CommitFiles, { objects }: LfsServer, random: Random): CommitFiles {
  const lines = LINES.filter(() => random() < 0.5).map((line) => `${line} filter=lfs -text\n`)
  const kept = Object.entries(files).map(([name, file]): [string, CommitFile] => {
    // The same content always has the same form, so that what stays is the same blob.
    const content = contentOf(file)
    if (content === undefined || content.length === 0 || content.length % 5 === 0)
      return [name, file]
    const oid = createHash('sha256').update(content).digest('hex')
    objects.set(oid, content)
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`
    return [name, isExecutable(file) ? { content: pointer, executable: true } : pointer]
  })
  return { ...Object.fromEntries(kept), '.gitattributes': lines.join('') }
}

function contentOf(file: CommitFile): Buffer | undefined {
  if (typeof file === 'string' || Buffer.isBuffer(file)) return Buffer.from(file)
  return 'content' in file ? Buffer.from(file.content) : undefined
}

function isExecutable(file: CommitFile): boolean {
  return typeof file === 'object' && 'executable' in file && file.executable
}

function withoutGit(tree: Tree): Tree {
  return new Map([...tree].filter(([name]) => !name.split('/').includes('.git')))
}
