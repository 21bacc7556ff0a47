// Settling and joining are killed at their steps: git finds one state or the other, and the next run
// completes it.
import assert from 'node:assert/strict'
import { cpSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { joinPacks } from '../../../src/publish/history/join.js'
import type { HistoryLayout } from '../../../src/publish/history/layout.js'
import { settle } from '../../../src/publish/history/settle.js'
import { toBytePath } from '../../../src/volume/byte-path.js'
import { commitOn } from '../../helpers/commit-on.js'
import { volumeAt } from '../../helpers/file-at.js'
import { failAt } from '../../helpers/fs-faults.js'
import { git } from '../../helpers/git.js'
import { createHistorySite, type HistorySite } from '../../helpers/history-site.js'
import { points } from '../../helpers/sweep.js'

const none = () => undefined
/** Whatever has no index by then is a left-over. */
const LATER = Number.MAX_SAFE_INTEGER

/** Interrupts work on copies of a site at points of a sweep; `check` looks at each, then `complete`d. */
function interrupt(
  t: TestContext,
  site: HistorySite,
  work: (layout: HistoryLayout, root: string) => void,
  check: (root: string, isComplete: boolean) => void,
): void {
  for (const at of points(t.name, { among: 36 })) {
    const volume = path.join(site.outside, `at-${at}`)
    cpSync(site.volume, volume, {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    })
    const root = path.join(volume, 'site')
    const layout = () => ({
      volume: volumeAt(volume),
      repository: toBytePath(path.join(root, '.git')),
      isBare: false,
    })
    const isInterrupted = failAt(at, 'crash', () => work(layout(), root))
    try {
      check(root, false)
      work(layout(), root)
      check(root, true)
    } catch (error) {
      throw new Error(`after a crash at step ${at}`, { cause: error })
    }
    rmSync(volume, { recursive: true })
    if (!isInterrupted) break
  }
}

test('settling that is killed shows the commit before or this one, and is completed', async (t) => {
  const site = createHistorySite(t)
  const first = commitOn(site.repo, { a: '1', 'd/b': '2' }, [])
  const second = commitOn(site.repo, { a: '2', 'd/c': '2' }, [first])
  await site.follow(first, 1)
  await site.publishUnsettled(second, 1)
  const snapshot = site.snapshot()
  interrupt(
    t,
    site,
    (layout, root) => settle(layout, { root: toBytePath(root) }, snapshot, 1_700_000_000_000),
    (root, isComplete) => {
      const head = git(root, 'rev-parse', 'HEAD')
      assert.ok(head === second || (!isComplete && head === first))
      assert.equal(git(root, 'fsck', '--full', ...(isComplete ? [] : ['--no-dangling'])), '')
      if (!isComplete) return
      assert.equal(git(root, 'status', '--porcelain'), '')
      assert.equal(git(root, 'log', '--format=%H'), second)
    },
  )
})

test('joining that is killed leaves all that is of use, and is completed', async (t) => {
  const site = createHistorySite(t)
  let parent: string | undefined
  for (let step = 0; step < 3; step++) {
    const lines = Array.from({ length: 50 }, (_, at) => `${at < step ? step : ''} line ${at}`)
    const files = { a: lines.join('\n'), [`d/${step}`]: `${step}` }
    parent = commitOn(site.repo, files, parent === undefined ? [] : [parent])
    await site.follow(parent, 2)
  }
  interrupt(
    t,
    site,
    (layout) => joinPacks(layout, { depth: 2, objectFormat: 'sha1', checkpoint: none, now: LATER }),
    (root, isComplete) => {
      assert.equal(git(root, 'rev-parse', 'HEAD'), parent)
      assert.equal(git(root, 'fsck', '--full', ...(isComplete ? [] : ['--no-dangling'])), '')
      assert.equal(git(root, 'log', '--format=%H').split('\n').length, 2)
      if (!isComplete) return
      const names = readdirSync(path.join(root, '.git/objects/pack'))
      assert.deepEqual(names.map((name) => path.extname(name)).sort(), ['.idx', '.pack'])
    },
  )
})
