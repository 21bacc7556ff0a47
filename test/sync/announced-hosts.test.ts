// Which hosts a webhook is likely to be of, and how often one is named.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RemoteLogin } from '../../src/sync/remote-login.js'
import { announce } from '../helpers/announce.js'
import { createFakeSync } from '../helpers/fake-sync.js'

const repoOf = (host: string) => `https://${host}.example.com/repo`

function createExpecting(t: Parameters<typeof createFakeSync>[0]) {
  const urls: string[] = []
  const preconnect = ({ remote }: RemoteLogin) => urls.push(remote.url)
  const sync = createFakeSync(t, { preconnect })
  const expected = () => {
    sync.synchronizer.expectPush()
    return urls.splice(0)
  }
  return { sync, expected }
}

test('none, before anything was announced', async (t) => {
  const { sync, expected } = createExpecting(t)
  await sync.list({ path: 'a', repo: repoOf('one') })
  assert.deepEqual(expected(), [])
})

test('those that were announced, once in five seconds however many come', async (t) => {
  const { sync, expected } = createExpecting(t)
  await sync.list({ path: 'a', repo: repoOf('one') }, { path: 'b', repo: repoOf('two') })
  await announce(sync, { repo: repoOf('one') })
  assert.deepEqual(expected(), [repoOf('one')])
  for (let count = 0; count < 1000; count++) assert.deepEqual(expected(), [])
  await announce(sync, { repo: repoOf('one') })
  await sync.clock.advance(4_999)
  assert.deepEqual(expected(), [])
  await sync.clock.advance(1)
  assert.deepEqual(expected(), [repoOf('one')])
})

test('four of them, those that were announced last', async (t) => {
  const { sync, expected } = createExpecting(t)
  const repos = ['1', '2', '3', '4', '5', '6'].map(repoOf)
  await sync.list(...repos.map((repo, index) => ({ path: `p${index}`, repo })))
  for (const repo of repos) await announce(sync, { repo })
  await announce(sync, { repo: repos[2] ?? '' })
  assert.deepEqual(expected(), [repos[3], repos[4], repos[5], repos[2]])
})

test('none whose remote has left the listing', async (t) => {
  const { sync, expected } = createExpecting(t)
  await sync.list({ path: 'a', repo: repoOf('one') }, { path: 'b', repo: repoOf('two') })
  await announce(sync, { repo: repoOf('one') })
  await sync.list({ path: 'b', repo: repoOf('two') })
  assert.deepEqual(expected(), [])
})

test('none that is not asked over HTTP', async (t) => {
  const { sync, expected } = createExpecting(t)
  const repo = 'ssh://git@one.example.com/repo'
  await sync.list({ path: 'a', repo })
  await announce(sync, { repo })
  assert.deepEqual(expected(), [])
})
