import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorCode, SyncError } from '../../src/base/errors.js'
import type { RemoteUrl } from '../../src/git/remote-url.js'
import { WHOLE_DEPTH } from '../../src/remote/remote-session.js'
import { SUBMODULE_FETCHES, SubmoduleRemotes } from '../../src/sync/submodule-remotes.js'
import { failsWith } from '../helpers/fails-with.js'
import { FakeRemote } from '../helpers/fake-remote.js'
import { oid } from '../helpers/fake-sync.js'
import { memoryOf } from '../helpers/memory.js'

const LOGIN = { remote: urlOf('own'), credential: undefined }

function urlOf(name: string): RemoteUrl {
  return { transport: 'http', url: `https://git.example/${name}.git`, credentials: undefined }
}

test('a sync never waits for what another fetches and does not take', async () => {
  const remote = new FakeRemote()
  const submodules = new SubmoduleRemotes(() => remote)
  const { signal } = new AbortController()
  const fetchOf = ({ fetch }: ReturnType<SubmoduleRemotes['forSync']>, n: number) =>
    fetch(
      { remote: urlOf(`${n}`), path: `${n}` },
      { wants: [oid(n)], haves: [], thinPack: false, memory: memoryOf() },
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

test('what no ref leads to is not looked for in all of the history again, before a ref has changed', async () => {
  const remote = new (class extends FakeRemote {
    override async hasCommit() {
      return true
    }
  })()
  remote.push(oid(1))
  const submodules = new SubmoduleRemotes(() => remote)
  const { signal } = new AbortController()
  /** Whether all of the history is asked for, in a sync that fails by `error`. */
  const isAskedFor = async (commit: string, error: SyncError) => {
    const { fetch, failed } = submodules.forSync(LOGIN)
    const request = {
      wants: [commit],
      haves: [],
      thinPack: false,
      memory: memoryOf(),
      refsDepth: WHOLE_DEPTH,
    }
    const asked = remote.fetches.length
    const stream = fetch({ remote: urlOf('m'), path: 'm' }, request, signal)
    await stream.next().catch(failsWith('commit-not-found', /No branch or tag of the remote leads/))
    failed(error)
    return remote.fetches.length > asked
  }
  const of = (submodule: string, code: ErrorCode = 'commit-not-found') =>
    new SyncError(code, 'It failed.', { dependency: { submodule } })
  for (const other of [of('m', 'volume-full'), of('other')]) {
    assert.equal(await isAskedFor(oid(7), other), true)
  }
  assert.equal(await isAskedFor(oid(7), of('m')), true)
  assert.equal(await isAskedFor(oid(7), of('m')), false)
  assert.equal(await isAskedFor(oid(8), of('m')), true)
  remote.set('refs/heads/new', oid(9))
  assert.equal(await isAskedFor(oid(7), of('m')), true)
  assert.equal(await isAskedFor(oid(7), of('m')), false)
})
