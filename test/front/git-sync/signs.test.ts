// What others plant where the files of git-sync are.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { ErrorFile, showRemoval, touch } from '../../../src/front/git-sync/signs.js'
import { type TestScope, tempDir } from '../../helpers/git.js'

const LONG_AGO = new Date(1000)

/** A root, and a file of somebody else outside of it. */
function setUp(t: TestScope) {
  const dir = tempDir(t)
  const root = path.join(dir, 'root')
  mkdirSync(root)
  mkdirSync(path.join(dir, 'other'))
  const other = path.join(dir, 'other/file')
  writeFileSync(other, 'precious')
  utimesSync(other, LONG_AGO, LONG_AGO)
  const assertUntouched = () => {
    assert.equal(readFileSync(other, 'utf8'), 'precious')
    assert.equal(statSync(other).mtimeMs, LONG_AGO.getTime())
    assert.deepEqual(readdirSync(path.dirname(other)), ['file'])
  }
  const faults: string[] = []
  const errorFile = (name: string) =>
    new ErrorFile(path.join(root, name), [root], (error) => faults.push(String(error)))
  return { assertUntouched, errorFile, faults, other, root }
}

describe('the files of git-sync', () => {
  test('touches no file behind a symlink', (t) => {
    const { assertUntouched, other, root } = setUp(t)
    symlinkSync(other, path.join(root, 'touch'))
    symlinkSync(path.dirname(other), path.join(root, 'dir'))
    for (const name of ['touch', 'dir/file', 'dir/new']) {
      assert.throws(() => touch(path.join(root, name), [root]), name)
    }
    assertUntouched()
  })

  test('waits for no pipe', (t) => {
    const { errorFile, faults, root } = setUp(t)
    for (const name of ['touch', 'error', '.git-sync-updated']) {
      execFileSync('mkfifo', [path.join(root, name)])
    }
    assert.throws(() => touch(path.join(root, 'touch'), [root]), /ENXIO/)
    showRemoval(path.join(root, 'link'))
    errorFile('error').write('wrong')
    assert.equal(readFileSync(path.join(root, 'error'), 'utf8'), 'wrong')
    assert.deepEqual(faults, [])
  })

  test('touches, and makes what is missing, also outside of the root', (t) => {
    const { other, root } = setUp(t)
    touch(path.join(root, 'a/b'), [root])
    assert.equal(readFileSync(path.join(root, 'a/b'), 'utf8'), '')
    touch(other, [root])
    assert.equal(readFileSync(other, 'utf8'), 'precious')
    assert.ok(statSync(other).mtimeMs > LONG_AGO.getTime())
  })

  test('replaces a symlink by the error, and follows none on the way', (t) => {
    const { assertUntouched, errorFile, faults, other, root } = setUp(t)
    symlinkSync(other, path.join(root, 'error'))
    symlinkSync(path.dirname(other), path.join(root, 'dir'))
    errorFile('error').write('wrong')
    assert.equal(readFileSync(path.join(root, 'error'), 'utf8'), 'wrong')
    assert.deepEqual(faults, [])
    errorFile('dir/file').write('wrong')
    errorFile('dir/file').delete()
    assertUntouched()
    assert.ok(faults.length > 0)
  })

  test('says what is wrong with the error file, and leaves nothing', (t) => {
    const { errorFile, faults, root } = setUp(t)
    mkdirSync(path.join(root, 'error/x'), { recursive: true })
    errorFile('error').write('wrong')
    errorFile('error').delete()
    assert.equal(faults.length, 2)
    assert.deepEqual(readdirSync(root), ['error'])
    errorFile('none').delete()
    errorFile('nor/this').delete()
    assert.equal(faults.length, 2)
  })

  test('leaves a file of the name that it shows alone', (t) => {
    const { assertUntouched, other, root } = setUp(t)
    const link = path.join(root, 'link')
    const shown = path.join(root, '.git-sync-updated')
    showRemoval(link)
    assert.ok(!existsSync(shown))
    symlinkSync(other, shown)
    showRemoval(link)
    assertUntouched()
    assert.ok(existsSync(shown))
  })
})
