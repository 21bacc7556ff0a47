import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { parseRemoteUrl } from '../../../src/git/remote-url.js'
import {
  displayHost,
  parseSshAddress,
  uploadPackCommand,
} from '../../../src/transport/ssh/address.js'
import { failsWith } from '../../helpers/fails-with.js'

const addressOf = (repo: string) => parseSshAddress(parseRemoteUrl(repo, '/').url)

test('every form of an address gives what git gives', () => {
  const forms: Record<
    string,
    [host: string, port: number, user: string | undefined, path: string]
  > = {
    'git@host:group/a.git': ['host', 22, 'git', 'group/a.git'],
    'git_server:/home/git/project1.git': ['git_server', 22, undefined, '/home/git/project1.git'],
    'host:~/a': ['host', 22, undefined, 'a'],
    'host:~user/a': ['host', 22, undefined, '~user/a'],
    'host:../a': ['host', 22, undefined, '../a'],
    'git@[::1]:a': ['::1', 22, 'git', 'a'],
    'ssh://git@host/a.git': ['host', 22, 'git', '/a.git'],
    'ssh://git@host:2222/~/a b/': ['host', 2222, 'git', 'a b'],
    'ssh://host/~user/a': ['host', 22, undefined, '~user/a'],
    'ssh://[::1]:2222/a%23b': ['::1', 2222, undefined, '/a#b'],
    'ssh://us%40er@host/info/refs': ['host', 22, 'us@er', '/info/refs'],
    'ssh://100%@host/a': ['host', 22, '100%', '/a'],
    'host:é/%41': ['host', 22, undefined, 'é/%41'],
  }
  for (const [repo, [host, port, user, path]] of Object.entries(forms)) {
    assert.deepEqual(addressOf(repo), { host, port, user, path }, repo)
  }
})

test('a URL without a path, or of another scheme, is a fault', () => {
  for (const url of ['ssh://host', 'https://host/a']) {
    assert.throws(() => parseSshAddress(url), failsWith('internal', /no address of a repository/))
  }
})

test('a host is shown with its port, where it is not the usual one', () => {
  assert.equal(displayHost({ host: 'host', port: 22 }), 'host')
  assert.equal(displayHost({ host: '::1', port: 2222 }), '[::1]:2222')
})

test('a shell reads back what was quoted', () => {
  for (const path of ['a b', "it's", '!!x!', '$HOME `ls` "q" \\', "'", '*;&|<>', 'new\nline']) {
    const quoted = uploadPackCommand(path).slice('git-upload-pack '.length)
    assert.equal(execFileSync('sh', ['-c', `printf %s ${quoted}`]).toString(), path)
  }
  assert.equal(uploadPackCommand("a'b!c"), "git-upload-pack 'a'\\''b'\\!'c'")
})
