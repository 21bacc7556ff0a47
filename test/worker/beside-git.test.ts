// A user's git packs, joins, prunes and packs refs between any two steps of a sync that keeps history: nothing
// of anybody is lost, and what follows is right.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import type { Oid } from '../../src/git/oid.js'
import { inspect } from '../../src/publish/publication.js'
import { needsWholeFetch } from '../../src/worker/whole-fetch.js'
import { commitOn } from '../helpers/commit-on.js'
import { closeGate } from '../helpers/fs-faults.js'
import { git, type TestRepo } from '../helpers/git.js'
import { gitEnvironment } from '../helpers/git-command.js'
import { assertRepository, saidBy } from '../helpers/kept-repository.js'
import { shallowFetch } from '../helpers/shallow-fetch.js'
import { points } from '../helpers/sweep.js'
import { tidyNow } from '../helpers/tidy-now.js'
import { createUnpackSite, type UnpackSite } from '../helpers/unpack-site.js'

const DEPTH = 2
const BRANCH = 'refs/heads/main'
const files = (text: string) => ({ same: 'same\n', edited: `${text}\n`, [`d/${text}`]: text })
/** All that users run to clear up, each of which takes away what it finds of no use. */
const COMMANDS = [
  ['gc', '--quiet', '--prune=now'],
  ['repack', '-adq'],
  ['prune', '--expire=now'],
  ['pack-refs', '--all'],
  ['worktree', 'prune', '--expire=now'],
]

/** What is synced at every step: its commits and its packs are made once. */
interface Source {
  repo: TestRepo
  commits: readonly Oid[]
  packs: Map<string, Buffer>
}

function createSource({ repo }: UnpackSite): Source {
  const commits: Oid[] = []
  for (const text of ['1', '2', '3', '4']) {
    commits.push(commitOn(repo, files(text), commits.slice(-1)))
  }
  return { repo, commits, packs: new Map() }
}

/** Syncs to a commit, thin where `have` is there. */
async function fetchTo(
  site: UnpackSite,
  { packs, repo }: Source,
  want: Oid,
  have?: Oid,
  shallow: readonly Oid[] = [],
) {
  const key = [want, have, ...shallow].join()
  const pack = packs.get(key) ?? shallowFetch(repo, { want, have, shallow, depth: DEPTH }).pack
  packs.set(key, pack)
  const url = 'https://git.example.com/one'
  const refs = { [BRANCH]: want, 'refs/remotes/origin/main': want }
  const history = { depth: DEPTH, url, branch: BRANCH, refs }
  await site.unpack(pack, { want, have, history })
}

/** As the service does: thin from what is in place, and whole where that is not what it was taken for. */
async function sync(site: UnpackSite, source: Source, want: Oid): Promise<void> {
  const { commit, drift, history } = inspect(site.site)
  assert.equal(drift, undefined)
  try {
    await fetchTo(site, source, want, history ? commit : undefined, history?.shallow)
  } catch (error) {
    const isExpected = error instanceof SyncError && error.code === 'repository-locked'
    if (!isExpected && !needsWholeFetch(error)) throw error
    await fetchTo(site, source, want)
  }
}

/** Runs git before call `at` of the file system; returns whether the work came that far. */
async function besideGit(repository: string, at: number, work: () => unknown): Promise<boolean> {
  let count = 0
  const open = closeGate(() => {
    if (count++ !== at) return
    for (const args of COMMANDS) {
      // What finds a lock of this service fails, as it is to.
      spawnSync('git', ['--git-dir', repository, ...args], { env: gitEnvironment() })
    }
  })
  try {
    await work()
  } finally {
    open()
  }
  return count > at
}

async function clearUpAt(site: UnpackSite, source: Source, at: number): Promise<boolean> {
  const [first, old, wanted, next] = source.commits as [Oid, Oid, Oid, Oid]
  await fetchTo(site, source, old)
  assertRepository(site.directory, old, [old, first])
  const repository = saidBy(
    site.directory,
    'rev-parse',
    '--path-format=absolute',
    '--git-common-dir',
  )
  const mine = git(site.directory, 'commit-tree', '-p', 'HEAD', '-m', 'mine', 'HEAD^{tree}')
  git(site.directory, 'update-ref', 'refs/heads/mine', mine)
  const check = (commit: Oid, behind: Oid) => {
    assertRepository(site.directory, commit, [commit, behind], { mayDangle: true })
    assert.equal(saidBy(site.directory, 'rev-parse', 'mine'), mine)
    assert.equal(saidBy(site.directory, 'show', '-s', '--format=%P', 'mine'), old)
    saidBy(site.directory, 'cat-file', '-e', `${old}:edited`)
  }
  let isReached = false
  try {
    isReached = await besideGit(repository, at, async () => {
      await sync(site, source, wanted)
      tidyNow(site.site)
    })
    check(wanted, old)
    await sync(site, source, next)
    tidyNow(site.site)
    check(next, wanted)
    assert.ok(!existsSync(path.join(repository, 'index.lock')))
  } catch (error) {
    throw new Error(`git before call ${at}`, { cause: error })
  }
  return isReached
}

for (const mode of ['in-place', 'symlink'] as const) {
  test(`git clears up between any two steps of a sync, ${mode}`, async (t) => {
    let reached = 0
    const source = createSource(createUnpackSite(t))
    for (const at of points(t.name, { stride: 3, among: 75 })) {
      if (!(await clearUpAt(createUnpackSite(t, { mode }), source, at))) break
      reached++
    }
    t.diagnostic(`${reached} steps`)
    assert.ok(reached > 3)
  })
}
