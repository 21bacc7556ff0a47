// What becomes of a standby when files of a worktree were changed by another.
import assert from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { intactCommit } from '../../helpers/intact-commit.js'
import { publish } from '../../helpers/publish.js'
import { readTree } from '../../helpers/same-tree.js'
import { FIRST, SECOND } from '../../helpers/standby-commits.js'
import { createWorktreeSite, type WorktreeSite } from '../../helpers/worktree-site.js'

const none = () => undefined

describe('a published file that is edited in place', () => {
  const edit = (test: WorktreeSite) => appendFileSync(test.at('same'), ' edited')

  test('is the same file in the standby: both show the edit', (t) => {
    const test = createWorktreeSite(t)
    test.publish(FIRST)
    test.tidy()
    edit(test)
    assert.equal(readFileSync(path.join(test.standby, 'same'), 'utf8'), 'same edited')
  })

  test('stays edited with the next commit, as in place, until it is looked at', (t) => {
    const test = createWorktreeSite(t)
    test.publish(FIRST)
    test.tidy()
    edit(test)
    const second = test.commit(SECOND)
    publish(test.site, second, none)
    assert.equal(readFileSync(test.at('same'), 'utf8'), 'same edited')
    assert.equal(intactCommit(test.site), undefined)
    test.publish(second)
    assert.equal(intactCommit(test.site), second.commit)
  })

  test('once it was seen is never published again', (t) => {
    const test = createWorktreeSite(t)
    test.publish(FIRST)
    test.tidy()
    edit(test)
    assert.equal(intactCommit(test.site), undefined)
    const second = test.commit(SECOND)
    test.publish(second)
    assert.equal(intactCommit(test.site), second.commit)
  })

  test('once it was repaired does not return with the next commit', (t) => {
    const test = createWorktreeSite(t)
    const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
    test.publish(first)
    test.tidy()
    edit(test)
    assert.equal(intactCommit(test.site), undefined)
    assert.equal(test.publish(first).filesWritten, 1)
    test.publish(second)
    assert.equal(intactCommit(test.site), second.commit)
  })

  test('of a worktree that waits is not published with a revert to it', (t) => {
    const test = createWorktreeSite(t)
    const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
    test.publish(first)
    publish(test.site, second, none)
    edit(test)
    test.publish(first)
    assert.equal(intactCommit(test.site), first.commit)
    test.publish(second)
    assert.equal(intactCommit(test.site), second.commit)
  })

  test('makes no standby: neither a copy nor an earlier worktree', (t) => {
    const test = createWorktreeSite(t)
    const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
    test.publish(first)
    edit(test)
    test.tidy()
    assert.equal(test.standbyCommit(), undefined)
    publish(test.site, second, none)
    test.assertPublished(second)
    edit(test)
    test.tidy()
    assert.equal(test.standbyCommit(), undefined)
    test.assertWorktrees({ commits: [second], standby: false })
  })
})

describe('a worktree that drifted', () => {
  const drifts: Record<string, (root: string) => void> = {
    'a file was edited': (root) => writeFileSync(path.join(root, 'd/same'), 'edited'),
    'a file was deleted': (root) => rmSync(path.join(root, 'd/same')),
    'a file was replaced': (root) => {
      rmSync(path.join(root, 'same'))
      writeFileSync(path.join(root, 'same'), 'else')
    },
    'a directory was deleted': (root) => rmSync(path.join(root, 'd'), { recursive: true }),
    'a mode was changed': (root) => chmodSync(path.join(root, 'run'), 0o644),
    'a foreign file was added': (root) => writeFileSync(path.join(root, 'd/foreign'), ''),
    'a foreign directory was added': (root) => mkdirSync(path.join(root, 'foreign')),
  }

  for (const [name, drift] of Object.entries(drifts)) {
    test(`${name}: it never becomes the standby`, (t) => {
      const test = createWorktreeSite(t)
      const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
      test.publish(first)
      publish(test.site, second, none)
      drift(test.worktreeOf(first))
      test.tidy()
      assert.ok(!existsSync(test.worktreeOf(first)))
      assert.notEqual(test.standbyCommit(), first.commit)
      test.publish({ ...SECOND, n: '1' })
      test.publish({ ...FIRST, n: '1' })
    })

    test(`${name}: a standby is not taken for good by tidy`, (t) => {
      const test = createWorktreeSite(t)
      const first = test.commit(FIRST)
      test.publish(first)
      test.tidy()
      drift(test.standby)
      rmSync(test.at('same'))
      assert.equal(intactCommit(test.site), undefined)
      test.publish(first)
      test.tidy()
      test.assertStandby(first)
      test.publish(SECOND)
      assert.deepEqual([...readTree(test.directory).keys()].filter(isForeign), [])
    })
  }

  test('with files of others does not block a commit that has a file in their place', (t) => {
    const test = createWorktreeSite(t)
    const first = test.commit({ 'd/a': '1', b: '1' })
    test.publish(first)
    test.publish({ 'd/a': '1', b: '2' })
    mkdirSync(path.join(test.worktreeOf(first), 'd/cache'))
    writeFileSync(path.join(test.worktreeOf(first), 'd/cache/foreign'), '')
    test.tidy()
    test.publish({ d: 'file' })
  })

  test('with a file that came into the standby blocks no more than one attempt', (t) => {
    const test = createWorktreeSite(t)
    test.publish({ 'd/a': '1', b: '1' })
    test.tidy()
    writeFileSync(path.join(test.standby, 'd/foreign'), '')
    const target = test.commit({ d: 'file' })
    assert.throws(() => publish(test.site, target, none), { code: 'path-blocked' })
    test.publish(target)
  })
})

function isForeign(name: string): boolean {
  return name.includes('foreign')
}
