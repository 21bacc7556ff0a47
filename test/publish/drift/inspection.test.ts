// What a look at published files finds, and what it leaves as it is.
import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { hashObject } from '../../../src/git/object.js'
import { inspect } from '../../../src/publish/publication.js'
import { createSite, identity, type TestSite } from '../../helpers/publish-site.js'

const FILES = {
  a: '1',
  'd/b': '2',
  'd/same': '1',
  link: { symlink: 'a' },
  run: { content: 'x', executable: true },
} as const

/** Changes a file's content, and nothing that its status shows where its time was set before. */
function flipBit(file: string): void {
  const bytes = readFileSync(file)
  bytes[0]! ^= 1
  writeFileSync(file, bytes)
  utimesSync(file, 1, 1)
}

const blobOf = (content: string) => hashObject('blob', Buffer.from(content), 'sha1')
const pathsOf = (test: TestSite) => inspect(test.site).drift?.paths

for (const mode of ['in-place', 'symlink'] as const) {
  describe(`a look at published files, ${mode}`, () => {
    test('names each file that differs, and the blobs that are nowhere in place', (t) => {
      const test = createSite(t, { mode })
      const target = test.commit(FILES)
      test.publish(target)
      assert.deepEqual(inspect(test.site), { commit: target.commit, drift: undefined })
      writeFileSync(test.at('d/b'), 'edited')
      rmSync(test.at('d/same'))
      chmodSync(test.at('run'), 0o644)
      rmSync(test.at('link'))
      symlinkSync('elsewhere', test.at('link'))
      const { commit, drift } = inspect(test.site)
      assert.equal(commit, target.commit)
      assert.deepEqual(drift?.paths, ['d/b', 'd/same', 'link', 'run'])
      assert.equal(drift?.count, 4)
      // What `run` holds is right, and `d/same` may be in `a`.
      const missing = ['2', 'a'].map((content) => blobOf(content))
      for (const oid of missing) assert.ok(drift?.missing?.includes(oid))
      assert.ok(!drift?.missing?.includes(blobOf('x')))
      assert.deepEqual(inspect(test.site), { commit, drift }, 'and is not forgotten')
      const before = identity(test.at('a'))
      assert.deepEqual(test.publish(target), { filesWritten: 4, filesDeleted: 0 })
      assert.deepEqual(identity(test.at('a')), before)
      assert.equal(pathsOf(test), undefined)
    })

    test('renews the record of a file whose content is right', (t) => {
      const test = createSite(t, { mode })
      const target = test.commit(FILES)
      test.publish(target)
      utimesSync(test.at('a'), 1, 1)
      rmSync(test.at('d/b'))
      writeFileSync(test.at('d/b'), '2')
      // As a volume that gives its group more rights.
      chmodSync(test.at('d/same'), 0o664)
      const before = ['a', 'd/b', 'd/same'].map((name) => identity(test.at(name)))
      assert.deepEqual(inspect(test.site), { commit: target.commit, drift: undefined })
      assert.deepEqual(test.publish(target), { filesWritten: 0, filesDeleted: 0 })
      assert.deepEqual(
        ['a', 'd/b', 'd/same'].map((name) => identity(test.at(name))),
        before,
      )
    })

    test('finds a file that readers lost the right to read', (t) => {
      const test = createSite(t, { mode })
      const target = test.commit(FILES)
      test.publish(target)
      const { mode: permissions } = statSync(test.at('a'))
      chmodSync(test.at('a'), 0o600)
      assert.deepEqual(pathsOf(test), ['a'])
      assert.deepEqual(pathsOf(test), ['a'])
      test.publish(target)
      assert.equal(statSync(test.at('a')).mode, permissions)
    })

    test('finds a flipped bit by its content, once in all passes', (t) => {
      const test = createSite(t, { mode })
      const target = test.commit(FILES)
      test.publish(target)
      for (const name of ['a', 'd/b', 'run']) {
        utimesSync(test.at(name), 1, 1)
        assert.equal(pathsOf(test), undefined)
        flipBit(test.at(name))
        assert.equal(pathsOf(test), undefined, 'its status is as it was')
        const passes = [0, 1, 2, 3].map((pass) =>
          inspect(test.site, { share: { pass, passes: 4 } }),
        )
        assert.deepEqual(passes.at(-1)?.drift?.paths, [name])
        test.publish(target)
      }
    })

    test('stops when it is told to', (t) => {
      const test = createSite(t, { mode })
      test.publish(FILES)
      const stop = new Error('stop')
      const checkpoint = () => {
        throw stop
      }
      assert.throws(() => inspect(test.site, { checkpoint }), stop)
    })

    test('does not ask for each of very many blobs', (t) => {
      const test = createSite(t, { mode })
      const many = Object.fromEntries(Array.from({ length: 1100 }, (_, i) => [`m/${i}`, `${i}`]))
      const target = test.commit(many)
      test.publish(target)
      rmSync(test.at('m'), { recursive: true })
      const { drift } = inspect(test.site)
      assert.deepEqual([drift?.count, drift?.paths.length, drift?.missing], [1100, 10, undefined])
      test.publish(target)
    })
  })
}

test('a symlink that is gone leaves its worktree as it was', (t) => {
  const test = createSite(t, { mode: 'symlink' })
  const target = test.commit(FILES)
  test.publish(target)
  test.site = { ...test.site, published: target.commit, wasPublished: true }
  for (const replace of [
    () => undefined,
    () => writeFileSync(test.directory, 'a file'),
    () => symlinkSync(test.outside, test.directory),
  ]) {
    rmSync(test.directory)
    replace()
    assert.deepEqual(inspect(test.site), {
      commit: target.commit,
      drift: { count: 1, paths: ['.'], missing: [] },
    })
    assert.deepEqual(test.publish(target), { filesWritten: 0, filesDeleted: 0 })
  }
})

test('a directory of others that took the place of a link is not removed', (t) => {
  const test = createSite(t, { mode: 'symlink' })
  const target = test.commit(FILES)
  test.publish(target)
  test.site = { ...test.site, published: target.commit, wasPublished: true }
  rmSync(test.directory)
  mkdirSync(test.directory)
  writeFileSync(path.join(test.directory, 'foreign'), 'foreign')
  assert.equal(inspect(test.site).commit, undefined)
  assert.throws(() => test.publish(target), { code: 'path-blocked' })
  assert.equal(readFileSync(path.join(test.directory, 'foreign'), 'utf8'), 'foreign')
})
