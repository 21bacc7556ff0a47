import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import { parseRemoteUrl } from '../../src/git/remote-url.js'
import type { HttpClient } from '../../src/transport/http-client.js'
import { createTransport } from '../../src/transport/open.js'

const createClient = (): HttpClient => ({ request: async () => assert.fail('not asked') })

test('each kind of address has its client, and SSH says what it is', async () => {
  const [http, local] = [createClient(), createClient()]
  const open = createTransport({ http, local })
  assert.equal(open(parseRemoteUrl('https://git.example/repo', '/')), http)
  assert.equal(open(parseRemoteUrl('../repo', '/srv/lists')), local)
  const ssh = open(parseRemoteUrl('git@git.example:org/repo.git', '/'))
  await assert.rejects(
    ssh.request({ url: 'ssh://git.example/' }),
    (error) =>
      error instanceof SyncError &&
      error.code === 'transport-unsupported' &&
      /^ssh:\/\/git\.example\/.* over SSH/.test(error.message),
  )
})
