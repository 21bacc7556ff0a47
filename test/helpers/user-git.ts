// A site whose repository a user works in by real git, while it is synced as the service does.
import assert from 'node:assert/strict'
import path from 'node:path'
import { SyncError } from '../../src/base/errors.js'
import type { Oid } from '../../src/git/oid.js'
import { inspect } from '../../src/publish/publication.js'
import type { PublishMode } from '../../src/publish/target.js'
import { needsWholeFetch } from '../../src/worker/whole-fetch.js'
import { commitOn } from './commit-on.js'
import { createRepo, git, type TestRepo, type TestScope, tempDir } from './git.js'
import { assertRepository, saidBy } from './kept-repository.js'
import { shallowFetch } from './shallow-fetch.js'
import { tidyNow } from './tidy-now.js'
import { createUnpackSite, type UnpackSite } from './unpack-site.js'

const DEPTH = 2
const BRANCH = 'refs/heads/main'
const files = (text: string) => ({ same: 'same\n', edited: `${text}\n`, [`d/${text}`]: text })

/** What is synced in each of many sites: its commits are made once. */
export interface UserSource {
  repo: TestRepo
  /** Each has the one before it as its parent. */
  commits: readonly [Oid, Oid, Oid, Oid]
}

export function createUserSource(t: TestScope): UserSource {
  const repo = createRepo(path.join(tempDir(t), 'source'))
  const commits: Oid[] = []
  for (const text of ['1', '2', '3', '4']) {
    commits.push(commitOn(repo, files(text), commits.slice(-1)))
  }
  return { repo, commits: commits as [Oid, Oid, Oid, Oid] }
}

/** What is published and may be next, and what the user made of the first. */
export interface UserSite {
  site: UnpackSite
  repository: string
  /** Publishes a commit, and tidies. */
  sync(want: Oid): Promise<void>
  /** Asserts that a commit is published with its parent, and that nothing of the user's is lost. */
  check(want: Oid): void
}

/** Creates a site with the second commit, on which the user has a branch. */
export async function createUserSite(
  t: TestScope,
  mode: PublishMode,
  source: UserSource,
): Promise<UserSite> {
  const site = createUnpackSite(t, { mode })
  const { commits } = source
  const [, old] = commits
  await fetchTo(site, source, old)
  const check = (want: Oid) => {
    const behind = commits[commits.indexOf(want) - 1] as Oid
    assertRepository(site.directory, want, [want, behind], { mayDangle: true })
    assert.equal(saidBy(site.directory, 'rev-parse', 'mine'), mine)
    assert.equal(saidBy(site.directory, 'show', '-s', '--format=%P', 'mine'), old)
    saidBy(site.directory, 'cat-file', '-e', `${old}:edited`)
  }
  const mine = git(site.directory, 'commit-tree', '-p', 'HEAD', '-m', 'mine', 'HEAD^{tree}')
  git(site.directory, 'update-ref', 'refs/heads/mine', mine)
  check(old)
  return {
    ...{ site, check },
    repository: saidBy(site.directory, 'rev-parse', '--path-format=absolute', '--git-common-dir'),
    sync: (want) => sync(site, source, want),
  }
}

/** Syncs to a commit, thin where `have` is there. */
async function fetchTo(
  site: UnpackSite,
  { repo }: UserSource,
  want: Oid,
  have?: Oid,
  shallow: readonly Oid[] = [],
) {
  const { pack } = shallowFetch(repo, { want, have, shallow, depth: DEPTH })
  const url = 'https://git.example.com/one'
  const refs = { [BRANCH]: want, 'refs/remotes/origin/main': want }
  const history = { depth: DEPTH, url, branch: BRANCH, refs }
  await site.unpack(pack, { want, have, history })
}

/** As the service does: thin from what is in place, and whole where that is not what it was taken for. */
async function sync(site: UnpackSite, source: UserSource, want: Oid): Promise<void> {
  const { commit, drift, history } = inspect(site.site)
  assert.equal(drift, undefined)
  try {
    await fetchTo(site, source, want, history ? commit : undefined, history?.shallow)
  } catch (error) {
    const isExpected = error instanceof SyncError && error.code === 'repository-locked'
    if (!isExpected && !needsWholeFetch(error)) throw error
    await fetchTo(site, source, want)
  }
  tidyNow(site.site)
}
