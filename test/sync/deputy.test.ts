// Standing in for others: what is taken over, when, and how it is given back; with a fake clock.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Deputy } from '../../src/sync/deputy.js'
import { LEASE_TIMES } from '../../src/sync/lease-keeper.js'
import { atEnd } from '../helpers/at-end.js'
import { FakeClock } from '../helpers/fake-clock.js'
import { FakeLeases } from '../helpers/fake-leases.js'
import { listed } from '../helpers/fake-sync.js'
import type { TestScope } from '../helpers/git.js'

async function create(t: TestScope, paths: readonly string[]) {
  const clock = new FakeClock()
  const leases = new FakeLeases()
  leases.isWritable = true
  const faults: unknown[] = []
  let changes = 0
  const deputy = new Deputy({
    clock,
    store: leases,
    times: LEASE_TIMES,
    targetOf: ({ byDeputy, directory }) => {
      return { directory, mode: 'in-place', stateRoot: undefined, byDeputy }
    },
    onChange: () => changes++,
    onError: (error) => faults.push(error),
  })
  atEnd(t, async () => {
    await deputy.close()
    assert.deepEqual(faults, [])
    assert.equal(clock.pendingTimers, 0)
  })
  deputy.watch(listed(paths.map((path) => ({ path }))))
  await clock.advance(0)
  return {
    ...{ clock, deputy, leases },
    taken: () => deputy.taken.map(({ path }) => path),
    changes: () => changes,
    /** The holder of /PATH, of another shard, shows a sign of life. */
    beat(path: string, seen: string) {
      leases.ofOtherShards.add(`/${path}`)
      leases.others.set(`/${path}`, seen)
    },
  }
}

test('what shows signs of life is left alone', async (t) => {
  const { beat, clock, deputy, leases, taken } = await create(t, ['a'])
  for (let beats = 0; beats < 12; beats++) {
    beat('a', `beat ${beats}`)
    await clock.advance(10_000)
  }
  assert.deepEqual([taken(), leases.asked], [[], 0])
  assert.equal(deputy.holderOf('/a'), 'holder of /a')
})

test('what stands still for longer than its term is taken over, and not before', async (t) => {
  const { beat, changes, clock, deputy, leases, taken } = await create(t, ['a', 'b'])
  beat('a', 'one')
  beat('b', 'one')
  await clock.advance(20_000)
  beat('b', 'two')
  await clock.advance(9_000)
  assert.deepEqual(taken(), [])
  await clock.advance(14_000)
  assert.deepEqual([taken(), changes()], [['a'], 1])
  assert.ok(leases.held.has('/a'))
  const [entry] = deputy.taken
  assert.deepEqual([entry?.byDeputy, entry?.required], [true, false])
})

test('what is given back, and taken by nobody, is taken over as well', async (t) => {
  const { beat, clock, leases, taken } = await create(t, ['a'])
  beat('a', 'one')
  await clock.advance(20_000)
  leases.others.delete('/a')
  await clock.advance(28_000)
  assert.deepEqual(taken(), [])
  await clock.advance(8_000)
  assert.deepEqual(taken(), ['a'])
})

test('on a volume of its own, where there never was another shard, nothing is', async (t) => {
  const { clock, leases, taken } = await create(t, ['a', 'b'])
  // What it held itself, before it was started again.
  leases.others.set('/b', 'long gone')
  await clock.advance(600_000)
  assert.deepEqual([taken(), leases.asked], [[], 0])
})

test('what its instance wants back is given back', async (t) => {
  const { beat, changes, clock, leases, taken } = await create(t, ['a'])
  beat('a', 'one')
  await clock.advance(45_000)
  assert.deepEqual(taken(), ['a'])
  leases.wanted.add('/a')
  await clock.advance(3_000)
  assert.deepEqual([taken(), changes()], [[], 2])
})

test('what another has taken all the same is not published any more', async (t) => {
  const { beat, clock, taken } = await create(t, ['a'])
  beat('a', 'one')
  await clock.advance(45_000)
  assert.deepEqual(taken(), ['a'])
  beat('a', 'another')
  await clock.advance(3_000)
  assert.deepEqual(taken(), [])
})

test('what it is not next for any more is watched no more', async (t) => {
  const { beat, clock, deputy, leases, taken } = await create(t, ['a'])
  beat('a', 'one')
  await clock.advance(20_000)
  deputy.watch([])
  await clock.advance(60_000)
  assert.deepEqual([taken(), leases.asked], [[], 0])
})

test('where a volume fails, nothing is concluded, and others are taken over', async (t) => {
  const { beat, clock, leases, taken } = await create(t, ['a', 'b'])
  beat('a', 'one')
  beat('b', 'one')
  leases.errors.push(new Error('the volume fails'))
  await clock.advance(45_000)
  assert.deepEqual(taken(), ['b'])
  await clock.advance(45_000)
  assert.deepEqual(taken(), ['a', 'b'])
})
