import assert from 'node:assert/strict'
import { readFileSync, rmSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { inspect } from '../../../src/publish/publication.js'
import { recordCalls } from '../../helpers/fs-faults.js'
import { publish } from '../../helpers/publish.js'
import { createSite } from '../../helpers/publish-site.js'

test('the commit in place is named after every file is in place, in one rename', (t) => {
  const test = createSite(t)
  for (const files of [{ a: '1', 'd/b': '1' }, { a: '2' }]) {
    const target = test.commit(files)
    const calls = recordCalls(() => publish(test.site, target, () => undefined))
    assert.equal(readFileSync(test.at('.git-autosync/current'), 'utf8'), `${target.commit}\n`)
    const renames = calls.filter(({ name }) => name === 'renameSync').map(({ paths }) => paths[1])
    assert.equal(renames.at(-1), test.at('.git-autosync/current'))
  }
})

test('the look at a start names it where an interruption came before', (t) => {
  const test = createSite(t)
  const target = test.commit({ a: '1' })
  publish(test.site, target, () => undefined)
  const file = test.at('.git-autosync/current')
  rmSync(file)
  inspect(test.site)
  assert.equal(readFileSync(file, 'utf8'), `${target.commit}\n`)
  const { ino } = statSync(file)
  inspect(test.site)
  assert.equal(statSync(file).ino, ino)
})
