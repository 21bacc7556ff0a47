import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { unpublish } from '../../../src/publish/publication.js'
import { recordCalls } from '../../helpers/fs-faults.js'
import type { CommitFiles } from '../../helpers/git-commit.js'
import { intactCommit } from '../../helpers/intact-commit.js'
import { publish } from '../../helpers/publish.js'
import { createSite, identity, namesIn, type TestSite } from '../../helpers/publish-site.js'
import { readTree } from '../../helpers/same-tree.js'
import { tidyNow } from '../../helpers/tidy-now.js'
import { namesBesideLink } from '../../helpers/worktree-site.js'

const none = () => undefined

const FIRST: CommitFiles = { a: '1', 'd/b': '2', 'd/c': '3', l: { symlink: 'a' } }
const SECOND: CommitFiles = { a: '1', 'd/b': 'new', e: { content: '4', executable: true } }

for (const stateDirectory of [false, true]) {
  describe(`by symlink, with state ${stateDirectory ? 'in STATE_DIR' : 'beside the link'}`, () => {
    const create = (t: { after(cleanUp: () => unknown): void }): TestSite =>
      createSite(t, { mode: 'symlink', stateDirectory })

    test('the link is relative, and the name it points to is the commit', (t) => {
      const test = create(t)
      const target = test.commit(FIRST)
      test.publish(target)
      const link = readlinkSync(test.directory)
      assert.equal(link, `.git-autosync/site/${target.commit}`)
      assert.equal(path.basename(realpathSync(test.directory)), target.commit)
      const moved = `${test.volume}-moved`
      renameSync(test.volume, moved)
      assert.equal(readFileSync(path.join(moved, 'site/d/b'), 'utf8'), '2')
      renameSync(moved, test.volume)
    })

    test('each commit is whole at once, and the one before goes with tidy', (t) => {
      const test = create(t)
      const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
      test.publish(first)
      const worktrees = path.join(test.volume, '.git-autosync/site')
      const before = { link: identity(test.directory), tree: realpathSync(test.directory) }
      test.publish(second)
      assert.notEqual(identity(test.directory).ino, before.link.ino)
      assert.ok(readTree(before.tree).has('l'), 'who reads the old commit can go on')
      tidyNow(test.site)
      assert.deepEqual(namesIn(worktrees), namesBesideLink(second.commit, test.site))
      test.assertPublished(second)
      assert.equal(intactCommit(test.site), second.commit)
    })

    test('the link is swapped by one rename, after all else', (t) => {
      const test = create(t)
      test.publish(FIRST)
      const target = test.commit(SECOND)
      const calls = recordCalls(() => publish(test.site, target, none))
      const changes = calls.filter(
        ({ name, paths }) => paths.includes(test.directory) && !/lstat|readlink/.test(name),
      )
      assert.deepEqual(
        changes.map(({ name }) => name),
        ['renameSync'],
      )
      const isSync = /open|fsync|close/
      assert.equal(calls.filter(({ name }) => !isSync.test(name)).at(-1), changes[0])
      test.assertPublished(target)
    })

    test('the commit that is there already costs no swap', (t) => {
      const test = create(t)
      const target = test.commit(FIRST)
      test.publish(target)
      const before = identity(test.directory)
      assert.deepEqual(test.publish(target), { filesWritten: 0, filesDeleted: 0 })
      assert.deepEqual(identity(test.directory), before)
    })

    test('an empty tree is an empty directory', (t) => {
      const test = create(t)
      for (const files of [{}, FIRST, {}]) {
        const target = test.commit(files)
        test.publish(target)
        assert.equal(intactCommit(test.site), target.commit)
        tidyNow(test.site)
      }
    })

    test('what it finds after a restart is the linked commit, if whole', (t) => {
      const test = create(t)
      const target = test.commit(FIRST)
      assert.equal(intactCommit(test.site), undefined)
      test.publish(target)
      assert.equal(intactCommit(test.site), target.commit)
      writeFileSync(test.at('d/b'), 'edited')
      assert.equal(intactCommit(test.site), undefined)
      assert.equal(intactCommit(test.site), undefined)
      assert.deepEqual(test.publish(target), { filesWritten: 1, filesDeleted: 0 })
      assert.equal(intactCommit(test.site), target.commit)
      rmSync(test.at('d/c'))
      assert.equal(intactCommit(test.site), undefined)
      test.publish(target)
      chmodSync(test.at('a'), 0o755)
      assert.equal(intactCommit(test.site), undefined)
      test.publish(target)
      rmSync(test.directory)
      assert.equal(intactCommit(test.site), undefined)
    })

    test('a worktree left from earlier is used again only as far as it is right', (t) => {
      const test = create(t)
      const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
      test.publish(first)
      const old = realpathSync(test.directory)
      test.publish(second)
      const right = identity(path.join(old, 'a'))
      rmSync(path.join(old, 'd'), { recursive: true })
      assert.deepEqual(test.publish(first), { filesWritten: 2, filesDeleted: 0 })
      assert.deepEqual(identity(path.join(old, 'a')), right)
      test.publish(second)
      rmSync(old, { recursive: true })
      test.publish(first)
    })

    test('a symlink that another made is replaced, not followed', (t) => {
      const test = create(t)
      writeFileSync(path.join(test.outside, 'a'), 'foreign')
      symlinkSync(test.outside, test.directory)
      assert.equal(intactCommit(test.site), undefined)
      test.publish(FIRST)
      assert.equal(readFileSync(path.join(test.outside, 'a'), 'utf8'), 'foreign')
      assert.deepEqual(namesIn(test.outside), ['a'])
    })

    test('a directory with foreign files is left alone, and nothing is built', (t) => {
      const test = create(t)
      mkdirSync(test.at('d'), { recursive: true })
      writeFileSync(test.at('d/foreign'), 'foreign')
      const target = test.commit(FIRST)
      assert.throws(() => publish(test.site, target, none), { code: 'path-blocked' })
      assert.equal(intactCommit(test.site), undefined)
      assert.deepEqual(namesIn(test.volume), ['site'])
      assert.equal(readFileSync(test.at('d/foreign'), 'utf8'), 'foreign')
      rmSync(test.at('d/foreign'))
      test.publish(target)
    })

    test('unpublish removes the link and all that belongs to it', (t) => {
      const test = create(t)
      test.publish(FIRST)
      test.publish(SECOND)
      writeFileSync(path.join(test.volume, 'foreign'), '')
      unpublish(test.site)
      assert.deepEqual(namesIn(test.volume), ['foreign'])
      if (test.site.stateRoot) assert.deepEqual(namesIn(test.site.stateRoot), [])
      unpublish(test.site)
    })

    test('unpublish of one site leaves another beside it', (t) => {
      const test = create(t)
      const other = { ...test.site, directory: path.join(test.volume, 'other') }
      const target = test.commit(FIRST)
      publish(other, target, none)
      test.publish(SECOND)
      unpublish(test.site)
      assert.equal(intactCommit(other), target.commit)
    })

    test('names that are no UTF-8 are removed, too', (t) => {
      const test = create(t)
      test.publish({ '\xff/\xfe': '1' })
      test.publish({ a: '1' })
      tidyNow(test.site)
      unpublish(test.site)
      assert.deepEqual(namesIn(test.volume), [])
    })

    test('a reader sees a link to a whole commit at any time', async (t) => {
      const test = create(t)
      const targets = [{ a: 'x', b: 'x' }, { a: 'y', b: 'y', c: 'y' }, { a: 'z' }].map(test.commit)
      test.publish(targets[0]!)
      const stop = new Int32Array(new SharedArrayBuffer(4))
      const wanted = Object.fromEntries(
        targets.map(({ commit }, index) => [commit, ['ab', 'abc', 'a'][index]]),
      )
      const reader = new Worker(READER, {
        eval: true,
        workerData: { link: test.directory, stop, wanted },
      })
      await once(reader, 'message')
      for (let round = 0; round < 60; round++) publish(test.site, targets[round % 3]!, none)
      Atomics.store(stop, 0, 1)
      const [{ reads, faults }] = await once(reader, 'message')
      await reader.terminate()
      assert.deepEqual(faults, [])
      assert.ok(reads > 0)
    })

    test('a refused commit leaves the link as it was', (t) => {
      const test = create(t)
      const first = test.commit(FIRST)
      test.publish(first)
      const before = readlinkSync(test.directory)
      const target = test.commit({ ...SECOND, l: { symlink: Buffer.from('a\0b') } })
      assert.throws(() => publish(test.site, target, none), { code: 'unsafe-tree' })
      assert.equal(readlinkSync(test.directory), before)
      const worktrees = path.join(test.volume, '.git-autosync/site')
      assert.ok(!existsSync(path.join(worktrees, `${target.commit}.staging`)))
      tidyNow(test.site)
      assert.deepEqual(namesIn(worktrees), namesBesideLink(first.commit, test.site))
    })
  })
}

/** Reads the link and what it points to, over and over. */
const READER = `
const fs = require('node:fs')
const path = require('node:path')
const { parentPort, workerData: { link, stop, wanted } } = require('node:worker_threads')
let reads = 0
const faults = []
do {
  try {
    const worktree = path.resolve(path.dirname(link), fs.readlinkSync(link))
    const names = fs.readdirSync(worktree).join('')
    if (names !== wanted[path.basename(worktree)]) faults.push(worktree + ' holds ' + names)
    fs.readFileSync(link + '/a')
  } catch (error) {
    faults.push(error.message)
  }
  if (reads++ === 0) parentPort.postMessage('reading')
} while (Atomics.load(stop, 0) === 0 && faults.length < 5)
parentPort.postMessage({ reads, faults })
`
