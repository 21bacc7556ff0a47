// What one process makes of another that works on its root, at a clock that stands still.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SyncError } from '../../../src/base/errors.js'
import { Bystander } from '../../../src/front/git-sync/bystander.js'
import { FakeClock } from '../../helpers/fake-clock.js'
import { FakeRemote } from '../../helpers/fake-remote.js'
import { failure, listed, oid, REPO } from '../../helpers/fake-sync.js'

const [PERIOD_MS, TIMEOUT_MS] = [1000, 5000]

function start() {
  const clock = new FakeClock()
  const remote = new FakeRemote()
  remote.push(oid(1))
  const [entry] = listed([{ path: '/srv/link', repo: REPO, branch: 'main' }])
  assert.ok(entry)
  const seen = {
    commit: undefined as string | undefined,
    shown: [] as string[],
    faults: [] as string[],
    onShown: (): void => undefined,
  }
  const bystander = new Bystander({
    entry,
    open: () => remote,
    periodMs: () => PERIOD_MS,
    timeoutMs: TIMEOUT_MS,
    commit: async () => seen.commit,
    clock,
    onShown({ commit }) {
      seen.shown.push(commit)
      seen.onShown()
    },
    onFault: ({ code }) => seen.faults.push(code),
  })
  return { bystander, clock, remote, seen }
}

test('looks once a period, and tells what is shown as the remote names it', async () => {
  const { bystander, clock, remote, seen } = start()
  bystander.watch('other')
  bystander.watch('other')
  await clock.advance(PERIOD_MS)
  assert.deepEqual([seen.shown, seen.faults], [[], []])
  seen.commit = oid(1)
  await clock.advance(PERIOD_MS)
  remote.push(oid(2))
  await clock.advance(PERIOD_MS)
  assert.deepEqual(seen.shown, [oid(1)])
  seen.commit = oid(2)
  await clock.advance(PERIOD_MS)
  assert.deepEqual(seen.shown, [oid(1), oid(2)])
  assert.equal(remote.polls.length, 5)
  bystander.end()
  await clock.advance(10 * PERIOD_MS)
  assert.equal(remote.polls.length, 5)
  assert.equal(clock.pendingTimers, 0)
})

test('each time that the other takes too long is a fault', async () => {
  const { bystander, clock, seen } = start()
  bystander.watch('other')
  await clock.advance(TIMEOUT_MS - 1)
  assert.deepEqual(seen.faults, [])
  await clock.advance(1)
  assert.deepEqual(seen.faults, ['lease-held'])
  await clock.advance(TIMEOUT_MS)
  assert.deepEqual(seen.faults, ['lease-held', 'lease-held'])
  bystander.end()
})

test('each look that fails is a fault: refused, late, or without the ref', async () => {
  const { bystander, clock, remote, seen } = start()
  bystander.watch('other')
  await clock.advance(1)
  remote.pollError = failure('authentication-required')
  await clock.advance(PERIOD_MS)
  remote.pollError = undefined
  remote.delete('refs/heads/main')
  await clock.advance(PERIOD_MS)
  remote.polling.shut()
  await clock.advance(PERIOD_MS + TIMEOUT_MS)
  assert.deepEqual(seen.faults, ['authentication-required', 'ref-not-found', 'sync-timeout'])
  bystander.end()
})

test('looks no more where whoever it tells ends it', async () => {
  const { bystander, clock, remote, seen } = start()
  seen.commit = oid(1)
  seen.onShown = () => bystander.end()
  bystander.watch('other')
  await clock.advance(PERIOD_MS)
  assert.deepEqual([seen.shown, remote.polls.length, clock.pendingTimers], [[oid(1)], 1, 0])
})

test('says nothing once it is ended, whatever was under way', async () => {
  const { bystander, clock, remote, seen } = start()
  remote.polling.shut()
  bystander.watch('other')
  await clock.advance(1)
  bystander.end()
  remote.pollError = new SyncError('internal', 'late')
  remote.polling.open()
  await clock.advance(PERIOD_MS)
  assert.deepEqual(seen.faults, [])
  bystander.watch('another')
  remote.pollError = undefined
  seen.commit = oid(1)
  await clock.advance(PERIOD_MS)
  assert.ok(seen.shown.length > 0)
  bystander.end()
})
