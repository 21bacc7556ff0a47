// Where objects of Git LFS are to be had, as git-lfs finds it, and where they are never looked for.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseRemoteUrl } from '../../src/git/remote-url.js'
import { lfsAddress } from '../../src/lfs/address.js'
import { failsWith } from '../helpers/fails-with.js'

const addressOf = (repo: string, config?: string) =>
  lfsAddress(parseRemoteUrl(repo, '/'), config).url

describe('lfsAddress', () => {
  test('is below the repository', () => {
    assert.equal(addressOf('https://host/org/repo'), 'https://host/org/repo.git/info/lfs')
    assert.equal(addressOf('https://host/org/repo.git'), 'https://host/org/repo.git/info/lfs')
    assert.equal(addressOf('https://host/org/repo.git', ''), 'https://host/org/repo.git/info/lfs')
  })

  test('is asked of the host of one on SSH', () => {
    assert.equal(addressOf('git@host:org/repo.git'), 'ssh://git@host/~/org/repo.git')
  })

  test('is what .lfsconfig says', () => {
    const named = (config: string) => addressOf('https://host/org/repo', config)
    assert.equal(named('[lfs]\n\turl = https://lfs.host/a/b/\n'), 'https://lfs.host/a/b')
    assert.equal(named('[lfs]\nurl = https://a\nurl = https://b/c\n'), 'https://b/c')
    assert.equal(named('[remote "origin"]\nlfsurl = https://o/r\n'), 'https://o/r')
    assert.equal(
      named('[remote "other"]\nlfsurl = https://o/r\n'),
      addressOf('https://host/org/repo'),
    )
    assert.equal(named('[lfs "x"]\nurl = https://o/r\n'), addressOf('https://host/org/repo'))
    assert.equal(named('[lfs]\nurl = git@lfs.host:a/b\n'), 'ssh://git@lfs.host/~/a/b')
  })

  test('is nothing that leads to this machine, or nowhere', () => {
    for (const url of ['file:///srv/repo', '/srv/repo', '../repo', 'ext::sh', 'git://host/repo']) {
      assert.throws(
        () => addressOf('https://host/org/repo', `[lfs]\nurl = ${url}\n`),
        failsWith('lfs-config-invalid', /correct it in the repository/),
      )
    }
    assert.throws(() => addressOf('https://host/r', '[lfs\n'), failsWith('lfs-config-invalid'))
  })
})
