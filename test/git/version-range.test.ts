import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isVersionRange, newestIn, versionsIn } from '../../src/git/version-range.js'

const TAGS = ['v1.2.3', '1.10.0', 'v1.9.9', '2.0.0-rc.1', 'latest', 'v3', '1.4.0+2', '1.4.0+10']

test('takes the ranges that npm takes', () => {
  for (const range of ['*', '1', '>=1.2 <2', '~1.4', '^1.2.3-beta.2', '1.2 || >=3', 'v1.x']) {
    assert.ok(isVersionRange(range), range)
  }
  for (const range of ['latest', '1.2.3.4', '>=1.2 < y', `${'9'.repeat(300)}`]) {
    assert.ok(!isVersionRange(range), range)
  }
})

test('orders versions by their numbers, and leaves out what is none', () => {
  const order = ['2.0.0-rc.1', '1.10.0', 'v1.9.9', '1.4.0+10', '1.4.0+2', 'v1.2.3']
  const raw = (names: string[]) => versionsIn(names).map((version) => version.raw)
  assert.deepEqual(raw(TAGS), order)
  assert.deepEqual(raw([...TAGS].reverse()), order)
  assert.deepEqual(raw(['v1.0.0', '1.0.0']), raw(['1.0.0', 'v1.0.0']))
})

test('finds the newest version in a range, and a pre-release where it is asked for', () => {
  const versions = versionsIn(TAGS)
  for (const [range, newest] of [
    ['*', '1.10.0'],
    ['<1.10', 'v1.9.9'],
    ['~1.4', '1.4.0+10'],
    ['^1.2.3', '1.10.0'],
    ['>=2', undefined],
    ['>=2.0.0-rc.0', '2.0.0-rc.1'],
    ['3', undefined],
  ] as const) {
    assert.equal(newestIn(range, versions)?.raw, newest, range)
  }
})
