import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { isRefName, nameOf, prefixesOf } from '../../src/git/revision.js'
import { gitEnvironment } from '../helpers/git.js'

test('names the ref that a revision follows', () => {
  const oid = '1'.repeat(40)
  assert.equal(nameOf({ kind: 'head' }), 'HEAD')
  assert.equal(nameOf({ kind: 'branch', name: 'feature/a' }), 'refs/heads/feature/a')
  assert.equal(nameOf({ kind: 'tag', name: 'v1.0' }), 'refs/tags/v1.0')
  assert.equal(nameOf({ kind: 'ref', name: 'refs/pull/7/head' }), 'refs/pull/7/head')
  assert.equal(nameOf({ kind: 'semver', range: '~1.4' }), '~1.4')
  assert.equal(nameOf({ kind: 'commit', oid }), oid)
  assert.deepEqual(prefixesOf({ kind: 'branch', name: 'a' }), ['refs/heads/a'])
  assert.deepEqual(prefixesOf({ kind: 'semver', range: '~1.4' }), ['refs/tags/'])
  assert.deepEqual(prefixesOf({ kind: 'commit', oid }), [])
})

const GOOD = ['main', 'feature/one', 'v1.0', 'é', 'a-b', 'a@b', '@a', 'a.lock.b', '{', 'a]', 'a%']
const BAD = [
  '',
  '@',
  '.a',
  'a/.b',
  'a.lock',
  'a.lock/b',
  'a..b',
  'a.',
  'a/',
  '/a',
  'a//b',
  'a b',
  'a\tb',
  'a\nb',
  'a\u007fb',
  'a~1',
  'a^',
  'a:b',
  'a?',
  'a*',
  'a[b',
  'a\\b',
  'a@{b',
  '-a',
]

test('takes the names that git takes', () => {
  for (const name of [...GOOD, ...BAD]) {
    // Also says no to what git branch does not take, though it may be a ref.
    const env = gitEnvironment()
    const { status } = spawnSync('git', ['check-ref-format', '--branch', name], { env })
    const isSound = name !== '' && name !== '@' && status === 0
    assert.equal(isRefName(name), isSound, JSON.stringify(name))
    assert.equal(isRefName(name), GOOD.includes(name), JSON.stringify(name))
  }
})

test('a NUL is in no name', () => {
  assert.equal(isRefName('a\0b'), false)
})
