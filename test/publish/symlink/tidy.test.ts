import assert from 'node:assert/strict'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { tidy } from '../../../src/publish/publication.js'
import { failsWith } from '../../helpers/fails-with.js'
import { type FsCall, fsError, recordCalls, withGate } from '../../helpers/fs-faults.js'
import type { MemoryTarget } from '../../helpers/git-target.js'
import { publish } from '../../helpers/publish.js'
import { identity, namesIn } from '../../helpers/publish-site.js'
import { readTree, treeDifferences } from '../../helpers/same-tree.js'
import { commitsOf, createWorktreeSite, type WorktreeSite } from '../../helpers/worktree-site.js'

const none = () => undefined
const GRACE_MS = 30_000
const START = Date.parse('2024-05-01')

/** Every path of a tree with what tells it from another, and whether it was touched. */
function photograph(root: string): [name: string, ino: number, mtimeMs: number][] {
  return [...readTree(root).keys()].map((name) => {
    const { ino, mtimeMs } = identity(path.join(root, name))
    return [name, ino, mtimeMs]
  })
}

for (const stateDirectory of [false, true]) {
  describe(`an earlier worktree, with state ${stateDirectory ? 'in STATE_DIR' : 'beside'}`, () => {
    const create = (t: { after(cleanUp: () => unknown): void }) =>
      createWorktreeSite(t, { stateDirectory })

    test('stays whole and untouched until its grace time is over, then is the standby, level with the last', (t) => {
      const test = create(t)
      const [first, second, third, fourth, fifth] = commitsOf(test, 5) as Commits
      test.publish(first)
      test.tidy(GRACE_MS, START)
      test.publish(second)
      const before = photograph(test.worktreeOf(first))
      assert.equal(test.tidy(GRACE_MS, START), GRACE_MS)
      assert.equal(test.tidy(GRACE_MS, START + 1), GRACE_MS - 1)
      test.assertWorktrees({ commits: [first, second], standby: true })
      test.publish(third)
      test.publish(fourth)
      test.tidy(GRACE_MS, START + GRACE_MS - 1)
      test.publish(fifth)
      assert.deepEqual(photograph(test.worktreeOf(first)), before)
      assert.deepEqual(differences(test, first), [])
      const { ino } = lstatSync(test.worktreeOf(first))
      assert.equal(test.tidy(GRACE_MS, START + GRACE_MS), GRACE_MS - 1)
      test.assertWorktrees({ commits: [second, third, fourth, fifth], standby: true })
      assert.equal(lstatSync(test.standby).ino, ino)
      test.assertStandby(fifth)
      for (const name of ['same', 'd/n']) {
        assert.deepEqual(
          identity(path.join(test.standby, name)),
          identity(path.join(test.worktreeOf(fifth), name)),
        )
      }
    })

    test('is spared after its grace time where there is a standby already; others go', (t) => {
      const test = create(t)
      const [first, second, third] = commitsOf(test, 3) as Commits
      for (const target of [first, second, third]) test.publish(target)
      assert.equal(test.tidy(GRACE_MS, START), GRACE_MS)
      test.assertWorktrees({ commits: [first, second, third], standby: true })
      const { ino } = lstatSync(test.standby)
      assert.equal(test.tidy(GRACE_MS, START + GRACE_MS), undefined)
      test.assertWorktrees({ commits: [third], standby: true, spares: 1 })
      test.assertStandby(third)
      assert.equal(test.tidy(GRACE_MS, START + 2 * GRACE_MS), undefined)
      assert.equal(lstatSync(test.standby).ino, ino)
      test.assertPublished(third)
    })

    test('is the next standby where commits come faster than the grace time is over', (t) => {
      const test = create(t)
      const commits = commitsOf(test, 12)
      const [intervalMs, lasting] = [0.3 * GRACE_MS, 0.2 * GRACE_MS]
      const inodes = commits.map((target, n) => {
        const start = START + n * intervalMs
        test.publish(target)
        test.tidy(GRACE_MS, start)
        test.tidy(GRACE_MS, start + lasting)
        test.assertPublished(target)
        return lstatSync(test.worktreeOf(target)).ino
      })
      // From then on, no tree is made anew.
      assert.equal(new Set(inodes).size, 6)
      assert.deepEqual(new Set(inodes.slice(6)), new Set(inodes.slice(0, 6)))
      test.tidy(GRACE_MS, START + 12 * intervalMs + GRACE_MS)
      test.assertWorktrees({ commits: [commits[11] as MemoryTarget], standby: true, spares: 1 })
    })

    test('is spared, and one more for each that is in its grace time', (t) => {
      const test = create(t)
      const commits = commitsOf(test, 6)
      for (const target of commits.slice(0, 5)) test.publish(target)
      test.tidy(GRACE_MS, START)
      test.publish(commits[5] as MemoryTarget)
      test.tidy(GRACE_MS, START + 1)
      test.tidy(GRACE_MS, START + GRACE_MS)
      test.assertWorktrees({ commits: commits.slice(4), standby: true, spares: 2 })
      test.tidy(GRACE_MS, START + GRACE_MS + 1)
      test.assertWorktrees({ commits: commits.slice(5), standby: true, spares: 1 })
    })

    test('goes at once, or is the standby at once, without a grace time', (t) => {
      const test = create(t)
      const [first, second, third] = commitsOf(test, 3) as Commits
      test.publish(first)
      test.publish(second)
      test.tidy(GRACE_MS, START)
      test.publish(third)
      assert.equal(test.tidy(0, START), undefined)
      test.assertWorktrees({ commits: [third], standby: true })
    })

    test('that is in use again starts its time anew when it no longer is', (t) => {
      const test = create(t)
      const [first, second, third] = commitsOf(test, 3) as Commits
      test.publish(first)
      test.publish(second)
      test.tidy(GRACE_MS, START)
      // Nothing is tidied while it is in use.
      test.publish(first)
      test.publish(third)
      test.tidy(GRACE_MS, START + GRACE_MS)
      assert.deepEqual(differences(test, first), [])
      assert.ok(existsSync(test.worktreeOf(first)))
      test.tidy(GRACE_MS, START + 2 * GRACE_MS)
      test.assertWorktrees({ commits: [third], standby: true, spares: 1 })
    })

    test('in use again is not marked any more', (t) => {
      const test = create(t)
      const [first, second] = commitsOf(test, 2) as Commits
      test.publish(first)
      test.publish(second)
      test.tidy(GRACE_MS, START)
      const { filesWritten } = test.publish(first)
      assert.equal(filesWritten, 0)
      assert.equal(test.tidy(GRACE_MS, START + 1), GRACE_MS)
      test.assertWorktrees({ commits: [first, second], standby: true })
      test.publish(second)
      assert.equal(test.tidy(GRACE_MS, START + GRACE_MS), GRACE_MS)
      test.assertWorktrees({ commits: [first, second], standby: true })
    })

    test('is kept for the grace time once more where the clock was set back, not for ever', (t) => {
      const test = create(t)
      const [first, second] = commitsOf(test, 2) as Commits
      test.publish(first)
      test.publish(second)
      test.tidy(GRACE_MS, START)
      const back = START - 365 * 24 * 3_600_000
      assert.equal(test.tidy(GRACE_MS, back), GRACE_MS)
      assert.equal(test.tidy(GRACE_MS, back + GRACE_MS - 1), 1)
      assert.equal(test.tidy(GRACE_MS, back + GRACE_MS), undefined)
      test.assertWorktrees({ commits: [second], standby: true, spares: 1 })
    })

    test('does not outlive a clock that jumped ahead', (t) => {
      const test = create(t)
      const [first, second] = commitsOf(test, 2) as Commits
      test.publish(first)
      test.publish(second)
      test.tidy(GRACE_MS, 0)
      assert.equal(test.tidy(GRACE_MS, START), undefined)
      test.assertWorktrees({ commits: [second], standby: true, spares: 1 })
      test.publish(first)
      assert.equal(test.tidy(GRACE_MS, START), GRACE_MS)
    })

    test('that cannot be the standby goes, whatever is wrong with it', (t) => {
      const test = create(t)
      const [first, second] = commitsOf(test, 2) as Commits
      test.publish(first)
      test.publish(second)
      rmSync(path.join(test.worktreeOf(first), 'd'), { recursive: true })
      mkdirSync(path.join(test.worktrees, 'f'.repeat(40)))
      test.tidy()
      test.assertWorktrees({ commits: [second], standby: true })
      test.assertStandby(second)
    })

    test('is what a reader sits in who keeps reading', (t) => {
      const test = create(t)
      const commits = commitsOf(test, 4) as Commits
      test.publish(commits[0])
      const cwd = process.cwd()
      process.chdir(realpathSync(test.directory))
      try {
        for (const target of commits.slice(1)) {
          publish(test.site, target, none)
          test.tidy(GRACE_MS, START)
          assert.equal(readFileSync('d/n', 'utf8'), '0')
          assert.deepEqual(readdirSync('.').sort(), ['d', 'same'])
        }
      } finally {
        process.chdir(cwd)
      }
    })
  })
}

type Commits = [MemoryTarget, MemoryTarget, MemoryTarget, MemoryTarget, MemoryTarget]

describe('tidy', () => {
  test('removes what belongs to no worktree, and nothing else', (t) => {
    const test = createWorktreeSite(t)
    const [first] = commitsOf(test, 1) as Commits
    test.publish(first)
    const gone = 'e'.repeat(40)
    for (const name of [`${gone}.state`, `${gone}.staging`, 'incoming', 'standby.new', 'directory'])
      mkdirSync(path.join(test.worktrees, name, 'd'), { recursive: true })
    for (const name of [`${gone}.link`, `${gone}.retired`, 'foreign'])
      writeFileSync(path.join(test.worktrees, name), '')
    test.tidy(GRACE_MS, START)
    test.assertWorktrees({ commits: [first], standby: true })
    test.assertPublished(first)
  })

  test('does nothing where all is tidy, but look', (t) => {
    const test = createWorktreeSite(t)
    const [first, second] = commitsOf(test, 2) as Commits
    test.publish(first)
    test.publish(second)
    test.tidy()
    const before = photograph(test.worktrees)
    const calls = recordCalls(() => test.tidy())
    assert.deepEqual(photograph(test.worktrees), before)
    assert.deepEqual(
      calls.filter(
        ({ name, isChange }) =>
          isChange &&
          /mkdir|open|rename|symlink|link|writeFile/.test(name) &&
          !/read|un/.test(name),
      ),
      [],
    )
  })

  test('where nothing is published does nothing', (t) => {
    const test = createWorktreeSite(t)
    assert.equal(test.tidy(GRACE_MS, START), undefined)
    assert.deepEqual(namesIn(test.volume), [])
  })

  test('that fails at one worktree says so, and goes on the next time', (t) => {
    const test = createWorktreeSite(t)
    const [first, second] = commitsOf(test, 2) as Commits
    test.publish(first)
    test.publish(second)
    test.tidy()
    test.publish(first)
    test.publish(second)
    const failing = () =>
      withGate(
        ({ name, paths }) => {
          if (name === 'renameSync' && paths[1] === test.standby) throw fsError('EIO')
        },
        () => test.tidy(),
      )
    assert.throws(failing, { code: 'volume-failed' })
    test.assertPublished(second)
    test.tidy()
    test.assertWorktrees({ commits: [second], standby: true })
  })

  test('goes on where one directory cannot be removed, says so, and prepares for the next commit', (t) => {
    const test = createWorktreeSite(t)
    const commits = commitsOf(test, 6)
    for (const target of commits.slice(0, 5)) test.publish(target)
    const [stuck, last] = [commits[1] as MemoryTarget, commits[4] as MemoryTarget]
    const foreign = path.join(test.worktreeOf(stuck), 'foreign')
    mkdirSync(foreign)
    writeFileSync(path.join(foreign, 'file'), 'of others')
    const refusing = ({ name, paths }: FsCall) => {
      const isRemoval = name === 'unlinkSync' || name === 'rmdirSync'
      if (isRemoval && paths[0]?.includes('/foreign')) throw fsError('EACCES')
    }
    const tidyRefused = () => withGate(refusing, () => test.tidy())
    for (let round = 0; round < 3; round++) {
      assert.throws(tidyRefused, failsWith('volume-failed', /EACCES/))
      const left = readdirSync(test.worktrees).filter((name) => !/^(?:lease|boot)$/.test(name))
      const isStuck = (name: string) => existsSync(path.join(test.worktrees, name, 'foreign'))
      assert.equal(left.filter(isStuck).length, 1)
      const others = left.filter((name) => !isStuck(name))
      const own = [last.commit, 'standby'].flatMap((name) => [name, `${name}.state`])
      assert.deepEqual(others.sort(), own.sort())
      test.assertStandby(last)
    }
    withGate(refusing, () => test.publish(commits[5] as MemoryTarget))
    assert.throws(tidyRefused, failsWith('volume-failed', /EACCES/))
    test.assertStandby(commits[5] as MemoryTarget)
    test.tidy()
    test.assertWorktrees({ commits: [commits[5] as MemoryTarget], standby: true })
  })
})

function differences(test: WorktreeSite, target: MemoryTarget): string[] {
  return treeDifferences(readTree(test.worktreeOf(target)), test.checkout(target))
}

test('the link is relative to what stays where it is while worktrees come and go', (t) => {
  const test = createWorktreeSite(t)
  for (const target of commitsOf(test, 4)) {
    test.publish(target)
    test.tidy()
    assert.equal(readlinkSync(test.directory), `.git-autosync/site/${target.commit}`)
  }
})

test('nothing is made ready where no commit is to come', (t) => {
  const test = createWorktreeSite(t)
  const last = { ...test.site, isLast: true }
  const [first, second] = commitsOf(test, 2) as [MemoryTarget, MemoryTarget]
  for (const graceMs of [0, 60_000]) {
    test.publish(first)
    test.publish(second)
    tidy(last, { graceMs, now: Date.now(), checkpoint: () => undefined })
    test.assertWorktrees({ commits: graceMs > 0 ? [first, second] : [second], standby: false })
  }
})
