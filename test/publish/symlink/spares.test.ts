// What becomes of spare worktrees as published files are touched, or edited, and how many there are.
import assert from 'node:assert/strict'
import { appendFileSync, lstatSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { recordCalls } from '../../helpers/fs-faults.js'
import type { CommitFiles } from '../../helpers/git-commit.js'
import type { MemoryTarget } from '../../helpers/git-target.js'
import { intactCommit } from '../../helpers/intact-commit.js'
import { publish } from '../../helpers/publish.js'
import { readTree } from '../../helpers/same-tree.js'
import { createWorktreeSite, type WorktreeSite } from '../../helpers/worktree-site.js'

const none = () => undefined
const GRACE_MS = 1000
const START = Date.parse('2024-05-01')
const FILES: CommitFiles = { 'd/a': 'a', 'd/b': 'b', 'd/n': '0', far: 'far' }

/** Publishes a commit, and tidies until its grace time is over. */
function publishNext(test: WorktreeSite, n: number): MemoryTarget {
  const target = test.commit({ ...FILES, 'd/n': `${n}` })
  publish(test.site, target, none)
  test.tidy(GRACE_MS, START + n * 2 * GRACE_MS)
  test.tidy(GRACE_MS, START + n * 2 * GRACE_MS + GRACE_MS)
  return target
}

/** The inodes of all worktrees but the one in use. */
function hiddenWorktrees(test: WorktreeSite): number[] {
  return [...readTree(test.worktrees).keys()]
    .filter((name) => /^(?:spare-[0-9a-f]{40}|standby)$/.test(name))
    .map((name) => lstatSync(path.join(test.worktrees, name)).ino)
}

describe('a published file that is touched', () => {
  test('costs no worktree, and no file but those of the commit', (t) => {
    const test = createWorktreeSite(t)
    for (const n of [0, 1, 2, 3, 4]) publishNext(test, n)
    const roots = new Set([...hiddenWorktrees(test), lstatSync(`${test.directory}/`).ino])
    assert.equal(roots.size, 3)
    for (const n of [5, 6, 7, 8]) {
      const later = new Date(START + n * 60_000)
      utimesSync(test.at('d/a'), later, later)
      utimesSync(test.at('far'), later, later)
      let target: MemoryTarget | undefined
      const calls = recordCalls(() => {
        target = publishNext(test, n)
      })
      const written = calls.filter(
        ({ name, paths, isChange }) =>
          isChange && name === 'openSync' && /staging\//.test(`${paths}`),
      )
      assert.equal(written.length, 1)
      assert.ok(target)
      test.assertPublished(target)
      assert.equal(intactCommit(test.site), target.commit)
      const now = [...hiddenWorktrees(test), lstatSync(`${test.directory}/`).ino]
      assert.deepEqual(new Set(now), roots)
    }
  })

  test('before there is a standby is in the first one', (t) => {
    const test = createWorktreeSite(t)
    const target = test.commit(FILES)
    test.publish(target)
    utimesSync(test.at('d/a'), 1, 1)
    test.tidy()
    test.assertStandby(target)
    assert.equal(lstatSync(path.join(test.standby, 'd/a')).ino, lstatSync(test.at('d/a')).ino)
  })
})

test('a published file that is edited costs one worktree at most, and is in none that follows', (t) => {
  const test = createWorktreeSite(t)
  for (const n of [0, 1, 2, 3, 4]) publishNext(test, n)
  appendFileSync(test.at('d/a'), ' edited')
  const spares = hiddenWorktrees(test)
  publish(test.site, test.commit({ ...FILES, 'd/n': '5' }), none)
  test.tidy(GRACE_MS, START + 10 * GRACE_MS)
  // Nothing is built on what was edited, before it is put right.
  assert.equal(test.standbyCommit(), undefined)
  assert.ok(hiddenWorktrees(test).filter((ino) => spares.includes(ino)).length >= spares.length - 2)
  assert.equal(intactCommit(test.site), undefined)
  test.publish({ ...FILES, 'd/n': '5' })
  for (const n of [6, 7, 8, 9]) {
    test.assertPublished(publishNext(test, n))
    assert.equal(readFileSync(test.at('d/a'), 'utf8'), 'a')
    assert.equal(intactCommit(test.site), test.standbyCommit())
  }
})

test('an edit whose time was put back does not show with a commit from before it was repaired', (t) => {
  const test = createWorktreeSite(t)
  const [first, second] = ['1', '2'].map((n) => test.commit({ ...FILES, 'd/n': n })) as [
    MemoryTarget,
    MemoryTarget,
  ]
  test.publish(first)
  // A time that can be put back to the last digit, and is known.
  utimesSync(test.at('far'), 1, 1)
  assert.equal(intactCommit(test.site), first.commit)
  test.tidy(GRACE_MS, START)
  writeFileSync(test.at('far'), 'FAR')
  utimesSync(test.at('far'), 1, 1)
  publish(test.site, second, none)
  test.tidy(GRACE_MS, START)
  const all = { share: { pass: 0, passes: 1 } }
  assert.equal(intactCommit(test.site, all), undefined)
  test.publish(second)
  assert.equal(intactCommit(test.site, all), second.commit)
  test.publish(first)
  assert.equal(intactCommit(test.site, all), first.commit)
})

test('after a burst of commits, as many are spared as are in their grace time, and one', (t) => {
  const test = createWorktreeSite(t)
  const commits = Array.from({ length: 12 }, (_, n) => test.commit({ ...FILES, 'd/n': `${n}` }))
  for (const target of commits.slice(0, 9)) test.publish(target)
  test.tidy(GRACE_MS, START)
  for (const target of commits.slice(9)) test.publish(target)
  test.tidy(GRACE_MS, START + GRACE_MS / 2)
  // Eight are over, of which one is the standby, and three wait.
  test.tidy(GRACE_MS, START + GRACE_MS)
  test.assertWorktrees({ commits: commits.slice(8), standby: true, spares: 4 })
})
