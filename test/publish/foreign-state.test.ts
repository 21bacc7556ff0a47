// State that another user owns, or could have written. Only root can give files away.
import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { inspect } from '../../src/publish/publication.js'
import type { PublishMode, SetAside } from '../../src/publish/target.js'
import type { TestScope } from '../helpers/git.js'
import { NEEDS_ROOT } from '../helpers/needs.js'
import { createSite, type TestSite } from '../helpers/publish-site.js'

const OTHER = 65534
const FILES = { a: '1', 'd/b': '2' }

function create(t: TestScope, mode: PublishMode, stateDirectory = false) {
  const test = createSite(t, { mode, stateDirectory })
  const told: SetAside[] = []
  test.site = { ...test.site, onSetAside: (found) => told.push(found) }
  test.publish(FILES)
  assert.equal(told.length, 0)
  return { test, told }
}

function giveAway(directory: string, change: (file: string) => void): void {
  change(directory)
  for (const name of readdirSync(directory)) {
    if (lstatSync(path.join(directory, name)).isFile()) change(path.join(directory, name))
  }
}

const stateOf = (test: TestSite, mode: PublishMode) =>
  mode === 'in-place' ? test.at('.git-autosync') : path.join(test.volume, '.git-autosync')

describe('state of another user', NEEDS_ROOT, () => {
  for (const mode of ['in-place', 'symlink'] as const) {
    test(`is not believed, and what is published stays, ${mode}`, (t) => {
      const { test, told } = create(t, mode)
      const state = stateOf(test, mode)
      const shown = path.join(test.volume, 'shown')
      for (const at of mode === 'in-place' ? [state] : [state, path.join(state, 'site')]) {
        giveAway(at, (file) => chownSync(file, OTHER, OTHER))
      }
      writeFileSync(path.join(state, 'journal'), '{"renames":[],"deletes":["a"],"keeps":[]}')
      assert.equal(inspect(test.site).commit, undefined)
      assert.equal(told[0]?.path, state)
      assert.match(told[0]?.reason ?? '', /user 65534 owns it/)
      const before = lstatSync(test.at('a')).ino
      told.length = 0
      test.publish(FILES)
      assert.equal(lstatSync(test.at('a')).ino, before, 'it was right, and is kept')
      assert.deepEqual(inspect(test.site).drift, undefined)
      test.publish({ ...FILES, a: '2' })
      assert.equal(told.length, 0)
      assert.equal(existsSync(shown), false)
    })
  }

  test('is not believed in STATE_DIR', (t) => {
    const { test, told } = create(t, 'in-place', true)
    const [folder = ''] = readdirSync(test.site.stateRoot as string)
    const state = path.join(test.site.stateRoot as string, folder, 'in-place')
    chownSync(path.join(state, 'snapshot'), OTHER, OTHER)
    assert.equal(inspect(test.site).commit, undefined)
    assert.deepEqual(
      told.map((found) => found.path),
      [path.join(state, 'snapshot')],
    )
    test.publish(FILES)
  })

  test('that only others put there, in a directory of theirs, goes with it', (t) => {
    const { test, told } = create(t, 'in-place')
    const own = test.at('.git-autosync')
    renameSync(own, test.at('.was'))
    mkdirSync(own)
    mkdirSync(path.join(own, 'staging/full'), { recursive: true })
    chownSync(own, OTHER, OTHER)
    inspect(test.site)
    assert.equal(told.length, 1)
    assert.deepEqual(readdirSync(test.directory).sort(), ['.was', 'a', 'd'])
  })
})

describe('state that others may write', () => {
  test('is not believed', (t) => {
    const { test, told } = create(t, 'in-place')
    chmodSync(test.at('.git-autosync/snapshot'), 0o666)
    assert.equal(inspect(test.site).commit, undefined)
    assert.match(told[0]?.reason ?? '', /permissions 666/)
  })

  test('is, where every file there is so', (t) => {
    const umask = process.umask(0)
    try {
      const { test, told } = create(t, 'in-place')
      assert.equal(lstatSync(test.at('.git-autosync/snapshot')).mode & 0o777, 0o666)
      assert.ok(inspect(test.site).commit)
      assert.equal(told.length, 0)
    } finally {
      process.umask(umask)
    }
  })

  test('is, where it is a group that this process is in', (t) => {
    const { test, told } = create(t, 'in-place')
    giveAway(test.at('.git-autosync'), (file) => {
      chmodSync(file, lstatSync(file).isDirectory() ? 0o2775 : 0o664)
    })
    assert.ok(inspect(test.site).commit)
    assert.equal(told.length, 0)
  })
})
