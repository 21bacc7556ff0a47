// A sync that keeps history is killed at its steps: what is in place afterwards is a sound repository of
// the old commit or of the new one, and the next sync makes it one of the new.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { UNLIMITED } from '../../src/git/limits.js'
import type { Oid } from '../../src/git/oid.js'
import { inspect } from '../../src/publish/publication.js'
import { commitOn } from '../helpers/commit-on.js'
import { failsWith } from '../helpers/fails-with.js'
import { crashAt } from '../helpers/fs-faults.js'
import type { TestRepo } from '../helpers/git.js'
import { assertRepository } from '../helpers/kept-repository.js'
import { shallowFetch } from '../helpers/shallow-fetch.js'
import { points } from '../helpers/sweep.js'
import { tidyNow } from '../helpers/tidy-now.js'
import { createUnpackSite, type UnpackSite } from '../helpers/unpack-site.js'

const DEPTH = 2
const BRANCH = 'refs/heads/main'
const files = (text: string) => ({ same: 'same\n', edited: `${text}\n`, [`d/${text}`]: text })

/** Syncs to a commit, thin where `have` is there. */
function sync(
  site: UnpackSite,
  repo: TestRepo,
  want: Oid,
  have?: { commit: Oid; shallow: readonly Oid[] },
) {
  const { commit, shallow = [] } = have ?? {}
  const { pack } = shallowFetch(repo, { want, have: commit, shallow, depth: DEPTH })
  const url = 'https://git.example.com/one'
  const refs = { [BRANCH]: want, 'refs/remotes/origin/main': want }
  const history = { depth: DEPTH, url, branch: BRANCH, refs }
  return site.unpack(pack, { want, have: commit, history })
}

test('a history has more objects than a commit may have files', async (t) => {
  const site = createUnpackSite(t)
  const count = 1100
  const commits = Array.from({ length: count }, (_, at) => {
    const head = 'commit refs/heads/long\ncommitter T <t@example.com> 1700000000 +0000\ndata 1\n\n'
    return `${head}M 100644 inline file\ndata 5\n${at + 10000}\n`
  })
  site.repo.gitBytes(['fast-import', '--quiet'], { input: commits.join('') })
  const want = site.repo.oid('long')
  const { pack } = shallowFetch(site.repo, { want, depth: 'full' })
  const limits = { ...UNLIMITED, files: 2 }
  const history = { depth: 'full', url: 'https://git.example.com/one', refs: {} } as const
  await site.unpack(pack, { want, have: undefined, history, limits })
  assertRepository(site.directory, want, site.repo.git('rev-list', want).split('\n'))
  const two = commitOn(site.repo, files('2'), [])
  const more = shallowFetch(site.repo, { want: two, depth: 1 })
  const refused = site.unpack(more.pack, { want: two, have: undefined, history, limits })
  await assert.rejects(refused, failsWith('commit-too-large', /MAX_FILES/))
})

for (const depth of [2, 3, 'full'] as const) {
  test(`what lies behind an end was kept by another way: ${depth} from there on`, async (t) => {
    const site = createUnpackSite(t)
    const root = commitOn(site.repo, files('1'), [])
    const middle = commitOn(site.repo, files('2'), [root])
    const last = commitOn(site.repo, files('3'), [middle])
    const merge = commitOn(site.repo, files('4'), [last, middle, root])
    const follow = async (want: Oid, depth: number | 'full') => {
      const { commit: have, history: before } = inspect(site.site)
      const { shallow = [] } = before ?? {}
      const { pack } = shallowFetch(site.repo, { want, have, shallow, depth })
      const refs = { [BRANCH]: want }
      const history = { depth, url: 'https://git.example.com/one', branch: BRANCH, refs }
      await site.unpack(pack, { want, have, history })
      const max = depth === 'full' ? [] : ['--max-count', `${depth}`]
      return site.repo.git('rev-list', ...max, want).split('\n')
    }
    await follow(merge, 2)
    assertRepository(site.directory, merge, [merge, last, middle, root])
    assertRepository(site.directory, last, await follow(last, depth))
  })
}

for (const mode of ['in-place', 'symlink'] as const) {
  test(`a sync with history is killed, ${mode}`, async (t) => {
    let kills = 0
    const { repo } = createUnpackSite(t)
    const first = commitOn(repo, files('1'), [])
    const old = commitOn(repo, files('2'), [first])
    const wanted = commitOn(repo, files('3'), [old])
    for (const at of points(t.name, { among: 24 })) {
      const isKilled = await killAt(createUnpackSite(t, { mode }), repo, { first, old, wanted }, at)
      if (!isKilled) break
      kills++
    }
    t.diagnostic(`${kills} kills`)
    assert.ok(kills > 5)
  })
}

async function killAt(
  site: UnpackSite,
  repo: TestRepo,
  { first, old, wanted }: { first: Oid; old: Oid; wanted: Oid },
  at: number,
): Promise<boolean> {
  const { history } = await sync(site, repo, old)
  assert.ok(history)
  const isKilled = await crashAt(at, () => sync(site, repo, wanted, { ...history, commit: old }))
  try {
    const found = inspect(site.site)
    if (found.commit !== undefined && found.history) {
      const commits = found.commit === old ? [old, first] : [wanted, old]
      const mayDangle = found.commit === old
      assertRepository(site.directory, found.commit, commits, { mayDangle })
    }
    const have =
      found.history && found.commit ? { ...found.history, commit: found.commit } : undefined
    if (found.commit !== wanted || !found.history) await sync(site, repo, wanted, have)
    assertRepository(site.directory, wanted, [wanted, old])
    tidyNow(site.site)
    assertRepository(site.directory, wanted, [wanted, old])
    assert.ok(!existsSync(path.join(site.directory, '.git/index.lock')))
  } catch (error) {
    throw new Error(`killed at step ${at}`, { cause: error })
  }
  return isKilled
}
