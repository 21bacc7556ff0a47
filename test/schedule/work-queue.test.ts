import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WorkQueue } from '../../src/schedule/work-queue.js'
import { FakeClock, settle } from '../helpers/fake-clock.js'
import { createQueueHarness } from '../helpers/queue-harness.js'

describe('order and concurrency', () => {
  test('keys begin in the order in which they were added, as places become free', async () => {
    const { queue, started, finish } = createQueueHarness({ concurrency: 2 })
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key)
    await settle()
    assert.deepEqual(started, ['a', 'b'])
    assert.deepEqual([queue.running, queue.size], [2, 2])
    await finish('b')
    assert.deepEqual(started, ['a', 'b', 'c'])
    await finish('a')
    await finish('c')
    assert.deepEqual(started, ['a', 'b', 'c', 'd'])
    assert.deepEqual([queue.running, queue.size], [1, 0])
  })

  test('work begins after the call that adds it, not within', async () => {
    const { queue, started } = createQueueHarness()
    queue.add('a')
    assert.deepEqual(started, [])
    await settle()
    assert.deepEqual(started, ['a'])
  })

  test('a key that always comes back does not starve the others', async () => {
    const { queue, started, finish } = createQueueHarness()
    queue.add('busy')
    await settle()
    queue.add('busy')
    queue.add('other')
    await finish('busy')
    await finish('other')
    assert.deepEqual(started, ['busy', 'other', 'busy'])
  })

  test('a key added many times before its work begins is worked on once', async () => {
    const { queue, started, finish } = createQueueHarness()
    for (const key of ['a', 'b', 'b', 'b']) queue.add(key)
    await settle()
    await finish('a')
    await finish('b')
    assert.deepEqual(started, ['a', 'b'])
    assert.deepEqual([queue.running, queue.size], [0, 0])
  })

  test('a key added while it is worked on is worked on once more, never twice at once', async () => {
    const { queue, started, finish } = createQueueHarness({ concurrency: 3 })
    queue.add('a')
    await settle()
    queue.add('a')
    queue.add('a')
    await settle()
    assert.deepEqual(started, ['a'])
    await finish('a')
    assert.deepEqual(started, ['a', 'a'])
    await finish('a')
    assert.deepEqual(started, ['a', 'a'])
  })

  test('ten thousand keys are worked on within the limits, each once', async () => {
    const seen = new Set<number>()
    let running = 0
    let most = 0
    const work = async (key: number) => {
      most = Math.max(most, ++running)
      await settle()
      seen.add(key)
      running--
    }
    const clock = new FakeClock()
    const laneOf = (key: number) => ({ name: String(key % 3), places: key % 3 === 0 ? 1 : 16 })
    const queue = new WorkQueue({ concurrency: 32, clock, laneOf, work, onError: assert.fail })
    for (let key = 0; key < 10_000; key++) queue.add(key, key % 5 === 0)
    await queue.idle()
    assert.equal(seen.size, 10_000)
    assert.equal(most, 32)
  })
})

describe('lanes', () => {
  const places: Record<string, number> = { a: 2, b: 4, c: 4 }
  const laneOf = (key: string) => ({ name: key.charAt(0), places: places[key.charAt(0)] ?? 1 })

  test('take turns, each in its own order', async () => {
    const { queue, started, finish } = createQueueHarness({ concurrency: 1, laneOf })
    for (const key of ['b1', 'b2', 'b3', 'c1', 'c2']) queue.add(key)
    await settle()
    for (const key of ['b1', 'c1', 'b2', 'c2', 'b3']) await finish(key)
    assert.deepEqual(started, ['b1', 'c1', 'b2', 'c2', 'b3'])
  })

  test('take their places at most, and leave the others to the rest', async () => {
    const { queue, started, finish } = createQueueHarness({ concurrency: 4, laneOf })
    for (const key of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'b3']) queue.add(key)
    await settle()
    assert.deepEqual(started, ['a1', 'b1', 'a2', 'b2'])
    await finish('b1')
    assert.deepEqual(started.slice(4), ['b3'])
    await finish('b2')
    assert.deepEqual([started.length, queue.size, queue.running], [5, 2, 3])
    await finish('a1')
    assert.deepEqual(started.slice(5), ['a3'])
    await finish('a2')
    assert.deepEqual(started.slice(6), ['a4'])
  })

  test('of one place are worked off, and idle waits for all of them', async () => {
    const one = () => ({ name: 'one', places: 1 })
    const harness = createQueueHarness({ concurrency: 3, laneOf: one })
    for (const key of ['a', 'b']) harness.queue.add(key)
    let isIdle = false
    void harness.queue.idle().then(() => {
      isIdle = true
    })
    await settle()
    await harness.finish('a')
    assert.deepEqual([harness.started, isIdle], [['a', 'b'], false])
    await harness.finish('b')
    assert.equal(isIdle, true)
  })

  test('of a key may change while it is worked on', async () => {
    const lanes = new Map([['x', 'b']])
    const { queue, started, finish } = createQueueHarness({
      concurrency: 4,
      laneOf: (key) => laneOf(lanes.get(key) ?? key),
    })
    queue.add('x')
    await settle()
    lanes.set('x', 'a')
    queue.add('x')
    await finish('x')
    for (const key of ['a1', 'a2']) queue.add(key)
    await settle()
    assert.deepEqual(started, ['x', 'x', 'a1'])
    await finish('x')
    assert.deepEqual(started.slice(3), ['a2'])
  })
})

describe('urgent keys', () => {
  const laneOf = (key: string) => ({ name: key.charAt(0), places: 9 })

  test('stay so where they wait for an earlier time already', async () => {
    const { clock, queue, started, finish } = createQueueHarness({ laneOf })
    queue.add('a0')
    await settle()
    queue.addAfter('a9', 10)
    queue.addAfter('a9', 20, true)
    await clock.advance(5)
    queue.add('a1')
    await clock.advance(5)
    for (const key of ['a0', 'a9', 'a1']) await finish(key)
    assert.deepEqual(started, ['a0', 'a9', 'a1'])
  })

  test('come first in all lanes, but for each fourth place', async () => {
    const { queue, started, finish } = createQueueHarness({ laneOf })
    queue.add('a0')
    await settle()
    for (const key of ['a1', 'a2', 'b1']) queue.add(key)
    for (const key of ['a6', 'b6', 'c6', 'a7', 'b7']) queue.add(key, true)
    const order = ['a0', 'a6', 'b6', 'c6', 'a1', 'a7', 'b7', 'b1', 'a2']
    for (const key of order) await finish(key)
    assert.deepEqual(started, order)
  })

  test('may have waited before, and come back so where they are worked on', async () => {
    const { queue, started, finish } = createQueueHarness()
    queue.add('a')
    await settle()
    for (const key of ['b', 'c', 'd']) queue.add(key)
    queue.add('d', true)
    queue.add('d')
    queue.add('a', true)
    queue.addAfter('e', 10, true)
    await finish('a')
    await finish('d')
    await finish('a')
    assert.deepEqual(started, ['a', 'd', 'a', 'b'])
  })
})

describe('delays', () => {
  test('a delayed key begins when it is due, and not before', async () => {
    const { queue, clock, started } = createQueueHarness()
    queue.addAfter('a', 100)
    assert.equal(queue.dueAt('a'), clock.now() + 100)
    await clock.advance(99)
    assert.deepEqual(started, [])
    await clock.advance(1)
    assert.deepEqual(started, ['a'])
    assert.equal(queue.dueAt('a'), undefined)
  })

  test('of two delays the earlier one wins, whichever came first', async () => {
    for (const delays of [
      [100, 50],
      [50, 100],
    ]) {
      const { queue, clock, started, finish } = createQueueHarness()
      for (const delayMs of delays) queue.addAfter('a', delayMs)
      await clock.advance(50)
      assert.deepEqual(started, ['a'])
      await finish('a')
      await clock.advance(100)
      assert.deepEqual(started, ['a'])
      assert.equal(clock.pendingTimers, 0)
    }
  })

  test('an add replaces a delay, and a delay never postpones an add', async () => {
    const { queue, clock, started, finish } = createQueueHarness()
    queue.addAfter('a', 100)
    queue.add('a')
    queue.addAfter('a', 200)
    await settle()
    await finish('a')
    await clock.advance(500)
    assert.deepEqual(started, ['a'])
  })

  test('a key that delays itself from within its work comes back when due', async () => {
    const clock = new FakeClock(0)
    const startedAt: number[] = []
    const work = async (key: string) => {
      startedAt.push(clock.now())
      queue.addAfter(key, 60)
    }
    const queue = new WorkQueue({ concurrency: 1, clock, work, onError: assert.fail })
    queue.add('a')
    await clock.advance(150)
    assert.deepEqual(startedAt, [0, 60, 120])
    await queue.close()
  })

  test('a delay that ends while its key is worked on has it worked on again', async () => {
    const { queue, clock, started, finish } = createQueueHarness()
    queue.add('a')
    await settle()
    queue.addAfter('a', 10)
    await clock.advance(20)
    assert.deepEqual(started, ['a'])
    assert.equal(queue.dueAt('a'), clock.now())
    await finish('a')
    assert.deepEqual(started, ['a', 'a'])
  })
})

describe('failures', () => {
  test('work that rejects is reported, gives up its place, and may be added again', async () => {
    const { queue, started, errors, finish } = createQueueHarness({
      onError: (key) => queue.addAfter(key, 10),
    })
    queue.add('a')
    queue.add('b')
    await settle()
    await finish('a', new Error('no luck'))
    assert.deepEqual(errors, ['a: no luck'])
    assert.deepEqual(started, ['a', 'b'])
    assert.ok(queue.dueAt('a'))
  })

  test('work that throws before its first promise is reported as well', async () => {
    const errors: unknown[] = []
    const queue = new WorkQueue<string>({
      concurrency: 1,
      clock: new FakeClock(),
      work: () => {
        throw new Error('at once')
      },
      onError: (key, error) => errors.push(key, error instanceof Error && error.message),
    })
    queue.add('a')
    queue.add('b')
    await queue.idle()
    assert.deepEqual(errors, ['a', 'at once', 'b', 'at once'])
  })
})

describe('removal', () => {
  test('a removed key is forgotten, be it waiting or delayed', async () => {
    const { queue, clock, started, finish } = createQueueHarness()
    for (const key of ['a', 'b', 'c']) queue.add(key)
    queue.addAfter('d', 10)
    await settle()
    queue.remove('b')
    queue.remove('d')
    queue.remove('never added')
    await finish('a')
    await clock.advance(100)
    assert.deepEqual(started, ['a', 'c'])
    assert.equal(clock.pendingTimers, 0)
  })

  test('a removed key that is worked on is aborted, and does not come back', async () => {
    const { queue, started, aborted, finish } = createQueueHarness()
    queue.add('a')
    await settle()
    queue.add('a')
    queue.remove('a')
    assert.deepEqual(aborted, ['a'])
    assert.equal(queue.running, 1)
    await finish('a')
    assert.deepEqual(started, ['a'])
  })

  test('a key added after its removal is worked on with a fresh signal', async () => {
    const { queue, started, aborted, finish } = createQueueHarness({ concurrency: 2 })
    queue.add('a')
    await settle()
    queue.remove('a')
    queue.add('a')
    await settle()
    assert.deepEqual(started, ['a'])
    await finish('a')
    assert.deepEqual(started, ['a', 'a'])
    assert.deepEqual(aborted, ['a'])
  })
})

describe('idle and close', () => {
  test('idle waits for what waits and runs, not for delays', async () => {
    const { queue, finish } = createQueueHarness()
    await queue.idle()
    queue.add('a')
    queue.add('b')
    queue.addAfter('c', 1_000)
    let isIdle = false
    void queue.idle().then(() => (isIdle = true))
    await settle()
    await finish('a')
    assert.equal(isIdle, false)
    await finish('b')
    assert.equal(isIdle, true)
  })

  test('close aborts, waits for the work to return, and adds nothing afterwards', async () => {
    const { queue, clock, started, aborted, finish } = createQueueHarness()
    queue.add('a')
    queue.add('b')
    queue.addAfter('c', 10)
    await settle()
    let isClosed = false
    void queue.close().then(() => (isClosed = true))
    await settle()
    assert.deepEqual(aborted, ['a'])
    assert.equal(isClosed, false)
    queue.add('d')
    queue.addAfter('e', 1)
    await finish('a')
    await clock.advance(100)
    assert.equal(isClosed, true)
    assert.deepEqual(started, ['a'])
    assert.equal(clock.pendingTimers, 0)
    await queue.close()
  })
})
