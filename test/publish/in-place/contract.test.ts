import assert from 'node:assert/strict'
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { unpublish } from '../../../src/publish/publication.js'
import { recordCalls } from '../../helpers/fs-faults.js'
import { intactCommit } from '../../helpers/intact-commit.js'
import { publish } from '../../helpers/publish.js'
import { createSite, identity, namesIn } from '../../helpers/publish-site.js'

const none = () => undefined

describe('what is published in place', () => {
  test('counts what it wrote and deleted, and reads only what is new', (t) => {
    const test = createSite(t)
    const first = test.commit({ a: '1', b: '2', 'd/c': '3', 'e/f': '4' })
    assert.deepEqual(test.publish(first), { filesWritten: 4, filesDeleted: 0 })
    const second = test.commit({ a: 'new', 'd/c': '3', 'e/g': '4' })
    assert.deepEqual(test.publish(second), { filesWritten: 2, filesDeleted: 2 })
    assert.deepEqual(second.reads, { trees: 2, blobs: 2 })
    const again = test.commit({ a: 'new', 'd/c': '3', 'e/g': '4' })
    assert.deepEqual(test.publish(again), { filesWritten: 0, filesDeleted: 0 })
    assert.deepEqual(again.reads, { trees: 0, blobs: 0 })
  })

  test('keeps inode and time of unchanged files, and gives changed ones a new inode', (t) => {
    const test = createSite(t)
    test.publish({ same: '1', 'd/same': '2', changed: '3', link: { symlink: 'same' } })
    const before = ['same', 'd/same', 'd', 'link'].map((name) => identity(test.at(name)))
    const changed = identity(test.at('changed'))
    test.publish({ same: '1', 'd/same': '2', changed: '4', link: { symlink: 'same' } })
    const after = ['same', 'd/same', 'd', 'link'].map((name) => identity(test.at(name)))
    assert.deepEqual(after, before)
    assert.notEqual(identity(test.at('changed')).ino, changed.ino)
  })

  test('leaves the old content to who holds the file open', (t) => {
    const test = createSite(t)
    test.publish({ changed: 'old', deleted: 'old' })
    const files = ['changed', 'deleted'].map((name) => openSync(test.at(name), 'r'))
    test.publish({ changed: 'a new and longer one' })
    for (const file of files) {
      assert.equal(readFileSync(file, 'utf8'), 'old')
      closeSync(file)
    }
  })

  test('has the permissions that the umask leaves', (t) => {
    const test = createSite(t)
    const files = { a: '1', 'd/x': { content: '2', executable: true } }
    const umask = process.umask(0o027)
    try {
      test.publish(files)
    } finally {
      process.umask(umask)
    }
    const modes = ['a', 'd', 'd/x'].map((name) => lstatSync(test.at(name)).mode & 0o777)
    assert.deepEqual(modes, [0o640, 0o750, 0o750])
  })

  test('never needed a change of mode, owner or time, nor a stat that follows links', (t) => {
    const test = createSite(t)
    test.publish({ x: { symlink: 'a' }, y: 'file', 'd/a': '1', a: '1' })
    const target = test.commit({ 'x/x': '1', y: { symlink: 'd' }, d: { symlink: 'x' }, b: '1' })
    const calls = recordCalls(() => publish(test.site, target, none))
    const names = new Set(calls.map(({ name }) => name))
    assert.ok(names.has('renameSync'))
    const unwanted = [...names].filter((name) => /chmod|chown|times|truncate|^stat/.test(name))
    assert.deepEqual(unwanted, [])
  })

  test('is all staged before the first rename, and deletions come last', (t) => {
    const test = createSite(t)
    test.publish({ a: '1', b: '1', 'd/c': '1', 'e/f': '1' })
    const target = test.commit({ a: '2', b: '2', 'd/n': '1' })
    const calls = recordCalls(() => publish(test.site, target, none))
    const isPublished = ({ paths }: { paths: string[] }) =>
      paths.some((file) => !file.startsWith(test.at('.git-autosync')) && file !== test.volume)
    const changes = calls.filter(
      (call) =>
        call.isChange &&
        /open|rename|unlink|rmdir|symlink|mkdir/.test(call.name) &&
        isPublished(call),
    )
    const kinds = changes.map(({ name, paths }) => `${name} ${path.basename(paths.at(-1) ?? '')}`)
    assert.deepEqual(kinds, [
      'renameSync a',
      'renameSync b',
      'renameSync n',
      'unlinkSync c',
      'unlinkSync f',
      // Not empty.
      'rmdirSync d',
      'rmdirSync e',
    ])
    const lastWrite = calls.findLastIndex(
      ({ name, isChange, paths }) =>
        name === 'openSync' && isChange && !paths.some((file) => file.endsWith('/current.next')),
    )
    assert.ok(
      lastWrite < calls.findIndex((call) => call.name === 'renameSync' && isPublished(call)),
    )
  })

  test('costs a change in a large tree only what changed', (t) => {
    const test = createSite(t)
    const files = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, n) => [`d${n % 40}/f${n}`, `${n}`]),
    )
    test.publish(files)
    const target = test.commit({ ...files, 'd7/f7': 'new' })
    const calls = recordCalls(() => publish(test.site, target, none))
    assert.ok(calls.length < 160, `${calls.length} calls`)
    test.assertPublished(target)
  })
})

describe('the published directory', () => {
  test('is made with all above it', (t) => {
    const test = createSite(t)
    const directory = path.join(test.volume, 'a/b/c')
    publish({ ...test.site, directory }, test.commit({ f: '1' }), none)
    assert.deepEqual(namesIn(directory), ['.git-autosync', 'f'])
  })

  test('keeps its own inode, as a mount needs', (t) => {
    const test = createSite(t)
    mkdirSync(test.directory)
    const { ino } = statSync(test.directory)
    for (const files of [{ a: '1' }, {}, { 'd/a': '1' }]) test.publish(files)
    assert.equal(statSync(test.directory).ino, ino)
  })

  test('has only staging, and what is current, beside its files with STATE_DIR', (t) => {
    for (const mode of ['in-place', 'symlink'] as const) {
      const test = createSite(t, { mode, stateDirectory: true })
      publish(test.site, test.commit({ a: '1', 'd/b': '1' }), none)
      const target = test.commit({ a: '2', 'd/b': '1', 'e/f': '1' })
      const calls = recordCalls(() => publish(test.site, target, none))
      const made = calls.filter(
        ({ name, isChange }) => isChange && /open|mkdir|symlink|writeFile/.test(name),
      )
      const beside = made.flatMap(({ paths }) => paths.filter((at) => at.startsWith(test.volume)))
      const own = mode === 'in-place' ? test.at('.git-autosync') : `${test.volume}/.git-autosync`
      const isParent = (at: string) => own.startsWith(at)
      const isStaging = (at: string) =>
        /staging|\.link$|standby\.new|\/current\.next$/.test(at) || at === `${own}/site`
      assert.deepEqual(
        beside.filter((at) => !isParent(at) && !isStaging(at)),
        [],
      )
      assert.ok(beside.some(isStaging))
    }
  })

  test('has nothing of STATE_DIR, which may be anywhere', (t) => {
    const test = createSite(t, { stateDirectory: true })
    const long = path.join(test.volume, 'n'.repeat(255))
    const site = { ...test.site, directory: long }
    const target = test.commit({ f: '1', 'd/e': '1' })
    publish(site, target, none)
    assert.deepEqual(namesIn(long), ['.git-autosync', 'd', 'f'])
    assert.deepEqual(namesIn(path.join(long, '.git-autosync')), ['current'])
    assert.equal(intactCommit(site), target.commit)
    unpublish(site)
    assert.ok(!existsSync(long))
  })
})
