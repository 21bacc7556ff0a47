// Packs of more than one commit, as real git clones and deepens with them.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { WHOLE_DEPTH } from '../../../src/remote/remote-session.js'
import { createRepo, git, type TestRepo, tempDir } from '../../helpers/git.js'
import { fetchPack, Receiver } from './disk-harness.js'

/** A branch of ten commits, of which one is a merge of another branch. */
function fill(repo: TestRepo): string[] {
  for (const at of [1, 2, 3, 4]) repo.commit(`${at}`, { 'a/file': `${at}\n`, [`b/${at}`]: 'b\n' })
  repo.git('checkout', '-q', '-b', 'side', 'HEAD~2')
  repo.commit('side', { side: 'side\n' })
  repo.git('checkout', '-q', 'main')
  repo.git('merge', '-q', '--no-ff', '-m', 'merge', 'side')
  for (const at of [6, 7, 8]) repo.commit(`${at}`, { 'a/file': `${at}\n`, [`b/${at}`]: 'b\n' })
  return repo.git('rev-list', '--first-parent', 'HEAD').split('\n')
}

/** The boundary of so many commits, as git says it. */
function shallowAt(repo: TestRepo, tip: string, depth: number, root: string): string[] {
  const clone = path.join(root, `clone-${tip}-${depth}`)
  repo.git('branch', '-f', 'tip', tip)
  git(root, 'clone', '-q', '--bare', `--depth=${depth}`, '-b', 'tip', `file://${repo.dir}`, clone)
  const found = git(clone, 'rev-list', '--max-parents=0', 'HEAD')
  return found.split('\n').filter((oid) => !isRoot(repo, oid))
}

function isRoot(repo: TestRepo, oid: string): boolean {
  return repo.git('rev-list', '--parents', '-n', '1', oid).split(' ').length === 1
}

function cut(receiver: Receiver, shallow: readonly string[]): void {
  const file = path.join(receiver.repo.gitDir, 'shallow')
  writeFileSync(file, shallow.map((oid) => `${oid}\n`).join(''))
}

test('so many commits come, then what a later one and more of them lack', async (t) => {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, 'repo'))
  const [head = '', , before = ''] = fill(repo)
  const receiver = new Receiver(root)
  const depths = [2, 3, 5, WHOLE_DEPTH] as const
  let shallow: string[] = []
  let haves: string[] = []
  for (const [at, tip, depth] of [
    [0, before, depths[0]],
    [1, head, depths[1]],
    [2, head, depths[2]],
    [3, head, depths[3]],
  ] as const) {
    const { pack } = await fetchPack(repo.dir, [tip], haves, { depth, shallow })
    shallow = depth === WHOLE_DEPTH ? [] : shallowAt(repo, tip, depth, root)
    cut(receiver, shallow)
    const count = receiver.receive({ pack, commits: [] })
    receiver.check(tip)
    const commits = receiver.repo.git('rev-list', tip).split('\n')
    const reachable = repo.git('rev-list', '--objects', tip).split('\n').length
    if (depth === WHOLE_DEPTH) {
      assert.deepEqual(commits, repo.git('rev-list', tip).split('\n'))
    } else {
      assert.ok(commits.length >= depth)
    }
    assert.ok(count < reachable, `step ${at} brings ${count} of ${reachable}`)
    haves = [tip]
  }
})

test('nothing comes where nothing is lacking', async (t) => {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, 'repo'))
  const [head = ''] = fill(repo)
  const { pack } = await fetchPack(repo.dir, [head], [head], { depth: WHOLE_DEPTH, shallow: [] })
  assert.equal(pack.readUInt32BE(8), 0)
})

test('the history of a shallow repository ends where its own does', async (t) => {
  const root = tempDir(t)
  const origin = createRepo(path.join(root, 'origin'))
  const [head = ''] = fill(origin)
  git(root, 'clone', '-q', '--depth=2', `file://${origin.dir}`, path.join(root, 'shallow'))
  const receiver = new Receiver(root)
  const all = { depth: WHOLE_DEPTH }
  const { pack } = await fetchPack(path.join(root, 'shallow'), [head], [], all)
  cut(receiver, [origin.git('rev-list', '--skip=1', '-n', '1', head)])
  receiver.receive({ pack, commits: [] })
  receiver.check(head)
  assert.equal(receiver.repo.git('rev-list', '--count', head), '2')
})
