// What an announcement does: it is a reason to look, at once, and never taken for true.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { repositoryNameOf } from '../../src/git/repository-name.js'
import type { Announcement } from '../../src/sync/announcement.js'
import {
  createFakeSync,
  type FakeSync,
  failure,
  OTHER_REPO,
  oid,
  REPO,
} from '../helpers/fake-sync.js'
import { Gate } from '../helpers/gate.js'
import type { TestScope } from '../helpers/git.js'

const ZEROS = '0'.repeat(40)

interface Pushed extends Partial<Pick<Announcement, 'ref' | 'oid' | 'before'>> {
  repo?: string
}

/** Announces a push of the branch main of REPO, or what else is said. */
async function announce(sync: FakeSync, { repo = REPO, ...push }: Pushed = {}): Promise<number> {
  const name = repositoryNameOf(repo)
  assert.ok(name)
  const matched = sync.synchronizer.announce({
    repositories: [name],
    ref: 'refs/heads/main',
    oid: undefined,
    before: undefined,
    ...push,
  })
  await sync.clock.advance(0)
  return matched
}

/** What was asked for since it was last forgotten. */
const wantsOf = (sync: FakeSync) => sync.remote().fetches.map(({ wants }) => wants)
/** The polls of a remote since they were last forgotten. */
const pollsOf = (sync: FakeSync, repo = REPO) => sync.remote(repo).polls.length

describe('which entries are polled', () => {
  const HEAD = 'refs/heads/main'
  const cases: [string, object, string | undefined, boolean][] = [
    ['HEAD, for the branch that it names', {}, HEAD, true],
    ['HEAD, for another branch', {}, 'refs/heads/other', false],
    ['HEAD, for a tag', {}, 'refs/tags/v1.0.0', false],
    ['a branch, for its own', { branch: 'main' }, HEAD, true],
    ['a branch, for a tag of its name', { branch: 'main' }, 'refs/tags/main', false],
    ['a branch, where no ref is said', { branch: 'main' }, undefined, true],
    ['a tag, for its own', { tag: 'main' }, 'refs/tags/main', true],
    ['a ref, for its own', { ref: 'refs/pull/7/head' }, 'refs/pull/7/head', true],
    ['versions, for one in range', { semver: '^1.0.0' }, 'refs/tags/v1.9.9', true],
    ['versions, for one out of range', { semver: '^1.0.0' }, 'refs/tags/v2.0.0', false],
    ['versions, for what is none', { semver: '^1.0.0' }, 'refs/tags/latest', false],
    ['versions, for a branch of such a name', { semver: '^1.0.0' }, 'refs/heads/v1.0.1', false],
    ['a commit, for nothing', { commit: oid(1) }, undefined, false],
    ['what is suspended, for nothing', { suspend: true }, HEAD, false],
  ]
  for (const [what, fields, ref, isPolled] of cases) {
    test(what, async (t) => {
      const sync = createFakeSync(t)
      const remote = sync.remote()
      for (const name of ['refs/tags/main', 'refs/tags/v1.0.0', 'refs/pull/7/head']) {
        remote.set(name, oid(1))
      }
      await sync.list({ path: 'a', ...fields })
      sync.forget()
      assert.equal(await announce(sync, { ref }), isPolled ? 1 : 0)
      assert.equal(pollsOf(sync), isPolled ? 1 : 0)
    })
  }

  test('those of the repository that was pushed, and of no other', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' }, { path: 'b' }, { path: 'c', repo: OTHER_REPO })
    sync.forget()
    assert.equal(await announce(sync, { repo: 'git@git.example.com:Repo.git' }), 2)
    assert.deepEqual([pollsOf(sync), pollsOf(sync, OTHER_REPO)], [1, 0])
    assert.equal(await announce(sync, { repo: 'https://git.example.com/unknown' }), 0)
    assert.equal(pollsOf(sync), 1)
  })
})

test('what was announced is published at once, and the lag counts from the announcement', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  await sync.clock.advance(10_000)
  sync.remote().push(oid(2))
  sync.remote().fetching.shut()
  await announce(sync, { oid: oid(2), before: oid(1) })
  await sync.clock.advance(700)
  sync.remote().fetching.open()
  await sync.clock.advance(0)
  assert.equal(sync.status().oid, oid(2))
  const lags = sync.eventsOf('sync-published').map(({ trigger }) => trigger)
  assert.deepEqual(lags, ['poll', 'webhook'])
  assert.equal(sync.eventsOf('sync-published').at(-1)?.lagMs, 700)
})

test('what a poll finds has a lag since that poll began', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  sync.remote().push(oid(2))
  await sync.clock.advance(60_000)
  const last = sync.eventsOf('sync-published').at(-1)
  assert.deepEqual([last?.oid, last?.trigger], [oid(2), 'poll'])
})

test('many announcements at once are one poll, and during it one more', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  sync.forget()
  sync.remote().polling.shut()
  for (let count = 0; count < 50; count++) await announce(sync)
  assert.equal(sync.remote().polling.waiting, 1)
  sync.remote().polling.open()
  await sync.clock.advance(249)
  assert.equal(pollsOf(sync), 1)
  await sync.clock.advance(1)
  assert.equal(pollsOf(sync), 2)
})

test('what is announced during a poll is not answered by it', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  sync.remote().polling.shut()
  await announce(sync)
  await sync.clock.advance(100)
  await announce(sync)
  sync.remote().polling.open()
  await sync.clock.advance(0)
  sync.remote().push(oid(2))
  await sync.clock.advance(150)
  const last = sync.eventsOf('sync-published').at(-1)
  assert.deepEqual([last?.oid, last?.trigger], [oid(2), 'webhook'])
  assert.equal(sync.nextPollInMs(), 300_000)
})

test('what is announced during a poll that fails is not forgotten', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  sync.remote().polling.shut()
  await announce(sync)
  await announce(sync)
  sync.remote().pollError = failure('server-error')
  sync.remote().polling.open()
  await sync.clock.advance(0)
  sync.remote().pollError = undefined
  sync.remote().push(oid(2))
  await sync.clock.advance(250)
  assert.equal(sync.eventsOf('sync-published').at(-1)?.trigger, 'webhook')
})

test('what is announced during a poll of the interval waits for its time, too', async (t) => {
  const sync = createFakeSync(t)
  const { polling } = sync.remote()
  await sync.list({ path: 'a' })
  sync.forget()
  polling.shut()
  await sync.clock.advance(60_000)
  await announce(sync)
  polling.open()
  polling.shut()
  await sync.clock.advance(0)
  await announce(sync)
  polling.open()
  await sync.clock.advance(249)
  assert.equal(pollsOf(sync), 2)
  await sync.clock.advance(1)
  assert.equal(pollsOf(sync), 3)
})

test('an announcement puts off no poll that is due before', async (t) => {
  const sync = createFakeSync(t)
  sync.remote().set('refs/heads/rare', oid(7))
  await sync.list({ path: 'a' }, { path: 'rare', branch: 'rare' })
  await sync.clock.advance(59_800)
  await announce(sync)
  await sync.clock.advance(100)
  sync.forget()
  await announce(sync, { ref: 'refs/heads/rare' })
  await sync.clock.advance(100)
  assert.equal(pollsOf(sync), 1)
  await sync.clock.advance(1_000)
  assert.equal(pollsOf(sync), 1)
})

test('what the remote does not confirm is not published, and costs one request', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  sync.forget()
  await announce(sync, { oid: oid(9), before: oid(8) })
  await sync.clock.advance(59_999)
  assert.deepEqual([pollsOf(sync), sync.remote().fetches.length], [1, 0])
  assert.equal(sync.status().oid, oid(1))
})

describe('what was announced is fetched beside the poll', () => {
  test('and published once that confirms it', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.forget()
    sync.remote().push(oid(2))
    sync.remote().polling.shut()
    await announce(sync, { oid: oid(2), before: oid(1) })
    assert.deepEqual(wantsOf(sync), [[oid(2)]])
    await sync.clock.advance(1_000)
    assert.deepEqual([sync.status().oid, sync.status().state], [oid(1), 'syncing'])
    sync.remote().polling.open()
    await sync.clock.advance(0)
    assert.deepEqual([sync.status().oid, sync.status().state], [oid(2), 'synced'])
    assert.deepEqual([wantsOf(sync).length, pollsOf(sync)], [1, 1])
    assert.deepEqual(sync.trace(), ['poll-changed a', 'sync-published a'])
  })

  test('and published as it comes where the poll was the faster one', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.forget()
    sync.remote().push(oid(2))
    sync.remote().fetching.shut()
    await announce(sync, { oid: oid(2), before: oid(1) })
    sync.remote().fetching.open()
    await sync.clock.advance(0)
    assert.deepEqual([sync.status().oid, wantsOf(sync).length], [oid(2), 1])
  })

  test('and given up without a failure where the remote names another commit', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.forget()
    sync.remote().push(oid(3))
    sync.remote().polling.shut()
    await announce(sync, { oid: oid(2), before: oid(1) })
    sync.remote().polling.open()
    await sync.clock.advance(0)
    assert.deepEqual([sync.status().oid, sync.status().state], [oid(3), 'synced'])
    assert.deepEqual(wantsOf(sync), [[oid(2)], [oid(3)]])
    assert.deepEqual(sync.trace(), ['poll-changed a', 'sync-published a'])
  })

  test('and given up without a failure where the remote still names what is in place', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.forget()
    await announce(sync, { oid: oid(2) })
    await sync.clock.advance(40_000)
    assert.deepEqual([sync.status().oid, sync.status().state], [oid(1), 'synced'])
    assert.deepEqual([wantsOf(sync), sync.eventsOf('sync-published')], [[[oid(2)]], []])
    assert.deepEqual(sync.eventsOf('sync-failed'), [])
  })

  test('and given up without a failure where the poll may need its memory', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.forget()
    sync.workers.hasReserve = true
    sync.remote().push(oid(2))
    sync.remote().polling.shut()
    await announce(sync, { oid: oid(2), before: oid(1) })
    assert.deepEqual([sync.workers.ended, wantsOf(sync)], [['publish /a 2 over 1'], [[oid(2)]]])
    assert.deepEqual([sync.status().oid, sync.status().state], [oid(1), 'synced'])
    sync.remote().polling.open()
    await sync.clock.advance(0)
    assert.deepEqual([sync.status().oid, wantsOf(sync)], [oid(2), [[oid(2)], [oid(2)]]])
    assert.deepEqual(sync.trace(), ['poll-changed a', 'sync-published a'])
  })

  test('and fetched again where it is confirmed as it is given up for that', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a', interval: '1h' })
    sync.forget()
    sync.workers.hasReserve = true
    sync.remote().push(oid(2))
    sync.remote().polling.shut()
    // As a thread that takes a while to stop.
    const publish = sync.workers.publish.bind(sync.workers)
    const stopping = new Gate()
    stopping.shut()
    sync.workers.publish = async (pack, signal) => {
      sync.workers.publish = publish
      return publish(pack, signal).finally(() => stopping.pass(signal))
    }
    await announce(sync, { oid: oid(2), before: oid(1) })
    sync.remote().polling.open()
    await sync.clock.advance(0)
    assert.equal(sync.status().oid, oid(1))
    stopping.open()
    await sync.clock.advance(0)
    assert.deepEqual([sync.status().oid, wantsOf(sync)], [oid(2), [[oid(2)], [oid(2)]]])
    assert.deepEqual(sync.trace(), ['poll-changed a', 'sync-published a'])
  })

  test('and given up without a failure where the poll fails', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.remote().push(oid(2))
    sync.remote().pollError = failure('server-error')
    await announce(sync, { oid: oid(2), before: oid(1) })
    assert.equal(sync.status().oid, oid(1))
    assert.deepEqual(sync.eventsOf('sync-failed'), [])
    sync.remote().pollError = undefined
    await sync.clock.advance(10_000)
    assert.equal(sync.status().oid, oid(2))
  })

  test('and is no failure where the server does not give it yet', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.remote().fetchError = failure('commit-not-found')
    await announce(sync, { oid: oid(2), before: oid(1) })
    await sync.clock.advance(3_000)
    assert.equal(sync.status().state, 'synced')
    sync.remote().fetchError = undefined
    sync.remote().push(oid(2))
    await sync.clock.advance(1_000)
    assert.equal(sync.status().oid, oid(2))
    assert.deepEqual(sync.eventsOf('sync-failed'), [])
  })

  test('and a failure once the remote confirmed it, which is mended soon', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a', interval: '1h' })
    sync.remote().push(oid(2))
    sync.remote().fetching.shut()
    sync.remote().fetchError = failure('commit-not-found')
    await announce(sync, { oid: oid(2), before: oid(1) })
    sync.remote().fetching.open()
    await sync.clock.advance(0)
    assert.equal(sync.status().error?.code, 'commit-not-found')
    sync.remote().fetchError = undefined
    await sync.clock.advance(2_000)
    assert.equal(sync.status().oid, oid(2))
  })

  test('and is the commit that an annotated tag leads to', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().set('refs/tags/v1', oid(7), { peeled: oid(1) })
    sync.workers.peeled.set(oid(7), oid(1))
    sync.workers.peeled.set(oid(8), oid(2))
    await sync.list({ path: 'a', tag: 'v1' })
    sync.forget()
    sync.remote().set('refs/tags/v1', oid(8), { peeled: oid(2) })
    await announce(sync, { ref: 'refs/tags/v1', oid: oid(8), before: oid(7) })
    assert.deepEqual([sync.status().oid, wantsOf(sync)], [oid(2), [[oid(8)]]])
  })

  test('once beside a poll, however many are announced', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.forget()
    sync.remote().polling.shut()
    sync.remote().fetchError = failure('commit-not-found')
    for (let number = 2; number < 50; number++) {
      await announce(sync, { oid: oid(number), before: oid(1) })
    }
    assert.deepEqual([wantsOf(sync), pollsOf(sync)], [[[oid(2)]], 1])
    sync.remote().fetchError = undefined
    sync.remote().push(oid(50))
    sync.remote().polling.open()
    await sync.clock.advance(1_000)
    assert.equal(sync.status().oid, oid(50))
    await announce(sync, { oid: oid(51), before: oid(50) })
    assert.deepEqual(wantsOf(sync).at(-1), [oid(51)])
  })

  const others: [string, object, Pushed][] = [
    [
      'of versions, of which the remote says the newest',
      { semver: '*' },
      { ref: 'refs/tags/v1.1.0' },
    ],
    ['that replaces something else', {}, { before: oid(8) }],
    ['that is in place', {}, { oid: oid(1), before: oid(8) }],
    ['without a commit', {}, { oid: undefined }],
  ]
  for (const [what, fields, push] of others) {
    test(`but not what was announced ${what}`, async (t) => {
      const sync = createFakeSync(t)
      sync.remote().set('refs/tags/v1.0.0', oid(1))
      await sync.list({ path: 'a', ...fields })
      sync.forget()
      assert.equal(await announce(sync, { oid: oid(2), before: oid(1), ...push }), 1)
      assert.deepEqual([wantsOf(sync), pollsOf(sync)], [[], 1])
    })
  }

  test('but nothing for an entry that leaves meanwhile', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.remote().push(oid(2))
    sync.remote().polling.shut()
    await announce(sync, { oid: oid(2), before: oid(1) })
    await sync.list()
    sync.remote().polling.open()
    await sync.clock.advance(0)
    assert.equal(sync.workers.inPlace.get('/a'), oid(1))
  })
})

describe('what the remote names after it was asked, while an announced commit is in work', () => {
  /** Announces oid 2 over oid 1; `atGate` is what the worker does about the remote's word. */
  async function begin(
    t: TestScope,
    atGate: (allowed: Promise<void>, signal: AbortSignal) => Promise<void>,
  ): Promise<FakeSync> {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a', interval: '1h' })
    sync.forget()
    const { workers } = sync
    const publish = workers.publish.bind(workers)
    workers.publish = (pack, signal) => {
      workers.publish = publish
      const { allow } = pack
      assert.ok(allow)
      return publish({ ...pack, allow: (ready) => atGate(allow(ready), signal) }, signal)
    }
    return sync
  }

  /** Has oid 2 confirmed, and oid 1 named again while it is applied, which ends as `work` does. */
  async function turnBack(t: TestScope, work: (sync: FakeSync) => void): Promise<FakeSync> {
    const applying = new Gate()
    applying.shut()
    const sync: FakeSync = await begin(t, async (allowed, signal) => {
      await allowed
      await applying.pass(signal)
      work(sync)
    })
    sync.remote().push(oid(2))
    sync.remote().polling.shut()
    await announce(sync, { oid: oid(2), before: oid(1) })
    sync.remote().polling.open()
    await sync.clock.advance(0)
    assert.equal(applying.waiting, 1)
    sync.remote().push(oid(1))
    await announce(sync, { oid: oid(1), before: oid(2) })
    await sync.clock.advance(1_000)
    assert.equal(sync.eventsOf('poll-unchanged').length, 1)
    applying.open()
    await sync.clock.advance(0)
    return sync
  }

  test('it fails, is looked at, and what is named now is put right, where it was half applied', async (t) => {
    const sync = await turnBack(t, ({ workers }) => {
      workers.drift.set('/a', { count: 1, paths: ['half'], missing: [] })
      throw failure('volume-full')
    })
    assert.deepEqual(
      sync.eventsOf('sync-failed').map(({ oid, error }) => [oid, error.code]),
      [[oid(2), 'volume-full']],
    )
    assert.deepEqual(
      sync.workers.calls.filter((call) => !call.startsWith('tidy')),
      ['publish /a 2 over 1', 'inspect /a', 'publish /a 1 over 1'],
    )
    assert.deepEqual([sync.status().oid, sync.status().state], [oid(1), 'synced'])
  })

  test('it is published, and what is named now follows at once', async (t) => {
    const sync = await turnBack(t, () => undefined)
    assert.deepEqual(
      sync.eventsOf('sync-published').map((event) => event.oid),
      [oid(2), oid(1)],
    )
    assert.deepEqual([sync.status().oid, sync.status().state], [oid(1), 'synced'])
  })

  test('it is no failure and follows at once, where it is named too late', async (t) => {
    const discarding = new Gate()
    discarding.shut()
    const sync = await begin(t, async (allowed, signal) => {
      await allowed.catch(async (error) => {
        await discarding.pass(signal)
        throw error
      })
    })
    await announce(sync, { oid: oid(2), before: oid(1) })
    assert.equal(discarding.waiting, 1)
    sync.remote().push(oid(2))
    await sync.clock.advance(2_000)
    assert.equal(sync.eventsOf('poll-changed').length, 1)
    discarding.open()
    await sync.clock.advance(0)
    assert.deepEqual(sync.eventsOf('sync-failed'), [])
    assert.deepEqual([sync.status().oid, sync.status().state], [oid(2), 'synced'])
  })

  test('a fetch that fails before it is asked for is not repeated at once', async (t) => {
    const sync = await begin(t, (allowed) => allowed)
    sync.remote().push(oid(2))
    sync.remote().fetching.shut()
    sync.remote().fetchError = failure('connection-refused')
    await announce(sync, { oid: oid(2), before: oid(1) })
    sync.remote().fetching.open()
    await sync.clock.advance(0)
    assert.equal(sync.status().error?.code, 'connection-refused')
    assert.equal(wantsOf(sync).length, 1)
  })
})

describe('a remote that trails what was announced', () => {
  test('is looked at every 2 s, until it names that', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.forget()
    await announce(sync, { oid: oid(2), before: oid(1) })
    await sync.clock.advance(5_000)
    assert.equal(pollsOf(sync), 3)
    sync.remote().push(oid(2))
    await sync.clock.advance(1_000)
    assert.equal(sync.status().oid, oid(2))
    const last = sync.eventsOf('sync-published').at(-1)
    assert.deepEqual([last?.trigger, last?.lagMs], ['webhook', 6_000])
    sync.forget()
    await sync.clock.advance(50_000)
    assert.equal(pollsOf(sync), 0)
  })

  test('is looked at until it names the last of pushes that came one after another', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a', interval: '10m' })
    sync.forget()
    sync.remote().polling.shut()
    await announce(sync, { oid: oid(2), before: oid(1) })
    await announce(sync, { oid: oid(3), before: oid(2) })
    sync.remote().polling.open()
    await sync.clock.advance(1_000)
    assert.deepEqual([pollsOf(sync), sync.status().oid], [2, oid(1)])
    sync.remote().push(oid(2))
    await sync.clock.advance(2_000)
    assert.deepEqual([pollsOf(sync), sync.status().oid], [3, oid(2)])
    sync.remote().push(oid(3))
    await sync.clock.advance(2_000)
    assert.deepEqual([pollsOf(sync), sync.status().oid], [4, oid(3)])
    const triggers = sync.eventsOf('sync-published').map(({ trigger }) => trigger)
    assert.deepEqual(triggers, ['webhook', 'webhook'])
    await sync.clock.advance(50_000)
    assert.equal(pollsOf(sync), 4)
  })

  test('is looked at until it names the last of pushes whose events come in another order', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a', interval: '10m' })
    sync.forget()
    sync.remote().polling.shut()
    await announce(sync, { oid: oid(3), before: oid(2) })
    await announce(sync, { oid: oid(2), before: oid(1) })
    sync.remote().polling.open()
    await sync.clock.advance(1_000)
    assert.deepEqual([pollsOf(sync), sync.status().oid], [2, oid(1)])
    sync.remote().push(oid(2))
    await sync.clock.advance(2_000)
    assert.deepEqual([pollsOf(sync), sync.status().oid], [3, oid(2)])
    sync.remote().push(oid(3))
    await sync.clock.advance(2_000)
    assert.deepEqual([pollsOf(sync), sync.status().oid], [4, oid(3)])
    await sync.clock.advance(50_000)
    assert.equal(pollsOf(sync), 4)
  })

  test('does not, where a push is taken back', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a', interval: '10m' })
    sync.forget()
    await announce(sync, { oid: oid(2), before: oid(1) })
    await announce(sync, { oid: oid(1), before: oid(2) })
    await sync.clock.advance(50_000)
    assert.deepEqual([pollsOf(sync), sync.status().oid], [2, oid(1)])
  })

  test('is left to its interval after 30 s', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a', interval: '10m' })
    sync.forget()
    await announce(sync, { oid: oid(2) })
    await sync.clock.advance(30_000)
    assert.equal(pollsOf(sync), 16)
    await sync.clock.advance(500_000)
    assert.equal(pollsOf(sync), 16)
  })

  test('and lacks a branch that was just made, is asked for it again', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a', branch: 'new', interval: '10m' })
    assert.equal(sync.status().error?.code, 'branch-not-found')
    await announce(sync, { ref: 'refs/heads/new', oid: oid(5), before: ZEROS })
    await sync.clock.advance(3_000)
    sync.remote().set('refs/heads/new', oid(5))
    await sync.clock.advance(1_000)
    assert.equal(sync.status().oid, oid(5))
  })

  test('does not, where the event comes late or twice, or a newer push is there', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.remote().push(oid(3))
    await announce(sync, { oid: oid(3), before: oid(2) })
    await sync.clock.advance(1_000)
    sync.forget()
    await announce(sync, { oid: oid(3), before: oid(2) })
    await sync.clock.advance(1_000)
    await announce(sync, { oid: oid(2), before: oid(1) })
    await sync.clock.advance(1_000)
    sync.remote().push(oid(5))
    await announce(sync, { oid: oid(4), before: oid(3) })
    await sync.clock.advance(50_000)
    assert.deepEqual([pollsOf(sync), sync.status().oid], [3, oid(5)])
    assert.deepEqual(wantsOf(sync), [[oid(5)]])
  })
})

test('a remote that asks for fewer requests is not asked sooner', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  sync.remote().pollError = failure('rate-limited', { retryAfterMs: 90_000 })
  await sync.clock.advance(60_000)
  sync.forget()
  sync.remote().pollError = undefined
  sync.remote().push(oid(2))
  await announce(sync, { oid: oid(2), before: oid(1) })
  assert.equal(pollsOf(sync), 0)
  await sync.clock.advance(100_000)
  assert.equal(sync.status().oid, oid(2))
  assert.equal(sync.eventsOf('sync-published').at(-1)?.trigger, 'webhook')
})

test('a remote that fails otherwise is asked at once, as it may be back', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' })
  sync.remote().pollError = failure('connection-refused')
  await sync.clock.advance(100_000)
  sync.remote().pollError = undefined
  sync.remote().push(oid(2))
  await announce(sync, { oid: oid(2), before: oid(1) })
  assert.equal(sync.status().oid, oid(2))
})

describe('the interval of a remote whose webhooks arrive', () => {
  test('is the longer one, also of entries that were not pushed to', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().set('refs/heads/rare', oid(7))
    await sync.list({ path: 'a' }, { path: 'rare', branch: 'rare' }, { path: 'c', interval: '1h' })
    await announce(sync)
    assert.deepEqual([sync.nextPollInMs('a'), sync.nextPollInMs('c')], [300_000, 3_600_000])
    await sync.clock.advance(60_000)
    assert.equal(sync.nextPollInMs('rare'), 300_000)
  })

  test('is its own again once a poll finds what no webhook had announced', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().set('refs/heads/rare', oid(7))
    await sync.list({ path: 'a' }, { path: 'rare', branch: 'rare' })
    await announce(sync)
    await sync.clock.advance(60_000)
    sync.remote().set('refs/heads/rare', oid(8))
    await sync.clock.advance(300_000)
    assert.equal(sync.status('rare').oid, oid(8))
    assert.deepEqual([sync.status('a').webhooks, sync.status('rare').webhooks], ['none', 'missed'])
    assert.deepEqual([sync.nextPollInMs('a'), sync.nextPollInMs('rare')], [60_000, 60_000])
  })

  test('of an entry that was missed it stays so, until one comes for just this one', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().set('refs/heads/rare', oid(7))
    await sync.list({ path: 'a' }, { path: 'rare', branch: 'rare' })
    await announce(sync)
    sync.remote().set('refs/heads/rare', oid(8))
    await sync.clock.advance(300_000)
    await announce(sync)
    await sync.clock.advance(60_000)
    assert.equal(sync.nextPollInMs('rare'), 60_000)
    await announce(sync, { ref: 'refs/heads/rare' })
    assert.equal(sync.nextPollInMs('rare'), 300_000)
  })

  test('is not touched by the webhooks of another', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' }, { path: 'b', repo: OTHER_REPO })
    await announce(sync, { repo: OTHER_REPO })
    await sync.clock.advance(60_000)
    assert.deepEqual([sync.nextPollInMs('a'), sync.nextPollInMs('b')], [60_000, 240_000])
  })
})

test('a flood for one remote makes no poll of another late', async (t) => {
  const sync = createFakeSync(t, { maxConcurrentPolls: 1 })
  await sync.list({ path: 'a' }, { path: 'b', repo: OTHER_REPO })
  await sync.clock.advance(55_000)
  sync.forget()
  for (let count = 0; count < 1_000; count++) {
    await announce(sync, { oid: oid(2), before: oid(1) })
    await sync.clock.advance(10)
    const isDue = sync.clock.now() - Date.UTC(2024, 0, 1) >= 60_000
    assert.equal(pollsOf(sync, OTHER_REPO), isDue ? 1 : 0)
  }
})

test('a poll on demand of one entry leaves the others alone', async (t) => {
  const sync = createFakeSync(t)
  await sync.list({ path: 'a' }, { path: 'b', repo: OTHER_REPO })
  sync.forget()
  assert.equal(sync.synchronizer.pollNow('b'), 1)
  assert.equal(sync.synchronizer.pollNow('nowhere'), 0)
  await sync.clock.advance(0)
  assert.deepEqual([pollsOf(sync), pollsOf(sync, OTHER_REPO)], [0, 1])
})
