// The standby of a site published by symlink, and what an update costs that has one.
import assert from 'node:assert/strict'
import { existsSync, lstatSync, mkdirSync, rmSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { openPublished } from '../../../src/publish/publication.js'
import type { CommitSource } from '../../../src/publish/publisher.js'
import type { Target } from '../../../src/publish/target.js'
import fc from '../../helpers/fast-check.js'
import { fsError, recordCalls } from '../../helpers/fs-faults.js'
import type { CommitFiles } from '../../helpers/git-commit.js'
import type { MemoryTarget } from '../../helpers/git-target.js'
import { intactCommit } from '../../helpers/intact-commit.js'
import { publish } from '../../helpers/publish.js'
import { identity } from '../../helpers/publish-site.js'
import { IS_WHOLE } from '../../helpers/seed.js'
import { FIRST, LARGE, SAME, SECOND } from '../../helpers/standby-commits.js'
import { GITLINK, KINDS, STEPS } from '../../helpers/steps.js'
import {
  createWorktreeSite,
  type WorktreeSite,
  worktreeDifferences,
  worktreeStateOf,
} from '../../helpers/worktree-site.js'

const none = () => undefined
const GRACE_MS = 1000
const LATER = new Date(Date.now() + 3_600_000)

/** What is done after each publication, so that the standby is that many commits behind. */
const LAGS: Record<string, (test: WorktreeSite, index: number) => void> = {
  'the commit in use': none,
  'the commit before': (test) => test.tidy(),
  'several commits before': (test, index) => test.tidy(GRACE_MS, index * GRACE_MS),
}

for (const stateDirectory of [false, true]) {
  describe(`a standby, with state ${stateDirectory ? 'in STATE_DIR' : 'beside the link'}`, () => {
    const create = (t: { after(cleanUp: () => unknown): void }): WorktreeSite =>
      createWorktreeSite(t, { stateDirectory })

    test('is made by tidy, shares every file, and is the next worktree', (t) => {
      const test = create(t)
      const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
      test.publish(first)
      test.assertWorktrees({ commits: [first], standby: false })
      assert.equal(test.tidy(), undefined)
      test.assertWorktrees({ commits: [first], standby: true })
      test.assertStandby(first)
      assert.deepEqual(identities(test.standby, SAME), identities(test.worktreeOf(first), SAME))
      const { ino } = lstatSync(test.standby)
      test.publish(second)
      assert.equal(lstatSync(test.worktreeOf(second)).ino, ino)
      test.assertWorktrees({ commits: [first, second], standby: false })
    })

    test('costs an update what changed; the rest is shared by both worktrees', (t) => {
      const test = create(t)
      const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
      test.publish(first)
      test.tidy()
      const before = identities(test.worktreeOf(first), [...SAME, 'd/edited', 'deleted'])
      let published = {}
      const calls = recordCalls(() => {
        published = publish(test.site, second, none)
      })
      assert.deepEqual(published, { filesWritten: 2, filesDeleted: 1 })
      assert.deepEqual(second.reads, { trees: 4, blobs: 1 })
      const created = calls.filter(
        ({ name, paths, isChange }) =>
          isChange && /open|symlink|link/.test(name) && /staging\//.test(paths.join()),
      )
      assert.equal(created.length, 2)
      test.assertPublished(second)
      assert.deepEqual(identities(test.directory, SAME), before.slice(0, SAME.length))
      assert.notDeepEqual(identities(test.directory, ['d/edited']), before.slice(-2, -1))
      const after = identities(test.worktreeOf(first), [...SAME, 'd/edited', 'deleted'])
      assert.deepEqual(after, before)
      assert.deepEqual(worktreeDifferences(test, first), [])
    })

    for (const [turn, [lag, tidyAfter]] of Object.entries(LAGS).entries()) {
      for (const [at, [name, steps]] of Object.entries(STEPS).entries()) {
        const isUsual = lag === 'the commit before'
        // Git itself takes its time for those.
        const isSlow = name === 'deep paths'
        if (stateDirectory ? !isUsual || isSlow : !isUsual && isSlow) continue
        // Else than in a sweep, each goes one of the other two ways.
        if (!IS_WHOLE && !isUsual && (turn === 0) !== (at % 2 === 0)) continue
        test(`of ${lag}: ${name}: each step equals git's checkout`, (t) => {
          const test = create(t)
          for (const [index, [, files]] of steps.entries()) {
            const target = test.commit(files)
            test.publish(target)
            tidyAfter(test, index)
            test.assertPublished(target)
            assert.equal(intactCommit(test.site), target.commit)
          }
        })
      }
    }

    test('of every kind of tree becomes every other', (t) => {
      const test = create(t)
      const targets = KINDS.map(test.commit)
      // In a sweep all pairs in both; else each but once where the state lies elsewhere.
      const pairs =
        IS_WHOLE || !stateDirectory
          ? targets.flatMap((from) => targets.map((to) => [from, to]))
          : targets.map((to, at) => [...targets.slice(at - 1).slice(0, 1), to])
      for (const target of pairs.flat()) {
        test.publish(target)
        test.tidy()
        assert.equal(intactCommit(test.site), target.commit)
      }
      test.assertWorktrees({ commits: targets.slice(-1), standby: true })
    })

    test('may hold submodules, links and names of all kinds', (t) => {
      const test = create(t)
      const files: CommitFiles = { ...KINDS[1], 'd/sub': { gitlink: GITLINK }, '\xff/\n': '' }
      const first = test.commit(files)
      test.publish(first)
      const { ino } = lstatSync(test.worktreeOf(first))
      const second = test.commit({ ...files, n: '' })
      test.publish(second)
      test.tidy()
      test.assertStandby(second)
      assert.equal(lstatSync(test.standby).ino, ino)
      test.publish({ ...files, n: '1' })
      test.tidy()
      mkdirSync(path.join(test.standby, 'd/sub/foreign'))
      assert.ok(intactCommit(test.site))
      test.tidy()
      assert.ok(!existsSync(path.join(test.standby, 'd/sub/foreign')))
    })

    test('takes what was moved, copied or got another mode from what is published', (t) => {
      const test = create(t)
      test.publish({ a: 'content a', 'd/b': 'content b', c: 'content c', large: LARGE })
      test.tidy()
      const moved = test.commit({
        'moved/a': 'content a',
        'd/b': 'content b',
        'd/copied': 'content b',
        'x/copied': { content: 'content b', executable: true },
        c: { content: 'content c', executable: true },
        link: { symlink: 'content a' },
        'moved/large': LARGE,
      })
      assert.equal(publish(test.site, thin(test.site, moved), none).filesWritten, 6)
      assert.equal(moved.reads.blobs, 0)
      test.assertPublished(moved)
      const back = test.commit({ link: 'content a', 'e/b': 'content b', large: LARGE })
      test.tidy()
      publish(test.site, thin(test.site, back), none)
      assert.equal(back.reads.blobs, 0)
      test.assertPublished(back)
    })

    test('is used once: without one, a copy of what is published is made on the spot', (t) => {
      const test = create(t)
      const targets = [FIRST, SECOND, { ...FIRST, n: '1' }, { ...FIRST, n: '2' }].map(test.commit)
      test.publish(targets[0]!)
      for (const target of targets.slice(1)) {
        const before = identities(test.directory, SAME)
        const { filesWritten } = test.publish(target)
        assert.ok(filesWritten < 4, `${filesWritten} files written`)
        assert.deepEqual(identities(test.directory, SAME), before)
      }
      test.assertWorktrees({ commits: targets, standby: false })
    })

    test('that is lost or was never finished is made anew', (t) => {
      const test = create(t)
      const first = test.commit(FIRST)
      test.publish(first)
      test.tidy()
      rmSync(test.standby, { recursive: true })
      mkdirSync(path.join(test.worktrees, 'standby.new/d'), { recursive: true })
      test.tidy()
      test.assertWorktrees({ commits: [first], standby: true })
      test.assertStandby(first)
      test.publish(SECOND)
    })

    test('is made in part only where the work is given up, and that part goes', (t) => {
      const test = create(t)
      const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
      test.publish(first)
      const aborted = fsError('aborted')
      let calls = 0
      const checkpoint = () => {
        if (++calls === 4) throw aborted
      }
      assert.throws(() => test.tidy(0, 0, checkpoint), { cause: aborted })
      test.assertWorktrees({ commits: [first], standby: false })
      test.publish(second)
    })
  })
}

describe('an update with a standby', () => {
  test('makes as many calls in a tree of 4,000 files as in one of 400', (t) => {
    const counts = [400, 4_000].map((size) => {
      const test = createWorktreeSite(t)
      const files = Object.fromEntries(
        Array.from({ length: size }, (_, n) => [`d${n % 40}/f${n}`, `${n}`]),
      )
      const first = test.commit(files)
      test.publish(first)
      test.tidy()
      const target = test.commit({ ...files, 'd7/f7': 'new' })
      const update = thin(test.site, target)
      // None is remembered then, however long it took to get here.
      for (const name of [first.commit, 'standby']) {
        const snapshot = path.join(worktreeStateOf(test.site, name), 'snapshot')
        utimesSync(snapshot, LATER, LATER)
      }
      const calls = recordCalls(() => publish(test.site, update, none))
      test.assertPublished(target)
      return calls.length
    })
    assert.equal(counts[0], counts[1])
    assert.ok(counts[0]! < 200, `${counts[0]} calls`)
  })

  test('keeps what any order of commits and pauses makes of it right', (t) => {
    const action = fc.record({
      commit: fc.nat(KINDS.length),
      elapsedMs: fc.constantFrom(0, GRACE_MS / 2, GRACE_MS),
      tidies: fc.boolean(),
    })
    const test = createWorktreeSite(t)
    const targets = [...KINDS, FIRST].map(test.commit)
    fc.assert(
      fc.property(fc.array(action, { minLength: 2, maxLength: 8 }), (actions) => {
        let now = 0
        for (const { commit, elapsedMs, tidies } of actions) {
          test.publish(targets[commit]!)
          now += elapsedMs
          if (tidies) test.tidy(GRACE_MS, now)
          for (const target of targets) assert.deepEqual(worktreeDifferences(test, target), [])
          assert.equal(intactCommit(test.site), targets[commit]!.commit)
        }
      }),
      { numRuns: IS_WHOLE ? 300 : 10 },
    )
  })
})

test('a path too long for its worktree is refused for an update as for a first commit', (t) => {
  const long = (test: WorktreeSite) => {
    const room = 4096 - path.join(test.worktrees, '0'.repeat(40), '/').length
    const deep = `${'d'.repeat(200)}/`.repeat((room - 20) / 201)
    return `${deep}${'f'.repeat(room - deep.length)}`
  }
  const fresh = createWorktreeSite(t)
  const target = fresh.commit({ [long(fresh)]: '1' })
  assert.throws(() => publish(fresh.site, target, none), { code: 'unsafe-tree' })
  // In staging, it is longer still.
  fresh.publish({ [long(fresh).slice(0, -12)]: '1' })

  const test = createWorktreeSite(t)
  const first = test.commit({ a: '1' })
  test.publish(first)
  test.tidy()
  const update = test.commit({ a: '1', [long(test)]: '1' })
  assert.throws(() => publish(test.site, update, none), { code: 'unsafe-tree' })
  assert.equal(intactCommit(test.site), first.commit)
  const fits = test.commit({ a: '1', [long(test).slice(0, -1)]: '1' })
  test.publish(fits)
  assert.equal(intactCommit(test.site), fits.commit)
})

function identities(root: string, names: string[]) {
  return names.map((name) => identity(path.join(root, name)))
}

/** A target whose blobs are those that are published, as far as there are. */
function thin(site: Target, target: MemoryTarget): CommitSource {
  const published = openPublished(site)
  published?.expect(target.tree, target.readTree)
  return { ...target, readBlob: (oid) => published?.findBlob(oid) ?? target.readBlob(oid) }
}
