// How a standby is made where the volume has no hard links, or fails on the way.
import assert from 'node:assert/strict'
import { appendFileSync, lstatSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fsError, withGate } from '../../helpers/fs-faults.js'
import type { MemoryTarget } from '../../helpers/git-target.js'
import { intactCommit } from '../../helpers/intact-commit.js'
import { FIRST, LARGE, SAME } from '../../helpers/standby-commits.js'
import { createWorktreeSite, worktreeDifferences } from '../../helpers/worktree-site.js'

describe('where a volume has no hard links', () => {
  for (const code of ['EPERM', 'EXDEV', 'EMLINK', 'ENOTSUP']) {
    test(`(${code}), a standby is a copy`, (t) => {
      const test = createWorktreeSite(t)
      const files = { ...FIRST, large: LARGE, empty: '' }
      const [first, second] = [files, { ...files, same: 'new' }].map(test.commit) as [
        MemoryTarget,
        MemoryTarget,
      ]
      const withoutLinks = (work: () => void) =>
        withGate(({ name }) => {
          if (name === 'linkSync') throw fsError(code)
        }, work)
      test.publish(first)
      withoutLinks(() => test.tidy())
      test.assertStandby(first)
      const names = [...SAME, 'large', 'empty']
      for (const name of names) {
        const [copy, source] = [test.standby, test.directory].map((root) =>
          lstatSync(path.join(root, name)),
        ) as [ReturnType<typeof lstatSync>, ReturnType<typeof lstatSync>]
        assert.notEqual(copy!.ino, source!.ino)
        assert.equal(copy!.mode, source!.mode)
      }
      withoutLinks(() => test.publish(second))
      assert.equal(intactCommit(test.site), second.commit)
      assert.deepEqual(worktreeDifferences(test, first), [])
      withoutLinks(() => assert.equal(test.publish({ ...files, same: 'newer' }).filesWritten, 1))
    })
  }

  test('a copy of a file that changes meanwhile is not relied on', (t) => {
    const test = createWorktreeSite(t)
    test.publish({ a: 'old', b: 'old' })
    withGate(
      ({ name, paths, isChange }) => {
        if (name === 'linkSync') throw fsError('EPERM')
        const isCopy = name === 'openSync' && !isChange && paths[0]?.endsWith('/b')
        if (isCopy) writeFileSync(test.at('b'), 'edited')
      },
      () => test.tidy(),
    )
    assert.equal(test.standbyCommit(), undefined)
  })
})

for (const code of ['EPERM', 'EMLINK']) {
  test(`where one file can have no other name (${code}), only that one is copied`, (t) => {
    const test = createWorktreeSite(t)
    const withoutLink = (work: () => void) =>
      withGate(({ name, paths }) => {
        if (name === 'linkSync' && paths[0]?.endsWith('/d/same')) throw fsError(code)
      }, work)
    const inodeOf = (root: string, name: string) => lstatSync(path.join(root, name)).ino
    const first = test.commit(FIRST)
    test.publish(first)
    withoutLink(() => test.tidy())
    for (const n of ['1', '2', '3']) {
      const target = test.commit({ ...FIRST, n })
      withoutLink(() => {
        assert.equal(test.publish(target).filesWritten, 1)
        test.tidy()
      })
      test.assertStandby(target)
      const isShared = (name: string) =>
        inodeOf(test.standby, name) === inodeOf(test.directory, name)
      assert.deepEqual(
        SAME.filter(isShared),
        SAME.filter((name) => name !== 'd/same'),
      )
      assert.equal(intactCommit(test.site), target.commit)
    }
    // It is compared like a published one.
    appendFileSync(path.join(test.standby, 'd/same'), ' edited')
    const last = test.commit({ ...FIRST, n: '4' })
    assert.ok(intactCommit(test.site))
    assert.equal(test.standbyCommit(), undefined)
    withoutLink(() => test.publish(last))
  })
}

describe('a fault while a standby is made', () => {
  test('leaves none, and no part of one', (t) => {
    const test = createWorktreeSite(t)
    const first = test.commit(FIRST)
    test.publish(first)
    for (const [full, at] of [
      ['linkSync', 3],
      ['mkdirSync', 1],
      ['writeSync', 1],
    ] as const) {
      let calls = 0
      const tidyFull = () =>
        withGate(
          ({ name, paths }) => {
            // Then the snapshot is not shared but written.
            const isState = paths.some((file) => file.endsWith('/snapshot'))
            if (full === 'writeSync' && name === 'linkSync' && isState) throw fsError('EPERM')
            if (name === full && ++calls === at) throw fsError('ENOSPC')
          },
          () => test.tidy(),
        )
      assert.throws(tidyFull, { code: 'volume-full' })
      test.assertWorktrees({ commits: [first], standby: false })
    }
    test.tidy()
    test.assertStandby(first)
  })
})
