// What attributes make of files, as published, against what real git checks out.
import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { describe, test } from 'node:test'
import { inspect } from '../../src/publish/publication.js'
import { ATTRIBUTE_HISTORY } from '../helpers/attribute-history.js'
import { gitBytes } from '../helpers/git-command.js'
import type { CommitFiles } from '../helpers/git-commit.js'
import { publish } from '../helpers/publish.js'
import { createSite, identity, type SiteOptions, type TestSite } from '../helpers/publish-site.js'
import { IS_WHOLE } from '../helpers/seed.js'
import { createWorktreeSite } from '../helpers/worktree-site.js'

const none = () => undefined
const ALL = { share: { pass: 0, passes: 1 } }
const TEXT = 'one\ntwo\n'
const CRLF = '*.txt text eol=crlf\n'
const FILES = { '.gitattributes': CRLF, 'a.txt': TEXT, 'd/b.txt': TEXT, 'd/c': TEXT } as const

/** Nothing that is published differs from what was, by status or content. */
function assertIntact({ site }: TestSite, commit: string): void {
  assert.deepEqual(inspect(site, ALL), { commit, drift: undefined })
}

const STEPS = Object.entries(ATTRIBUTE_HISTORY)

/** An oid of one format is none of another. */
function without(name: string, files: CommitFiles): CommitFiles {
  return Object.fromEntries(Object.entries(files).filter(([other]) => other !== name))
}

for (const [options, own] of [
  [{ mode: 'in-place' }, ['onwards', 'in other pairs']],
  [{ mode: 'symlink' }, ['backwards']],
  [{ mode: 'in-place', objectFormat: 'sha256' }, ['onwards']],
] satisfies [SiteOptions, string[]][]) {
  describe(`attributes, ${JSON.stringify(options)}`, () => {
    // Each mode goes another way; in a sweep all of them.
    const ways = {
      onwards: STEPS,
      backwards: [...STEPS].reverse(),
      'in other pairs': [0, 5, 1, 7, 2, 9, 4, 11, 3, 12, 6].flatMap((at) =>
        STEPS.slice(at, at + 1),
      ),
    }
    for (const [name, steps] of Object.entries(ways)) {
      if (!IS_WHOLE && !own.includes(name)) continue
      test(`through a history, ${name}`, (t) => {
        const test = createSite(t, options)
        for (const [, files] of steps) {
          const target = test.commit('objectFormat' in options ? without('module', files) : files)
          test.publish(target)
          assertIntact(test, target.commit)
          assert.deepEqual(test.publish(target), { filesWritten: 0, filesDeleted: 0 })
        }
      })
    }
  })
}

describe('attributes of a symlink with a standby', () => {
  for (const [name, steps] of Object.entries({
    onwards: STEPS,
    backwards: [...STEPS].reverse(),
  })) {
    test(`through a history, ${name}`, (t) => {
      const test = createWorktreeSite(t)
      for (const [, files] of steps) {
        const target = test.commit(files)
        test.publish(target)
        test.tidy()
        assert.notEqual(test.standbyCommit(), undefined)
        assertIntact(test, target.commit)
      }
    })
  }
})

describe('attributes that change', () => {
  test('touch only files of which they make other bytes', (t) => {
    const test = createSite(t)
    const files = { 'a.txt': TEXT, 'b.bin': 'a\0\n', 'c.txt': 'one line', 'd/e.txt': TEXT }
    test.publish(files)
    const kept = ['b.bin', 'c.txt'].map((name) => identity(test.at(name)))
    const changed = test.publish({ ...files, '.gitattributes': '* text=auto eol=crlf\n' })
    assert.deepEqual(changed, { filesWritten: 3, filesDeleted: 0 })
    assert.deepEqual(test.publish(files), { filesWritten: 2, filesDeleted: 1 })
    assert.deepEqual(
      ['b.bin', 'c.txt'].map((name) => identity(test.at(name))),
      kept,
    )
  })

  test('in a folder touch nothing elsewhere', (t) => {
    const test = createSite(t)
    test.publish(FILES)
    const kept = identity(test.at('a.txt'))
    const { filesWritten } = test.publish({ ...FILES, 'd/.gitattributes': '* -text\n' })
    assert.equal(filesWritten, 2)
    assert.deepEqual(identity(test.at('a.txt')), kept)
  })

  test('by an executable bit, or by what is no attributes file, change nothing', (t) => {
    const test = createSite(t)
    test.publish(FILES)
    const executable = { content: CRLF, executable: true }
    assert.equal(test.publish({ ...FILES, '.gitattributes': executable }).filesWritten, 1)
    assert.equal(test.publish({ ...FILES, 'x.gitattributes': '* -text' }).filesWritten, 2)
    test.publish({ 'a.txt': TEXT, '.gitattributes/x': '* text eol=crlf', 'd/c': TEXT })
    assert.equal(readFileSync(test.at('a.txt'), 'utf8'), TEXT)
  })

  test('where nothing has any, nothing is asked of blobs', (t) => {
    const test = createSite(t)
    test.publish({ a: 'a', 'd/b': 'b' })
    const target = test.commit({ a: 'a', 'd/b': 'c' })
    test.publish(target)
    assert.deepEqual([target.reads.blobs, target.reads.trees], [1, 2])
  })

  test('and are too large are refused, with what was published whole', (t) => {
    const test = createSite(t)
    const first = test.commit(FILES)
    test.publish(first)
    const large = test.commit({ ...FILES, '.gitattributes': '# long\n'.repeat(200_000) })
    assert.throws(() => test.publish(large), { code: 'commit-too-large' })
    test.assertPublished(first)
    assertIntact(test, first.commit)
  })
})

describe('what attributes ask for and is not done', () => {
  test('is told with how many files, and the first of them', (t) => {
    const test = createSite(t)
    const attributes = '*.bin filter=lfs diff=lfs -text\n*.x working-tree-encoding=NONE\n'
    const files = { '.gitattributes': attributes, 'a/1.bin': '1', 'a/2.bin': '2', 'b.x': 'x' }
    const lfs = { attribute: 'filter=lfs', files: 2, firstPath: 'a/1.bin' }
    const none = { attribute: 'working-tree-encoding=NONE', files: 1, firstPath: 'b.x' }
    assert.deepEqual(test.publish(files).ignored, [lfs, none])
    assert.equal(test.publish({ ...files, c: 'c' }).ignored, undefined)
    const { ignored } = test.publish({ ...files, 'a/2.bin': '3' })
    assert.deepEqual(ignored, [{ ...lfs, files: 1, firstPath: 'a/2.bin' }])
  })
})

describe('adoption of what git converted', () => {
  const files = {
    ...ATTRIBUTE_HISTORY['ident and encodings'],
    'd/.gitattributes': '* text=auto eol=crlf\n',
    'd/a.txt': TEXT,
    'd/large': 'large\n'.repeat(1_000_000),
  }
  const names = Object.keys(files).filter((name) => name !== 'module')

  function clone(test: TestSite): string {
    const { commit } = test.commit(files)
    test.repo.git('update-ref', 'refs/heads/main', commit)
    test.repo.git('symbolic-ref', 'HEAD', 'refs/heads/main')
    gitBytes(test.volume, ['clone', '--quiet', '--no-local', test.repo.dir, test.directory])
    return commit
  }

  test('touches nothing but .git, and keeps it from then on', (t) => {
    const test = createSite(t)
    const commit = clone(test)
    const before = names.map((name) => identity(test.at(name)))
    assert.deepEqual(test.publish(files), { filesWritten: 0, filesDeleted: 0 })
    assert.deepEqual(
      names.map((name) => identity(test.at(name))),
      before,
    )
    assert.ok(!existsSync(test.at('.git')))
    assertIntact(test, commit)
  })

  test('replaces what has no conversion, or was edited, and removes what is stale', (t) => {
    const test = createSite(t)
    clone(test)
    writeFileSync(test.at('d/a.txt'), TEXT)
    appendFileSync(test.at('d/large'), '\r\n')
    const kept = identity(test.at('id.c'))
    assert.deepEqual(test.publish(without('no-end', files)), { filesWritten: 2, filesDeleted: 1 })
    assert.deepEqual(identity(test.at('id.c')), kept)
  })

  test('removes a stale file with CRLF, unless it was edited', (t) => {
    for (const edit of ['', 'edited']) {
      const test = createSite(t)
      clone(test)
      appendFileSync(test.at('d/a.txt'), edit)
      const { filesDeleted } = publish(test.site, test.commit(without('d/a.txt', files)), none)
      assert.equal(filesDeleted, edit === '' ? 1 : 0)
      assert.equal(existsSync(test.at('d/a.txt')), edit !== '')
    }
  })

  test('of a snapshot that is lost is no different', (t) => {
    const test = createSite(t)
    test.publish(files)
    const before = names.map((name) => identity(test.at(name)))
    rmSync(test.at('.git-autosync'), { recursive: true })
    assert.deepEqual(test.publish(files), { filesWritten: 0, filesDeleted: 0 })
    assert.deepEqual(
      names.map((name) => identity(test.at(name))),
      before,
    )
  })
})

for (const mode of ['in-place', 'symlink'] as const) {
  describe(`drift of converted files, ${mode}`, () => {
    const drifts: Record<string, (file: string) => void> = {
      'an edit': (file) => appendFileSync(file, 'more'),
      'the content as it is stored': (file) => writeFileSync(file, TEXT),
      'a part that is missing': (file) => truncateSync(file, 3),
      'a file that is missing': (file) => rmSync(file),
    }
    for (const [name, drift] of Object.entries(drifts)) {
      test(`is found and put right: ${name}`, (t) => {
        const test = createSite(t, { mode })
        const target = test.commit(FILES)
        test.publish(target)
        const kept = identity(test.at('d/b.txt'))
        drift(test.at('a.txt'))
        assert.deepEqual(inspect(test.site, ALL).drift?.paths, ['a.txt'])
        assert.equal(test.publish(target).filesWritten, 1)
        assert.deepEqual(identity(test.at('d/b.txt')), kept)
        assertIntact(test, target.commit)
      })
    }

    for (const [name, files] of Object.entries({
      'as stored': FILES,
      converted: without('d/c', FILES),
    }))
      test(`is put right from another file with the same blob, ${name}`, (t) => {
        const test = createSite(t, { mode })
        const target = test.commit(files)
        test.publish(target)
        writeFileSync(test.at('a.txt'), 'edited')
        assert.deepEqual(inspect(test.site, ALL).drift?.missing, [])
        test.publish(target)
        assertIntact(test, target.commit)
      })
  })
}
