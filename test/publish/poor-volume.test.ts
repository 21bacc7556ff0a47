// Volumes without symlinks, hard links or executable bits: what is published is what git checks
// out there, and is not taken for changed by others afterwards.
import assert from 'node:assert/strict'
import { copyFileSync, lstatSync, renameSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { inspect, tidy } from '../../src/publish/publication.js'
import { failsWith } from '../helpers/fails-with.js'
import type { TestScope } from '../helpers/git.js'
import type { CommitFiles } from '../helpers/git-commit.js'
import type { MemoryTarget } from '../helpers/git-target.js'
import { onPoorVolume, type PoorVolume } from '../helpers/poor-volume.js'
import { publish } from '../helpers/publish.js'
import { createSite, identity, namesIn, type TestSite } from '../helpers/publish-site.js'
import { checkedOutTree, readTree, treeDifferences } from '../helpers/same-tree.js'

const none = () => undefined

const FIRST: CommitFiles = {
  file: 'file',
  link: { symlink: 'file' },
  'd/dangling': { symlink: '../nowhere' },
  'to-file': { symlink: 'file' },
  'to-directory': { symlink: 'd' },
  run: { content: '#!', executable: true },
}
const SECOND: CommitFiles = {
  file: 'file 2',
  link: { symlink: 'd/dangling' },
  'd/dangling': { symlink: '../nowhere' },
  'to-file': 'file',
  'to-directory/file': 'new',
  'from-nothing': { symlink: 'run' },
  run: '#!',
}

/** Two commits in turn; after each, what is there is as it should be, and stays so. */
function publishInTurn(
  t: TestScope,
  volume: PoorVolume,
  check: (test: TestSite, target: MemoryTarget) => void,
): void {
  const test = createSite(t)
  for (const files of [FIRST, SECOND, FIRST]) {
    const target = test.commit(files)
    onPoorVolume(test.volume, volume, () => publish(test.site, target, none))
    check(test, target)
    const look = () => onPoorVolume(test.volume, volume, () => inspect(test.site))
    assert.deepEqual(look(), { commit: target.commit, drift: undefined })
    // As after a remount that gives every file another number and time.
    for (const [name, entry] of readTree(test.directory)) {
      if (entry.kind === 'directory' || lstatSync(test.at(name)).isSymbolicLink()) continue
      copyFileSync(test.at(name), test.at('copy'))
      renameSync(test.at('copy'), test.at(name))
    }
    assert.deepEqual(look(), { commit: target.commit, drift: undefined })
    writeFileSync(test.at('link'), 'edited')
    assert.deepEqual(look().drift?.paths, ['link'])
    onPoorVolume(test.volume, volume, () => publish(test.site, target, none))
    check(test, target)
  }
}

describe('a volume without symlinks', () => {
  for (const code of ['EPERM', 'EOPNOTSUPP', 'EINVAL']) {
    test(`that answers ${code} has their targets in files, as git writes them there`, (t) => {
      publishInTurn(t, { symlinks: code }, (test, { commit }) => {
        const expected = checkedOutTree(test.repo.dir, commit, ['core.symlinks=false'])
        assert.deepEqual(treeDifferences(readTree(test.directory), expected), [])
      })
    })
  }

  test('is told from one where somebody put a file in place of a symlink', (t) => {
    const test = createSite(t)
    test.publish(FIRST)
    writeFileSync(test.at('next'), 'file')
    renameSync(test.at('next'), test.at('link'))
    assert.deepEqual(inspect(test.site).drift?.paths, ['link'])
  })

  test('has no publish mode symlink, and what is there stays', (t) => {
    const test = createSite(t)
    const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
    test.publish(first)
    const asLink = { ...test.site, mode: 'symlink' } as const
    const publishThere = () =>
      onPoorVolume(test.volume, { symlinks: 'EPERM' }, () => publish(asLink, second, none))
    assert.throws(publishThere, failsWith('volume-unsupported', /set publish to in-place/))
    test.assertPublished(first)
    test.site = { ...test.site, directory: `${test.volume}/other`, mode: 'symlink' }
    const publishElsewhere = () =>
      onPoorVolume(test.volume, { symlinks: 'ENOTSUP' }, () => publish(test.site, first, none))
    assert.throws(publishElsewhere, failsWith('volume-unsupported'))
    assert.equal(namesIn(test.site.directory), undefined)
  })
})

describe('a volume with the same permissions everywhere', () => {
  for (const permissions of [0o755, 0o644, 0o777, 0o600]) {
    test(`${permissions.toString(8)} shows no drift, and nothing is written twice`, (t) => {
      publishInTurn(t, { permissions, symlinks: 'EPERM', links: 'EPERM' }, (test, target) => {
        const before = identity(test.at('file'))
        const again = () =>
          onPoorVolume(test.volume, { permissions, symlinks: 'EPERM' }, () =>
            publish(test.site, target, none),
          )
        assert.deepEqual(again(), { filesWritten: 0, filesDeleted: 0 })
        assert.deepEqual(identity(test.at('file')), before)
      })
    })
  }
})

describe('a volume without hard links', () => {
  for (const code of ['EPERM', 'EOPNOTSUPP', 'EMLINK']) {
    test(`that answers ${code} has copies`, (t) => {
      const test = createSite(t, { mode: 'symlink' })
      const poor = <T>(work: () => T) => onPoorVolume(test.volume, { links: code }, work)
      const first = test.commit(FIRST)
      poor(() => publish(test.site, first, none))
      poor(() => tidy(test.site, { graceMs: 0, now: 0, checkpoint: none }))
      const standby = `${test.volume}/.git-autosync/site/standby`
      assert.deepEqual(treeDifferences(readTree(standby), test.checkout(first)), [])
      assert.notEqual(lstatSync(`${standby}/file`).ino, lstatSync(test.at('file')).ino)
      for (const files of [SECOND, FIRST]) {
        const target = test.commit(files)
        poor(() => publish(test.site, target, none))
        test.assertPublished(target)
      }
    })
  }
})
