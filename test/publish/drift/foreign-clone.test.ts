// Directories that others filled, taken over: a clone with its `.git`, and a copy.
import assert from 'node:assert/strict'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { inspect } from '../../../src/publish/publication.js'
import type { SetAside } from '../../../src/publish/target.js'
import { gitBytes } from '../../helpers/git-command.js'
import { publish } from '../../helpers/publish.js'
import { createSite, identity, type TestSite } from '../../helpers/publish-site.js'

const none = () => undefined
const FIRST = {
  same: 'same',
  changed: 'old',
  'stale/a': 'a',
  'stale/deep/b': 'b',
  run: { content: 'x', executable: true },
  link: { symlink: 'same' },
} as const
const SECOND = { same: 'same', changed: 'new', run: FIRST.run, link: FIRST.link, stale: 'a file' }

function git(directory: string, ...args: string[]): void {
  gitBytes(directory, args)
}

/** Clones a commit to the published path with real git, as a branch named main. */
function clone(test: TestSite, files: Parameters<TestSite['commit']>[0]): void {
  const { commit } = test.commit(files)
  test.repo.git('update-ref', 'refs/heads/main', commit)
  test.repo.git('symbolic-ref', 'HEAD', 'refs/heads/main')
  git(test.volume, 'clone', '--quiet', '--no-local', test.repo.dir, test.directory)
}

/** Makes every object of a clone a file of its own. */
function unpackAll(directory: string): void {
  const pack = path.join(directory, '.git/objects/pack')
  for (const name of readdirSync(pack).filter((file) => file.endsWith('.pack'))) {
    const bytes = readFileSync(path.join(pack, name))
    rmSync(pack, { recursive: true })
    mkdirSync(pack)
    gitBytes(directory, ['unpack-objects', '-q'], { input: bytes })
  }
}

describe('a clone with its .git', () => {
  test('is taken over: what is right stays, what is stale goes, and so does .git', (t) => {
    const test = createSite(t)
    clone(test, FIRST)
    const kept = ['same', 'run', 'link'].map((name) => identity(test.at(name)))
    assert.deepEqual(inspect(test.site), { commit: undefined, drift: undefined })
    assert.deepEqual(test.publish(SECOND), { filesWritten: 2, filesDeleted: 2 })
    assert.deepEqual(
      ['same', 'run', 'link'].map((name) => identity(test.at(name))),
      kept,
    )
    assert.ok(!existsSync(test.at('.git')))
  })

  test('keeps what was added to its index and never committed, and its .git', (t) => {
    const test = createSite(t)
    clone(test, FIRST)
    writeFileSync(test.at('precious'), 'nowhere else')
    git(test.directory, 'add', 'precious')
    publish(test.site, test.commit({ same: 'same' }), none)
    assert.equal(readFileSync(test.at('precious'), 'utf8'), 'nowhere else')
    assert.ok(existsSync(test.at('.git/index')))
  })

  const WITHOUT_TREE: Record<string, string[][]> = {
    'as assume-unchanged leaves it': [['update-index', '--assume-unchanged', 'same']],
    'as skip-worktree leaves it': [['update-index', '--skip-worktree', 'same']],
    'of which an entry was removed and added as it was': [
      ['update-index', '--force-remove', 'stale/deep/b'],
      ['add', 'stale/deep/b'],
    ],
    'at a detached HEAD': [
      ['checkout', '--quiet', '--detach'],
      ['update-index', '--assume-unchanged', 'same'],
    ],
    'whose objects are loose': [
      ['unpack-objects', '-q'],
      ['update-index', '--assume-unchanged', 'same'],
    ],
  }
  for (const [how, commands] of Object.entries(WITHOUT_TREE)) {
    test(`is taken over where its index has no whole tree, ${how}`, (t) => {
      const test = createSite(t)
      clone(test, FIRST)
      for (const [command = '', ...rest] of commands) {
        if (command === 'unpack-objects') unpackAll(test.directory)
        else git(test.directory, command, ...rest)
      }
      assert.deepEqual(test.publish(SECOND), { filesWritten: 2, filesDeleted: 2 })
      assert.ok(!existsSync(test.at('.git')))
    })
  }

  const UNTOLD: Record<string, [RegExp, (gitDirectory: string) => void]> = {
    'has no index': [/index is missing/, (git) => rmSync(`${git}/index`)],
    'has a damaged index': [
      /index is missing or damaged/,
      (git) => truncateSync(`${git}/index`, 70),
    ],
    'has a stash': [/refs\/stash/, (git) => writeFileSync(`${git}/refs/stash`, 'x')],
    'lacks its objects': [
      /the commit at its HEAD has not/,
      (gitDirectory) => {
        git(path.dirname(gitDirectory), 'update-index', '--assume-unchanged', 'same')
        rmSync(`${gitDirectory}/objects`, { recursive: true })
      },
    ],
  }
  for (const [what, [reason, change]] of Object.entries(UNTOLD)) {
    test(`that ${what} stays, and it is told why`, (t) => {
      const test = createSite(t)
      clone(test, FIRST)
      change(test.at('.git'))
      const told: SetAside[] = []
      const site = { ...test.site, onSetAside: (found: SetAside) => told.push(found) }
      const { same, run, link } = FIRST
      publish(site, test.commit({ same, run, link, changed: 'new' }), none)
      assert.ok(existsSync(test.at('.git')))
      assert.equal(told[0]?.path, test.at('.git'))
      assert.match(told[0]?.reason ?? '', reason)
      assert.equal(told.length, 1)
    })
  }

  test('of the same commit is not touched but for .git', (t) => {
    const test = createSite(t)
    clone(test, FIRST)
    assert.deepEqual(test.publish(FIRST), { filesWritten: 0, filesDeleted: 0 })
    assert.ok(!existsSync(test.at('.git')))
  })

  test('keeps the stale files that somebody edited, and those git does not know', (t) => {
    const test = createSite(t)
    clone(test, FIRST)
    writeFileSync(test.at('stale/a'), 'edited')
    writeFileSync(test.at('untracked'), 'untracked')
    publish(test.site, test.commit({ same: 'same' }), none)
    assert.equal(readFileSync(test.at('stale/a'), 'utf8'), 'edited')
    assert.equal(readFileSync(test.at('untracked'), 'utf8'), 'untracked')
    assert.ok(!existsSync(test.at('stale/deep')))
    assert.ok(!existsSync(test.at('changed')))
  })

  test('is left whole where an edited file is in the way', (t) => {
    const test = createSite(t)
    clone(test, FIRST)
    writeFileSync(test.at('stale/deep/b'), 'edited')
    assert.throws(() => test.publish(SECOND), { code: 'path-blocked', message: /stale\/deep\/b/ })
    assert.equal(readFileSync(test.at('stale/a'), 'utf8'), 'a')
    assert.ok(existsSync(test.at('.git/index')))
  })

  test('becomes a link', (t) => {
    const test = createSite(t, { mode: 'symlink' })
    clone(test, FIRST)
    test.publish(SECOND)
    assert.ok(lstatSync(test.directory).isSymbolicLink())
  })

  const work: Record<string, (test: TestSite) => void> = {
    'a commit that no remote has': ({ directory, at }) => {
      writeFileSync(at('same'), 'mine')
      git(directory, 'commit', '--quiet', '--all', '--message', 'mine')
    },
    'a branch of its own': ({ directory, at }) => {
      git(directory, 'checkout', '--quiet', '-b', 'mine')
      writeFileSync(at('same'), 'mine')
      git(directory, 'commit', '--quiet', '--all', '--message', 'mine')
      git(directory, 'checkout', '--quiet', 'main')
    },
    'a stash': ({ directory, at }) => {
      writeFileSync(at('same'), 'mine')
      git(directory, 'stash')
    },
    'a detached HEAD with a commit': ({ directory, at }) => {
      git(directory, 'checkout', '--quiet', '--detach')
      writeFileSync(at('same'), 'mine')
      git(directory, 'commit', '--quiet', '--all', '--message', 'mine')
    },
  }
  for (const [name, make] of Object.entries(work)) {
    test(`that holds ${name} keeps its .git`, (t) => {
      const test = createSite(t)
      clone(test, FIRST)
      make(test)
      test.publish(SECOND)
      assert.ok(existsSync(test.at('.git/index')))
      const link = { ...test.site, directory: `${test.directory}2`, mode: 'symlink' } as const
      cpSync(test.directory, link.directory, { recursive: true, verbatimSymlinks: true })
      assert.throws(() => publish(link, test.commit(FIRST), none), { code: 'path-blocked' })
    })
  }

  test('with a symlink in place of a directory loses nothing behind it', (t) => {
    const test = createSite(t)
    clone(test, FIRST)
    renameSync(test.at('stale'), path.join(test.outside, 'stale'))
    symlinkSync(path.join(test.outside, 'stale'), test.at('stale'))
    publish(test.site, test.commit({ same: 'same' }), none)
    assert.equal(readFileSync(path.join(test.outside, 'stale/a'), 'utf8'), 'a')
    assert.equal(readFileSync(path.join(test.outside, 'stale/deep/b'), 'utf8'), 'b')
  })
})

test('a copy, as rsync makes it, is taken over without a rewrite', (t) => {
  const test = createSite(t)
  const source = createSite(t)
  source.publish(FIRST)
  cpSync(source.directory, test.directory, {
    recursive: true,
    preserveTimestamps: true,
    verbatimSymlinks: true,
    filter: (name) => !name.includes('.git-autosync'),
  })
  chmodSync(test.at('same'), 0o664)
  const before = identity(test.at('same'))
  assert.deepEqual(test.publish(FIRST), { filesWritten: 0, filesDeleted: 0 })
  assert.deepEqual(identity(test.at('same')), before)
})
