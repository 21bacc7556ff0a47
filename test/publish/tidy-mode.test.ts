// Tidying while what is in place is still of the other publish mode.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { tidy } from '../../src/publish/publication.js'
import { fsError, withGate } from '../helpers/fs-faults.js'
import type { MemoryTarget } from '../helpers/git-target.js'
import { intactCommit } from '../helpers/intact-commit.js'
import { publish } from '../helpers/publish.js'
import { namesIn } from '../helpers/publish-site.js'
import { readTree, treeDifferences } from '../helpers/same-tree.js'
import { tidyNow } from '../helpers/tidy-now.js'
import { commitsOf, createWorktreeSite, type WorktreeSite } from '../helpers/worktree-site.js'

const none = () => undefined

describe('tidy before the mode has changed', () => {
  for (const stateDirectory of [false, true]) {
    const where = stateDirectory ? ', with STATE_DIR' : ''

    test(`leaves a link that becomes a directory later${where}`, (t) => {
      const test = createWorktreeSite(t, { stateDirectory })
      const [first, second] = commitsOf(test, 2) as [MemoryTarget, MemoryTarget]
      test.publish(first)
      const asDirectory = { ...test.site, mode: 'in-place' } as const
      tidyNow(asDirectory)
      test.assertPublished(first)
      assert.equal(intactCommit(test.site), first.commit)
      publish(asDirectory, second, none)
      tidyNow(asDirectory)
      test.assertPublished(second)
      assert.deepEqual(namesIn(test.volume), ['site'])
    })

    test(`leaves a directory that becomes a link later${where}`, (t) => {
      const test = createWorktreeSite(t, { stateDirectory })
      const [first, second] = commitsOf(test, 2) as [MemoryTarget, MemoryTarget]
      const asDirectory = { ...test.site, mode: 'in-place' } as const
      publish(asDirectory, first, none)
      tidyNow(test.site)
      assert.equal(intactCommit(asDirectory), first.commit)
      test.publish(second)
      tidyNow(test.site)
      test.assertWorktrees({ commits: [second], standby: true })
    })

    test(`puts back what had made way when the change failed${where}`, (t) => {
      for (const [from, to] of [
        ['in-place', 'symlink'],
        ['symlink', 'in-place'],
      ] as const) {
        const test = createWorktreeSite(t, { stateDirectory })
        const [first, second] = commitsOf(test, 2) as [MemoryTarget, MemoryTarget]
        publish({ ...test.site, mode: from }, first, none)
        const changed = { ...test.site, mode: to }
        let made = false
        const failing = () =>
          withGate(
            ({ name, paths }) => {
              if (name !== 'renameSync') return
              // The last step, which puts the new in the place of the old.
              if (paths[1] === test.directory) made = true
              if (made) throw fsError('EIO')
            },
            () => publish(changed, second, none),
          )
        assert.throws(failing, { code: 'volume-failed' })
        tidy(changed, { graceMs: 0, now: 0, checkpoint: none })
        assert.ok(
          [first, second].some((target) => differencesAt(test, target).length === 0),
          `nothing whole is in place from ${from} to ${to}`,
        )
        publish(changed, second, none)
        tidyNow(changed)
        test.assertPublished(second)
      }
    })
  }
})

function differencesAt(test: WorktreeSite, target: MemoryTarget): string[] {
  return treeDifferences(readTree(test.directory), test.checkout(target))
}
