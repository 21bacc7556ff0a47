import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { addUser, rootOfVersion3 } from '../../../src/front/git-sync/start.js'
import { tempDir } from '../../helpers/git.js'

test('a user that cannot be added is a warning', (t) => {
  const warnings: string[] = []
  addUser((text) => warnings.push(text), path.join(tempDir(t), 'none/passwd'))
  assert.match(warnings.join('\n'), /^--add-user: .* cannot be changed .*; nothing here needs it$/)
  const passwd = path.join(tempDir(t), 'passwd')
  const [uid, gid] = [process.getuid?.(), process.getgid?.()]
  writeFileSync(passwd, 'someone:x:77777:77777::/:/bin/sh\n')
  addUser(assert.fail, passwd)
  addUser(assert.fail, passwd)
  const [, added, ...others] = readFileSync(passwd, 'utf8').split('\n')
  assert.match(added ?? '', new RegExp(`^git-sync:x:${uid}:${gid}::/.*:/sbin/nologin$`))
  assert.deepEqual(others, [''])
})

test('a volume where version 3 had its root is found', () => {
  const rows: [root: string, mounts: string[], found: string | undefined][] = [
    ['/git', ['/tmp/git'], '/tmp/git'],
    ['/git', ['/tmp/git', '/git'], undefined],
    ['/git', [], undefined],
    ['/data', ['/tmp/git'], undefined],
  ]
  for (const [root, mounts, found] of rows) {
    assert.equal(
      rootOfVersion3({ root }, (directory) => mounts.includes(directory)),
      found,
    )
  }
})
