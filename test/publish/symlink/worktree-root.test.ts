// Worktrees in `.worktrees` of a root, as users of git-sync know them: nothing but commits there, and
// a relative link, wherever it is.
import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { inspect, tidy } from '../../../src/publish/publication.js'
import type { SetAside, Target } from '../../../src/publish/target.js'
import { failsWith } from '../../helpers/fails-with.js'
import type { TestScope } from '../../helpers/git.js'
import type { MemoryTarget } from '../../helpers/git-target.js'
import { begin, publish } from '../../helpers/publish.js'
import { createSite, type TestSite } from '../../helpers/publish-site.js'
import { readTree, treeDifferences } from '../../helpers/same-tree.js'

const NOW = { now: 0, checkpoint: () => undefined }

interface RootSite extends TestSite {
  root: string
  worktrees: string
  publishAt(target: MemoryTarget): void
  /** From now on, what is in the way is moved aside. */
  moveAside(onSetAside: (found: SetAside) => void): void
}

function createRoot(t: TestScope, link: string): RootSite {
  const test = createSite(t, { mode: 'symlink' })
  const root = path.join(test.volume, 'root')
  mkdirSync(root)
  const directory = path.resolve(root, link)
  const site: Target = { ...test.site, directory, worktreeRoot: root, ownFiles: true }
  const worktrees = path.join(root, '.worktrees')
  const publishAt = (target: MemoryTarget) => {
    publish(site, target, () => undefined)
    assert.deepEqual(treeDifferences(readTree(`${directory}/`), test.checkout(target)), [])
  }
  const moveAside = (onSetAside: (found: SetAside) => void) => {
    Object.assign(site, { movesAside: true, onSetAside })
  }
  return { ...test, root, worktrees, directory, site, publishAt, moveAside }
}

describe('worktrees in a root', () => {
  for (const link of ['link', 'a/b/link', '../beside/link', '../link']) {
    test(`that ${link} leads to`, (t) => {
      const test = createRoot(t, link)
      for (const text of ['1', '2', '3']) {
        const target = test.commit({ a: text, 'd/b': 'same' })
        test.publishAt(target)
        const to = path.relative(
          path.dirname(test.directory),
          path.join(test.worktrees, target.commit),
        )
        assert.equal(readlinkSync(test.directory), to)
        assert.equal(inspect(test.site).commit, target.commit)
        tidy(test.site, { graceMs: 0, ...NOW })
        assert.deepEqual(readdirSync(test.worktrees), [target.commit])
        assert.deepEqual(
          readdirSync(path.dirname(test.directory)).includes(`${target.commit}.link`),
          false,
        )
      }
      // The next commit grows from an earlier one, and not from nothing.
      const [workshop = ''] = readdirSync(path.join(test.root, '.git-autosync'))
      const names = readdirSync(path.join(test.root, '.git-autosync', workshop))
      assert.ok(names.includes('standby'), names.join())
    })
  }

  test('stay for their grace time', (t) => {
    const test = createRoot(t, 'link')
    const [one, two] = [test.commit({ a: '1' }), test.commit({ a: '2' })]
    test.publishAt(one)
    test.publishAt(two)
    assert.equal(tidy(test.site, { graceMs: 5000, ...NOW }), 5000)
    assert.equal(tidy(test.site, { graceMs: 5000, ...NOW, now: 2000 }), 3000)
    assert.deepEqual(readdirSync(test.worktrees).sort(), [one.commit, two.commit].sort())
    assert.equal(tidy(test.site, { graceMs: 5000, ...NOW, now: 5000 }), undefined)
    assert.deepEqual(readdirSync(test.worktrees), [two.commit])
  })

  test('have no garbage beside them, and files of others in the root stay', (t) => {
    const test = createRoot(t, 'link')
    const target = test.commit({ a: '1' })
    test.publishAt(target)
    mkdirSync(path.join(test.worktrees, 'garbage/below'), { recursive: true })
    writeFileSync(path.join(test.worktrees, 'file'), '')
    mkdirSync(path.join(test.worktrees, '0'.repeat(40)))
    writeFileSync(path.join(test.root, 'foreign'), '')
    mkdirSync(path.join(test.root, 'lost+found'))
    tidy(test.site, { graceMs: 0, ...NOW })
    assert.deepEqual(readdirSync(test.worktrees), [target.commit])
    const names = ['.git-autosync', '.worktrees', 'foreign', 'link', 'lost+found']
    assert.deepEqual(readdirSync(test.root).sort(), names)
  })

  test('have garbage beside them for the grace time', (t) => {
    const test = createRoot(t, 'link')
    const target = test.commit({ a: '1' })
    test.publishAt(target)
    mkdirSync(path.join(test.worktrees, 'garbage/below'), { recursive: true })
    assert.equal(tidy(test.site, { graceMs: 5000, ...NOW }), 5000)
    assert.equal(readdirSync(test.worktrees).length, 2)
    assert.equal(tidy(test.site, { graceMs: 5000, ...NOW, now: 5000 }), undefined)
    assert.deepEqual(readdirSync(test.worktrees), [target.commit])
  })

  test('take the place of whatever has their name', (t) => {
    const test = createRoot(t, 'link')
    const target = test.commit({ a: '1' })
    mkdirSync(path.join(test.worktrees, target.commit, 'a/b'), { recursive: true })
    writeFileSync(path.join(test.worktrees, target.commit, 'garbage'), '')
    test.publishAt(target)
  })

  test('keep their name where another selection of the commit is published', (t) => {
    const test = createRoot(t, 'link')
    const whole = test.commit({ a: '1', b: '2' })
    const part = test.commit({ a: '1' })
    const origin = { selection: 'part', subdir: '', source: whole.tree, trees: new Map() }
    const published: [MemoryTarget, files: string[]][] = [
      [whole, ['a', 'b']],
      [{ ...part, commit: whole.commit, origin }, ['a']],
      [whole, ['a', 'b']],
    ]
    for (const [target, files] of published) {
      publish(test.site, target, () => undefined)
      assert.equal(path.basename(readlinkSync(test.directory)), whole.commit)
      assert.deepEqual(readdirSync(test.directory).sort(), files)
      assert.equal(inspect(test.site).commit, whole.commit)
      tidy(test.site, { graceMs: 0, ...NOW })
      assert.deepEqual(readdirSync(test.worktrees), [whole.commit])
    }
  })

  test('are not for another link of the root to remove', (t) => {
    const test = createRoot(t, 'link')
    const other = { ...test.site, directory: path.join(test.root, 'other/link') }
    const [one, two, three] = ['1', '2', '3'].map((a) => test.commit({ a }))
    assert.ok(one && two && three)
    test.publishAt(one)
    publish(other, one, () => undefined)
    publish(other, two, () => undefined)
    tidy(other, { graceMs: 0, ...NOW })
    assert.deepEqual(treeDifferences(readTree(`${test.directory}/`), test.checkout(one)), [])
    test.publishAt(three)
    tidy(test.site, { graceMs: 0, ...NOW })
    assert.deepEqual(treeDifferences(readTree(`${other.directory}/`), test.checkout(two)), [])
    assert.deepEqual(readdirSync(test.worktrees).sort(), [two.commit, three.commit].sort())
    rmSync(other.directory)
    tidy(test.site, { graceMs: 0, ...NOW })
    assert.deepEqual(readdirSync(test.worktrees), [three.commit])
  })

  test('take the place of what a link of version 3 leads to', (t) => {
    const test = createRoot(t, 'link')
    for (const [name, isGone] of [
      [`rev-${'1'.repeat(40)}`, true],
      ['2'.repeat(40), true],
      ['elsewhere', false],
    ] as const) {
      const old = path.join(test.root, name)
      mkdirSync(old)
      writeFileSync(path.join(old, 'file'), '')
      rmSync(test.directory, { force: true })
      symlinkSync(name, test.directory)
      test.publishAt(test.commit({ a: name }))
      assert.equal(existsSync(old), !isGone, name)
    }
  })

  test('are all made anew where they were removed', (t) => {
    const test = createRoot(t, 'link')
    test.publishAt(test.commit({ a: '1', b: 'b' }))
    tidy(test.site, { graceMs: 0, ...NOW })
    rmSync(test.worktrees, { recursive: true })
    test.publishAt(test.commit({ a: '2', b: 'b' }))
  })

  for (const [what, name, make, read] of [
    ['a file at the link', 'link', writePrecious, readText],
    ['a directory at the link', 'link', makeFull, (at: string) => readText(`${at}/d/file`)],
    ['a file in place of .worktrees', '.worktrees', writePrecious, readText],
    [
      'a symlink in place of .worktrees',
      '.worktrees',
      linkPrecious,
      (at: string) => readlinkSync(at),
    ],
    ['a file in place of .git', '.git', writePrecious, readText],
    ['a file in place of .git-autosync', '.git-autosync', writePrecious, readText],
  ] as const) {
    test(`take the place of ${what}, which is moved aside where that is asked for`, (t) => {
      const test = createRoot(t, 'link')
      const at = path.join(test.root, name)
      make(at)
      // Where no history is kept, no repository is in its place.
      if (name !== '.git') {
        const publishing = () => test.publishAt(test.commit({ a: '1' }))
        assert.throws(publishing, failsWith('path-blocked'))
        assert.equal(read(at), 'precious')
      }
      const told: SetAside[] = []
      const onSetAside = (found: SetAside) => void told.push(found)
      test.moveAside(onSetAside)
      test.publishAt(test.commit({ a: '1' }))
      assert.deepEqual(
        told.map(({ kind, path }) => [kind, path]),
        [['obstacle', at]],
      )
      const [aside = ''] = readdirSync(test.root).filter((each) => each.startsWith(`${name}.moved`))
      assert.ok(told[0]?.reason.includes(aside), told[0]?.reason)
      assert.equal(read(path.join(test.root, aside)), 'precious')
      test.publishAt(test.commit({ a: '2' }))
      assert.equal(told.length, 1)
    })
  }

  test('give way to a directory, before which a symlink of others is moved aside', (t) => {
    const test = createSite(t)
    symlinkSync(test.outside, test.directory)
    const target = test.commit({ a: '1' })
    assert.throws(() => test.publish(target), failsWith('path-blocked'))
    test.site = { ...test.site, movesAside: true }
    const publication = begin(test.site, target, () => undefined)
    assert.equal(readlinkSync(test.directory), test.outside)
    publication.finish()
    test.assertPublished(target)
    const [aside = ''] = readdirSync(test.volume).filter((name) => name.startsWith('site.moved'))
    assert.equal(readlinkSync(path.join(test.volume, aside)), test.outside)
  })
})

function readText(at: string): string {
  return readFileSync(at, 'utf8')
}

function writePrecious(at: string): void {
  writeFileSync(at, 'precious')
}

function makeFull(at: string): void {
  mkdirSync(path.join(at, 'd'), { recursive: true })
  writePrecious(path.join(at, 'd/file'))
}

function linkPrecious(at: string): void {
  symlinkSync('precious', at)
}
