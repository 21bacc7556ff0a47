// A directory that cannot be written is found out before the first file is replaced.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import { fsError } from '../helpers/fs-faults.js'
import { publish } from '../helpers/publish.js'
import { createSite } from '../helpers/publish-site.js'

test('a directory that cannot be written stops a commit before anything is torn', (t) => {
  const site = createSite(t)
  const first = site.commit({ 'a/f': '1', 'b/f': '1', old: '1' })
  site.publish(first)
  const second = site.commit({ 'a/f': '2', 'b/f': '2', new: '2' })
  // The tests may run as root, to whom every directory is writable.
  const mock = t.mock.method(fs, 'accessSync', (path: fs.PathLike) => {
    if (fs.realpathSync(path) === site.at('b')) throw fsError('EACCES')
  })
  syncBuiltinESMExports()
  assert.throws(() => publish(site.site, second, () => undefined), { code: 'volume-failed' })
  site.assertPublished(first)
  mock.mock.restore()
  syncBuiltinESMExports()
  site.publish(second)
})
