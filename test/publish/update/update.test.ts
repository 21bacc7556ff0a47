import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { ObjectType } from '../../../src/git/object.js'
import type { Oid } from '../../../src/git/oid.js'
import { MODE } from '../../../src/git/tree.js'
import { unpublish } from '../../../src/publish/publication.js'
import { toFsPath } from '../../../src/volume/byte-path.js'
import fc from '../../helpers/fast-check.js'
import type { CommitFile, CommitFiles } from '../../helpers/git-commit.js'
import type { MemoryTarget } from '../../helpers/git-target.js'
import { intactCommit } from '../../helpers/intact-commit.js'
import { begin, publish } from '../../helpers/publish.js'
import { createSite, namesIn, type TestSite } from '../../helpers/publish-site.js'
import { readTree, treeDifferences } from '../../helpers/same-tree.js'
import { stateNames } from '../../helpers/snapshots.js'
import { GITLINK, KINDS, STEPS } from '../../helpers/steps.js'
import { tidyNow } from '../../helpers/tidy-now.js'
import { trees } from '../../helpers/tree-arbitrary.js'
import { isTree, type ModelTree } from '../../helpers/tree-model.js'

for (const withState of [false, true]) {
  describe(`in place, ${withState ? 'with STATE_DIR' : 'with state beside the files'}`, () => {
    for (const [name, steps] of Object.entries(STEPS)) {
      test(`${name}: each step equals git's checkout`, (t) => {
        const test = createSite(t, { stateDirectory: withState })
        for (const [, files] of steps) {
          const target = test.commit(files)
          test.publish(target)
          assert.deepEqual(
            stateNames(namesIn(test.at('.git-autosync'))),
            withState ? undefined : ['snapshot'],
          )
          assert.equal(intactCommit(test.site), target.commit)
        }
        unpublish(test.site)
        assert.deepEqual(namesIn(test.volume), [])
        if (test.site.stateRoot) assert.deepEqual(namesIn(test.site.stateRoot), [])
      })
    }

    test('every step follows every other', (t) => {
      const test = createSite(t, { stateDirectory: withState })
      const targets = KINDS.map(test.commit)
      for (const from of targets) {
        for (const to of targets) {
          test.publish(from)
          test.publish(to)
        }
      }
    })
  })
}

test('random trees, one after the other in either mode', (t) => {
  const test = createSite(t)
  const step = fc.record({ tree: trees, mode: fc.constantFrom('in-place', 'symlink') })
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 4 }), (steps) => {
      for (const { tree, mode } of steps) {
        test.site = { ...test.site, mode }
        const target = test.commit(commitFilesOf(tree))
        test.publish(target)
        tidyNow(test.site)
        assert.equal(intactCommit(test.site), target.commit)
      }
      unpublish(test.site)
      assert.deepEqual(namesIn(test.volume), [])
    }),
    { numRuns: 15 },
  )
})

describe('what is new is staged as it comes', () => {
  const ORDERS: [order: string, arrange: (sent: SentObject[]) => SentObject[]][] = [
    ['each tree before its files, as git sends what no tag names', (sent) => sent],
    ['all trees first', (sent) => [...only(sent, 'tree'), ...only(sent, 'blob')]],
  ]
  for (const [order, arrange] of ORDERS) {
    test(order, (t) => {
      const test = createSite(t)
      const target = test.commit({ a: '1', 'd/b': '2', 'd/e/f': '3', 'd/g': '4', z: '5' })
      const there = new Set<Oid>()
      const source = { ...target, hasTree: (oid: Oid) => there.has(oid) }
      const publication = begin(test.site, source, () => undefined)
      for (const { oid, type, body } of arrange(sentObjects(test, target))) {
        there.add(oid)
        publication.offer(oid, { type, body })
      }
      publication.finish()
      assert.equal(target.reads.blobs, 0, 'none was read again')
      assert.equal(intactCommit(test.site), target.commit)
    })
  }
})

interface SentObject {
  oid: Oid
  type: ObjectType
  body: Buffer
}

/** All trees and blobs of a commit, in git's own order. */
function sentObjects({ repo }: TestSite, { tree }: MemoryTarget): SentObject[] {
  const oids = repo.git('rev-list', '--objects', '--no-object-names', tree).split('\n')
  return oids.map((oid) => {
    const type = repo.git('cat-file', '-t', oid) as ObjectType
    return { oid, type, body: repo.gitBytes(['cat-file', type, oid]) }
  })
}

function only(objects: SentObject[], type: ObjectType): SentObject[] {
  return objects.filter((object) => object.type === type)
}

test('a sha256 repository', (t) => {
  const test = createSite(t, { objectFormat: 'sha256' })
  test.publish({ a: '1', 'd/b': '2' })
  const target = test.commit({ a: '1', 'd/b': 'new', l: { symlink: 'a' } })
  assert.equal(test.publish(target).filesWritten, 2)
  assert.equal(intactCommit(test.site), target.commit)
  assert.equal(target.commit.length, 64)
})

for (const mode of ['in-place', 'symlink'] as const) {
  test(`a repository of another object format takes the place of one, ${mode}`, (t) => {
    const [first, other] = (['sha1', 'sha256'] as const).map((objectFormat) =>
      createSite(t, { mode, objectFormat }),
    ) as [TestSite, TestSite]
    first.publish({ a: '1', 'd/b': '2', 'd/old': '3' })
    tidyNow(first.site)
    for (const { commit, checkout } of [other, first, other]) {
      const target = commit({ a: '1', 'd/b': 'new', x: { symlink: 'a' } })
      publish(first.site, target, () => undefined)
      assert.deepEqual(treeDifferences(readTree(first.directory), checkout(target)), [])
      assert.equal(intactCommit(first.site), target.commit)
      tidyNow(first.site)
    }
  })
}

function commitFilesOf(tree: ModelTree, directory = ''): CommitFiles {
  const entries = [...tree].flatMap(([name, node]): [string, CommitFile][] => {
    const at = directory + name
    if (isTree(node)) return Object.entries(commitFilesOf(node, `${at}/`))
    const { mode, content } = node
    if (mode === MODE.gitlink) return [[at, { gitlink: GITLINK }]]
    if (mode === MODE.symlink) return [[at, { symlink: content }]]
    return [[at, { content, executable: mode === MODE.executable }]]
  })
  return Object.fromEntries(entries)
}

test('a name that is no UTF-8 is written as the bytes it is', (t) => {
  const test = createSite(t)
  test.publish({ '\xff\xfe': '1' })
  const file = Buffer.concat([Buffer.from(`${test.directory}/`), toFsPath('\xff\xfe') as Buffer])
  assert.equal(readFileSync(file, 'utf8'), '1')
})
