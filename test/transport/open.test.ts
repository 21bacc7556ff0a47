import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRemoteUrl } from '../../src/git/remote-url.js'
import type { HttpClient } from '../../src/transport/http/http-client.js'
import { createTransport } from '../../src/transport/open.js'

const createClient = (): HttpClient => ({ request: async () => assert.fail('not asked') })

test('each kind of address has its client', () => {
  const [http, local, overSsh] = [createClient(), createClient(), createClient()]
  const authorize = async () => assert.fail('not asked')
  const clientWith = (given: unknown) => (given === authorize ? overSsh : assert.fail())
  const open = createTransport({ http, local, ssh: { clientWith } })
  const clientFor = (repo: string) => open(parseRemoteUrl(repo, '/srv/lists'), authorize)
  assert.equal(clientFor('https://git.example/repo'), http)
  assert.equal(clientFor('../repo'), local)
  assert.equal(clientFor('git@git.example:org/repo.git'), overSsh)
  assert.equal(clientFor('ssh://git.example:2222/repo.git'), overSsh)
})
