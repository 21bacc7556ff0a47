import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../../src/remote/disk/config.js'

test('reads plain settings, in whatever style they are written', () => {
  const config = parseConfig(`# comment
[core] bare = false
\trepositoryFormatVersion = 1 ; and why
[Extensions]
objectFormat=sha1
objectFormat = "sha256"
[remote "origin"]
\turl = https://git.example/x
[extensions]
  refStorage = reftable`)
  assert.equal(config.get('core.bare'), 'false')
  assert.equal(config.get('core.repositoryformatversion'), '1')
  assert.equal(config.get('extensions.objectformat'), 'sha256')
  assert.equal(config.get('extensions.refstorage'), 'reftable')
})
