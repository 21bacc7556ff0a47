import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RemoteUrl } from '../../src/git/remote-url.js'
import { SUBMODULE_FETCHES, SubmoduleRemotes } from '../../src/sync/submodule-remotes.js'
import { FakeRemote } from '../helpers/fake-remote.js'
import { oid } from '../helpers/fake-sync.js'

const LOGIN = { remote: urlOf('own'), credential: undefined }

function urlOf(name: string): RemoteUrl {
  return { transport: 'http', url: `https://git.example/${name}.git`, credentials: undefined }
}

test('a sync never waits for what another fetches and does not take', async () => {
  const remote = new FakeRemote()
  const submodules = new SubmoduleRemotes(() => remote)
  const { signal } = new AbortController()
  const fetchOf = (fetch: ReturnType<SubmoduleRemotes['forSync']>, n: number) =>
    fetch(
      { remote: urlOf(`${n}`), path: `${n}` },
      { wants: [oid(n)], haves: [], thinPack: false },
      signal,
    )
  // As one whose thread waits for memory: each of its streams has begun, and nobody reads on.
  const blocked = submodules.forSync(LOGIN)
  const streams = Array.from({ length: SUBMODULE_FETCHES }, (_, n) => fetchOf(blocked, n))
  for (const stream of streams) assert.equal((await stream.next()).done, false)
  let isOneMore = false
  const more = fetchOf(blocked, 100)
    .next()
    .then(() => {
      isOneMore = true
    })

  const other = await fetchOf(submodules.forSync(LOGIN), 101).next()

  assert.equal(String(other.value), 'PACK')
  assert.equal(isOneMore, false, 'one sync has only so many at once')
  for (const stream of streams) await stream.return(undefined)
  await more
  assert.equal(remote.fetches.length, SUBMODULE_FETCHES + 2)
})
