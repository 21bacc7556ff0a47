// Volumes that take two names for one: a commit that has both is refused whole, one that only
// changes the case of a name is published.

import assert from 'node:assert/strict'
import { linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { inspect } from '../../../src/publish/publication.js'
import type { Publication } from '../../../src/publish/publisher.js'
import { clashOf, foldPath } from '../../../src/publish/stage/name-clash.js'
import { failsWith } from '../../helpers/fails-with.js'
import { volumeAt } from '../../helpers/file-at.js'
import { fsError } from '../../helpers/fs-faults.js'
import { type TestScope, tempDir } from '../../helpers/git.js'
import type { CommitFiles } from '../../helpers/git-commit.js'
import type { MemoryTarget } from '../../helpers/git-target.js'
import { onPoorVolume } from '../../helpers/poor-volume.js'
import { begin, publish } from '../../helpers/publish.js'
import { createSite, type TestSite } from '../../helpers/publish-site.js'

const none = () => undefined
/** A letter, composed in both ways. */
const [COMPOSED, DECOMPOSED] = ['\u00e9', 'e\u0301'].map((letter) =>
  Buffer.from(letter).toString('latin1'),
) as [string, string]

interface FoldingSite extends TestSite {
  publishThere(target: MemoryTarget): void
}

function createFoldingSite(t: TestScope, mode: 'in-place' | 'symlink' = 'in-place'): FoldingSite {
  const test = createSite(t, { mode })
  return Object.assign(test, {
    publishThere: (target: MemoryTarget) =>
      onPoorVolume(test.volume, { foldsNames: true }, () => {
        publish(test.site, target, none)
      }),
  })
}

/** Every blob. */
function offerAll(test: TestSite, target: MemoryTarget, publication: Publication): void {
  const format = '--format=%(objecttype) %(objectname)'
  for (const line of test.repo.git('ls-tree', '-r', format, target.commit).split('\n')) {
    const [type, oid = ''] = line.split(' ')
    if (type === 'blob') publication.offer(oid, target.readBlob(oid))
  }
}

const CLASHES: [what: string, before: CommitFiles, after: CommitFiles, words: RegExp][] = [
  ['two new files', { a: '1' }, { a: '1', README: '1', readme: '2' }, /"README".*"readme"/],
  ['a new file and one that stays', { Make: '1' }, { Make: '1', make: '2' }, /"Make".*"make"/],
  ['a new and an edited file', { Make: '1' }, { Make: '2', make: '2' }, /"Make".*"make"/],
  ['files of a new directory', {}, { 'd/x/A': '1', 'd/x/a': '2' }, /"d\/x\/A".*"d\/x\/a"/],
  ['new directories', { a: '1' }, { a: '1', 'Dir/a': '1', 'dir/b': '1' }, /"Dir".*"dir"/],
  ['a directory that stays', { 'Dir/a': '1' }, { 'Dir/a': '1', 'dir/b': '1' }, /"Dir".*"dir"/],
  ['directories in a new one', {}, { 'd/Dir/a': '1', 'd/dir/a': '1' }, /"d\/Dir".*"d\/dir"/],
  ['a symlink and a file', {}, { 'd/L': { symlink: 'x' }, 'd/l': '1' }, /"d\/L".*"d\/l"/],
  ['letters of two makings', {}, { [COMPOSED]: '1', [DECOMPOSED]: '2' }, /"e\u0301".*"\u00e9"/],
]

describe('names that the volume takes for one', () => {
  for (const mode of ['in-place', 'symlink'] as const) {
    for (const [what, before, after, words] of CLASHES) {
      test(`${what} are refused, ${mode}`, (t) => {
        const test = createFoldingSite(t, mode)
        const [first, second] = [test.commit(before), test.commit(after)]
        test.publishThere(first)
        const refused = () => test.publishThere(second)
        assert.throws(refused, failsWith('volume-unsupported', words))
        test.assertPublished(first)
        // As they come from a remote, too.
        const offered = () =>
          onPoorVolume(test.volume, { foldsNames: true }, () => {
            const publication = begin(test.site, second, none)
            offerAll(test, second, publication)
            publication.finish()
          })
        assert.throws(offered, failsWith('volume-unsupported', words))
        test.assertPublished(first)
        const third = test.commit({ ...before, more: 'more' })
        test.publishThere(third)
        test.assertPublished(third)
      })
    }
  }

  test('are two where the volume tells them apart', (t) => {
    const test = createSite(t)
    for (const [, before, after] of CLASHES) {
      test.publish(before)
      test.publish(after)
    }
  })
})

describe('a name that changes its case only', () => {
  for (const mode of ['in-place', 'symlink'] as const) {
    test(`is published, ${mode}`, (t) => {
      const test = createFoldingSite(t, mode)
      test.publishThere(test.commit({ README: '1', 'd/Same': 'same', other: '1' }))
      for (const files of [
        { readme: '2', 'd/same': 'same', other: '1' },
        { ReadMe: '2', 'd/SAME': 'same', other: '2' },
        { README: { symlink: 'other' }, 'd/Same': 'other', other: '2' },
      ]) {
        const target = test.commit(files)
        test.publishThere(target)
        test.assertPublished(target)
        const look = onPoorVolume(test.volume, { foldsNames: true }, () => inspect(test.site))
        assert.deepEqual(look, { commit: target.commit, drift: undefined })
      }
    })
  }

  test('is published where the state was lost', (t) => {
    const test = createFoldingSite(t)
    test.publishThere(test.commit({ README: '1', a: '1' }))
    const target = test.commit({ readme: '1', a: '1' })
    test.site = { ...test.site, stateRoot: `${test.outside}/state` }
    test.publishThere(target)
    assert.equal(readFileSync(test.at('README'), 'utf8'), '1')
  })

  test('of a directory keeps all that is in it, also from clean', (t) => {
    const test = createFoldingSite(t)
    test.publishThere(test.commit({ 'Dir/a': '1', 'Dir/b/c': '1' }))
    writeFileSync(test.at('foreign'), '')
    test.site = { ...test.site, clean: true }
    test.publishThere(test.commit({ 'dir/a': '1', 'dir/b/c': '2', 'dir/new': '3' }))
    assert.deepEqual(readdirSync(test.directory).sort(), ['.git-autosync', 'Dir'])
    const contents = ['a', 'b/c', 'new'].map((name) => readFileSync(test.at(`Dir/${name}`), 'utf8'))
    assert.deepEqual(contents, ['1', '2', '3'])
  })
})

test('a name that was taken is told from other faults', (t) => {
  const staging = tempDir(t)
  mkdirSync(`${staging}/0/d`, { recursive: true })
  writeFileSync(`${staging}/0/d/A`, '')
  // As a volume shows it that ignores case.
  linkSync(`${staging}/0/d/A`, `${staging}/0/d/a`)
  const pathOf = (unit: number) => (unit === 0 ? 'x' : undefined)
  const taken = clashOf(fsError('EEXIST'), volumeAt('/'), staging, pathOf, `${staging}/0/d/a`)
  assert.ok(failsWith('volume-unsupported', /"x\/d\/A" and "x\/d\/a"/)(taken))
  const others: [Error, string][] = [
    [fsError('ENOSPC'), `${staging}/0/d/a`],
    [fsError('EEXIST'), `${staging}/0`],
    [fsError('EEXIST'), `${staging}/1/d/a`],
    [fsError('EEXIST'), `${staging}/0/d`],
    [new Error('none of the system'), `${staging}/0/d/a`],
  ]
  for (const [other, at] of others)
    assert.equal(clashOf(other, volumeAt('/'), staging, pathOf, at), other)
})

test('paths that some volume may take for one look alike', () => {
  const alike = (one: string, other: string) => foldPath(one) === foldPath(other)
  assert.ok(alike('A/b.TXT', 'a/B.txt'))
  assert.ok(alike(COMPOSED, DECOMPOSED))
  assert.ok(alike('dots.../x ', 'dots/x'))
  assert.ok(!alike('a', 'b') && !alike('a/b', 'ab') && !alike('.a', 'a'))
})
