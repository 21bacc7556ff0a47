import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorCode, SyncError } from '../../src/base/errors.js'
import type { RemoteRef, RemoteSession } from '../../src/remote/remote-session.js'
import { Reach, standbySession } from '../../src/remote/standby-session.js'
import { FakeClock } from '../helpers/fake-clock.js'

const { signal } = new AbortController()
const MINUTE_MS = 60_000

function setUp(random = 0.5) {
  const clock = new FakeClock()
  const told: string[] = []
  const reach = new Reach({
    clock,
    patienceMs: MINUTE_MS,
    random: () => random,
    onLeft: ({ code }) => told.push(code),
    onBack: () => told.push('back'),
  })
  const relay = {
    asked: 0,
    fault: undefined as ErrorCode | undefined,
  }
  const refOf = (name: string): RemoteRef => ({
    name,
    oid: '1'.repeat(40),
    peeled: undefined,
    target: undefined,
  })
  const sessionOf = (name: string, ask: () => void): RemoteSession => ({
    async listRefs() {
      ask()
      return [refOf(name)]
    },
    fetch: () => assert.fail(),
    hasCommit: () => assert.fail(),
  })
  let opened = 0
  const first = sessionOf('relay', () => {
    relay.asked++
    if (relay.fault) throw new SyncError(relay.fault, 'of the relay')
  })
  const openOwn = () => {
    opened++
    return sessionOf('own', () => undefined)
  }
  const session = standbySession(first, openOwn, reach)
  const ask = () =>
    session.listRefs([], signal).then(
      ([ref]) => ref?.name,
      (error) => (error as SyncError).code,
    )
  const other = () =>
    standbySession(first, openOwn, reach)
      .listRefs([], signal)
      .then(([ref]) => ref?.name)
  return { clock, relay, told, ask, other, opened: () => opened }
}

test('an address that answers is asked alone', async () => {
  const { ask, opened } = setUp()
  assert.equal(await ask(), 'relay')
  assert.equal(opened(), 0)
})

test('what cannot be reached for long is left, by all that use it, and looked for later', async () => {
  const { ask, clock, other, relay, told, opened } = setUp()
  relay.fault = 'connection-refused'
  assert.equal(await ask(), 'connection-refused')
  // Half of the jitter is added.
  await clock.advance(1.5 * MINUTE_MS - 1)
  assert.equal(await ask(), 'connection-refused')
  await clock.advance(1)
  assert.equal(await ask(), 'own')
  assert.deepEqual(told, ['connection-refused'])
  const { asked } = relay
  assert.equal(await ask(), 'own')
  assert.equal(await other(), 'own')
  assert.equal(relay.asked, asked, 'it is left alone')
  assert.equal(opened(), 2)

  await clock.advance(1.5 * MINUTE_MS)
  assert.deepEqual(await Promise.all([ask(), other()]), ['own', 'own'])
  assert.equal(relay.asked, asked + 1, 'one has looked')
  relay.fault = undefined
  await clock.advance(1.5 * MINUTE_MS)
  assert.deepEqual([await ask(), await other()], ['relay', 'relay'])
  assert.deepEqual(told, ['connection-refused', 'back'])
})

test('each instance leaves at another time', async () => {
  const leftAfter = async (random: number) => {
    const { ask, clock, relay } = setUp(random)
    relay.fault = 'server-error'
    await ask()
    for (let second = 1; ; second++) {
      await clock.advance(1000)
      if ((await ask()) === 'own') return second
    }
  }
  assert.deepEqual([await leftAfter(0), await leftAfter(0.25)], [60, 75])
})

test('an answer is an answer, and one answer begins the waiting anew', async () => {
  const { ask, clock, relay } = setUp(0)
  relay.fault = 'access-denied'
  for (const _ of [1, 2, 3]) {
    assert.equal(await ask(), 'access-denied')
    await clock.advance(MINUTE_MS)
  }
  relay.fault = 'connect-timeout'
  assert.equal(await ask(), 'connect-timeout')
  await clock.advance(MINUTE_MS - 1)
  relay.fault = undefined
  assert.equal(await ask(), 'relay')
  relay.fault = 'connect-timeout'
  await clock.advance(2)
  assert.equal(await ask(), 'connect-timeout')
})

test('work that is stopped tells nothing', async () => {
  const { ask, clock, relay } = setUp(0)
  relay.fault = 'aborted'
  assert.equal(await ask(), 'aborted')
  await clock.advance(2 * MINUTE_MS)
  assert.equal(await ask(), 'aborted')
  relay.fault = 'idle-timeout'
  assert.equal(await ask(), 'idle-timeout')
})
