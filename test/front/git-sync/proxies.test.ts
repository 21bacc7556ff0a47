// Which proxies of the environment are for hooks, and what one leads to that cannot be used.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hookProxies } from '../../../src/front/git-sync/proxies.js'
import { startGitSync } from '../../helpers/git-sync.js'
import { setUp } from '../../helpers/git-sync-setup.js'

test('hooks have the proxies that a client of Go has', () => {
  const env = {
    HTTP_PROXY: 'http://one',
    http_proxy: 'http://two',
    HTTPS_PROXY: ' ',
    https_proxy: 'http://three',
    NO_PROXY: 'a',
    no_proxy: 'b',
  }
  assert.deepEqual(hookProxies(env), {
    httpProxy: { origin: 'http://one', authorization: undefined },
    httpsProxy: { origin: 'http://three', authorization: undefined },
    noProxy: ['a'],
  })
  const none = { httpProxy: undefined, httpsProxy: undefined, noProxy: undefined }
  assert.deepEqual(hookProxies({ ALL_PROXY: 'http://one', all_proxy: 'http://one' }), none)
})

test('a proxy that cannot be used is a fault of remotes that need it', async (t) => {
  const { args, repo } = await setUp(t)
  const env = { all_proxy: 'socks5h://user:s3cret@127.0.0.1:1' }
  const local = startGitSync(t, [...args, `--repo=file://${repo.dir}`, '--one-time'], env)
  assert.equal(await local.exitCode(), 0, local.stderr)
  const remote = startGitSync(t, [...args, '--one-time'], env)
  assert.equal(await remote.exitCode(), 1, remote.stderr)
  assert.match(remote.stderr, /No proxy can be used for 127.+: all_proxy must start with http:/)
  assert.doesNotMatch(remote.stderr, /s3cret/)
})
