// What somebody made in the repositories of submodules of a worktree outlives the worktree.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { removeCheckout } from '../../../src/publish/history/directory.js'
import type { DirectoryLayout, SetAside } from '../../../src/publish/target.js'
import { volumeAt } from '../../helpers/file-at.js'
import { type FsCall, fsError, withGate } from '../../helpers/fs-faults.js'
import { git, type TestScope, tempDir } from '../../helpers/git.js'

const WORKTREE = 'a'.repeat(40)
const OWN = `repository/worktrees/${WORKTREE}`

/** A worktree with nothing in it, of a repository. */
function createWorktree(t: TestScope) {
  const dir = tempDir(t)
  const at = (place: string) => path.join(dir, place)
  const told: SetAside[] = []
  git(dir, 'init', '-q', '--bare', 'repository')
  const layout: DirectoryLayout = {
    volume: volumeAt(dir),
    root: at(WORKTREE),
    stateDirectory: at('state'),
    stagingDirectory: at('staging'),
    repository: { repository: at('repository'), name: WORKTREE, isBare: true },
    onSetAside: (found) => told.push(found),
  }
  mkdirSync(layout.root)
  let commits = 0
  /** The repository of a submodule with a commit of somebody, as this service made it or not. */
  const module = (name: string, { isMarked }: { isMarked: boolean }): string => {
    const directory = at(`${OWN}/modules/${name}`)
    const work = at('work')
    mkdirSync(path.dirname(directory), { recursive: true })
    git(dir, 'init', '-q', `--separate-git-dir=${directory}`, work)
    git(work, 'commit', '-q', '--allow-empty', '-m', `${name} ${commits++}`)
    const oid = git(work, 'rev-parse', 'HEAD')
    renameSync(work, at(`work of ${oid}`))
    const marks = ['git-autosync-refs', 'git-autosync-settled']
    if (isMarked) for (const mark of marks) writeFileSync(path.join(directory, mark), '')
    return oid
  }
  const keptAt = (name: string) => at(`repository/kept-modules/${WORKTREE}/modules/${name}`)
  const assertKept = (oid: string, name: string) =>
    assert.equal(git(keptAt(name), 'cat-file', '-t', oid), 'commit')
  return { assertKept, at, keptAt, layout, module, told }
}

describe('as a worktree goes', () => {
  for (const isMarked of [true, false]) {
    test(`a repository ${isMarked ? 'with work in it' : 'of somebody'} is kept`, (t) => {
      const { assertKept, at, layout, module, told } = createWorktree(t)
      const oid = module('lib', { isMarked })
      removeCheckout(layout)
      assert.equal(existsSync(at(OWN)), false)
      assertKept(oid, 'lib')
      assert.equal(told.length, 1)
    })
  }

  test('git works in what is kept, though its files are gone', (t) => {
    const { at, keptAt, layout, module } = createWorktree(t)
    const oid = module('lib', { isMarked: true })
    const own = ['--git-dir', at(`${OWN}/modules/lib`), 'config', 'core.worktree']
    git(at('.'), ...own, '../../../../../lib')
    removeCheckout(layout)
    assert.equal(git(keptAt('lib'), 'log', '--format=%H'), oid)
  })

  for (const name of [
    'ORIG_HEAD',
    'MERGE_AUTOSTASH',
    'rebase-merge/autostash',
    'refs/bisect/bad',
    'BISECT_START',
    'NOTES_MERGE_PARTIAL',
    'rebase-merge/amend',
    'rebase-apply/original-commit',
    'sequencer/head',
    'sequencer/abort-safety',
  ]) {
    test(`what only its ${name} leads to is kept`, (t) => {
      const { at, layout } = createWorktree(t)
      const repository = at('repository')
      const tree = git(repository, 'hash-object', '-w', '-t', 'tree', '/dev/null')
      const oid = git(repository, 'commit-tree', '-m', name, tree)
      const file = at(`${OWN}/${name}`)
      mkdirSync(path.dirname(file), { recursive: true })
      writeFileSync(file, `${oid}\n`)
      writeFileSync(at(`${OWN}/FETCH_HEAD`), `${tree}\t\tbranch\n`)
      writeFileSync(at(`${OWN}/AUTO_MERGE`), `${tree}\n`)
      removeCheckout(layout)
      assert.equal(existsSync(at(OWN)), false)
      assert.equal(git(repository, 'for-each-ref', '--format=%(refname)'), `refs/kept/${oid}`)
    })
  }

  for (const name of ['HEAD', 'ORIG_HEAD', 'refs/bisect/bad', 'refs/bisect', 'modules']) {
    test(`it stays where its ${name} cannot be read`, (t) => {
      const { at, layout, module, told } = createWorktree(t)
      module('lib', { isMarked: true })
      const file = at(`${OWN}/${name}`)
      mkdirSync(path.dirname(file), { recursive: true })
      if (name === 'refs/bisect') mkdirSync(file)
      else if (name !== 'modules') writeFileSync(file, `${'a'.repeat(40)}\n`)
      const gate = (call: FsCall) => {
        const isRead = call.name === 'openSync' || call.name === 'readdirSync'
        if (isRead && call.paths.includes(file)) throw fsError('EACCES')
      }
      withGate(gate, () => assert.equal(removeCheckout(layout), false))
      assert.deepEqual(
        told.map(({ path }) => path),
        [at(OWN)],
      )
      assert.ok(existsSync(at(OWN)))
    })
  }

  test('one that nobody worked in goes', (t) => {
    const { at, layout, told } = createWorktree(t)
    const directory = at(`${OWN}/modules/lib`)
    git(at('.'), 'init', '-q', '--bare', '--template=', directory)
    writeFileSync(path.join(directory, 'git-autosync-refs'), '')
    removeCheckout(layout)
    assert.equal(existsSync(at(OWN)), false)
    assert.equal(existsSync(at('repository/kept-modules')), false)
    assert.deepEqual(told, [])
  })

  test('what is kept is never written over', (t) => {
    const { assertKept, layout, module } = createWorktree(t)
    const oids = [1, 2, 3].map(() => {
      const oid = module('lib', { isMarked: true })
      removeCheckout(layout)
      return oid
    })
    for (const [count, oid] of oids.entries()) assertKept(oid, count ? `lib.${count}` : 'lib')
  })

  test('nothing is lost where it cannot be moved', (t) => {
    const { assertKept, layout, module, told } = createWorktree(t)
    const oid = module('lib', { isMarked: true })
    const failing = () =>
      withGate(
        ({ name }) => {
          if (name === 'renameSync') throw fsError('EIO')
        },
        () => removeCheckout(layout),
      )
    assert.throws(failing, { code: 'EIO' })
    removeCheckout(layout)
    assertKept(oid, 'lib')
    assert.equal(told.length, 1)
  })

  for (const name of ['x/HEAD', 'HEAD', 'objects/HEAD']) {
    test(`the repository of a submodule called ${name} is kept`, (t) => {
      const { assertKept, layout, module } = createWorktree(t)
      const oid = module(name, { isMarked: true })
      removeCheckout(layout)
      assertKept(oid, name)
    })
  }
})
