// What may be in a directory beside the files of its snapshot.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { readSnapshot } from '../../../src/publish/snapshot/store.js'
import { lookInto } from '../../../src/publish/symlink/known-directories.js'
import { toBytePath } from '../../../src/volume/byte-path.js'
import { snapshotAt, volumeAt } from '../../helpers/file-at.js'
import { createWorktreeSite, worktreeStateOf } from '../../helpers/worktree-site.js'

test('a link to a repository may lie in a checkout, a repository may not', (t) => {
  const test = createWorktreeSite(t)
  test.publish({ a: 'a', 'd/b': 'b' })
  test.tidy()
  const snapshot = readSnapshot(snapshotAt(worktreeStateOf(test.site, 'standby')))
  assert.ok(snapshot)
  const refs = {}
  const history = { depth: 1, url: 'https://git.example.com/a', branch: 'a', refs, shallow: [] }
  const layout = { root: toBytePath(test.standby), volume: volumeAt(test.volume) }
  const isRight = () => lookInto(layout, { ...snapshot, history }, new Map()) !== undefined
  assert.ok(isRight())
  writeFileSync(`${test.standby}/.git`, 'gitdir: elsewhere\n')
  assert.ok(isRight())
  assert.equal(lookInto(layout, snapshot, new Map()), undefined)
  rmSync(`${test.standby}/.git`)
  mkdirSync(`${test.standby}/.git/objects`, { recursive: true })
  assert.ok(!isRight())
})
