// Any sequence of calls, against a model that restates the queue's contract in
// the plainest way.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '../helpers/fake-clock.js'
import fc from '../helpers/fast-check.js'
import { createQueueHarness } from '../helpers/queue-harness.js'
import { IS_WHOLE } from '../helpers/seed.js'

type Action =
  | { type: 'add' | 'remove' | 'finish' | 'fail'; key: string }
  | { type: 'addAfter'; key: string; delayMs: number }
  | { type: 'advance'; ms: number }

class QueueModel {
  readonly started: string[] = []
  readonly aborted: string[] = []
  waiting: string[] = []
  readonly running = new Map<string, { again: boolean; aborted: boolean }>()
  /** In the order of their timers' creation. */
  delays: { key: string; dueMs: number }[] = []

  constructor(
    readonly concurrency: number,
    public nowMs: number,
  ) {}

  add(key: string) {
    this.delays = this.delays.filter((delay) => delay.key !== key)
    const run = this.running.get(key)
    if (run) run.again = true
    else if (!this.waiting.includes(key)) this.waiting.push(key)
    this.start()
  }

  addAfter(key: string, delayMs: number) {
    const dueMs = this.nowMs + delayMs
    if (this.waiting.includes(key) || this.running.get(key)?.again) return
    if (this.delays.some((delay) => delay.key === key && delay.dueMs <= dueMs)) return
    this.delays = this.delays.filter((delay) => delay.key !== key)
    this.delays.push({ key, dueMs })
  }

  remove(key: string) {
    this.delays = this.delays.filter((delay) => delay.key !== key)
    this.waiting = this.waiting.filter((waiting) => waiting !== key)
    const run = this.running.get(key)
    if (!run) return
    if (!run.aborted) this.aborted.push(key)
    Object.assign(run, { again: false, aborted: true })
  }

  finish(key: string) {
    const run = this.running.get(key)
    this.running.delete(key)
    if (run?.again) this.waiting.push(key)
    this.start()
  }

  advance(ms: number) {
    const endMs = this.nowMs + ms
    const due = this.delays.filter(({ dueMs }) => dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)
    for (const { key, dueMs } of due) {
      this.nowMs = dueMs
      this.add(key)
    }
    this.nowMs = endMs
  }

  dueAt(key: string): number | undefined {
    if (this.waiting.includes(key) || this.running.get(key)?.again) return this.nowMs
    return this.delays.find((delay) => delay.key === key)?.dueMs
  }

  private start() {
    while (this.running.size < this.concurrency) {
      const key = this.waiting.shift()
      if (key === undefined) return
      this.running.set(key, { again: false, aborted: false })
      this.started.push(key)
    }
  }
}

const KEYS = ['a', 'b', 'c', 'd', 'e']
const anyKey = fc.constantFrom(...KEYS)
const anyAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('add' as const), key: anyKey }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('addAfter' as const),
      key: anyKey,
      delayMs: fc.integer({ min: 1, max: 50 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constantFrom('finish' as const, 'fail'), key: anyKey }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('remove' as const), key: anyKey }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('advance' as const), ms: fc.nat(40) }),
  },
)

test('any sequence of calls does what the contract says', async () => {
  const sequences = fc.array(anyAction, { minLength: 10, maxLength: 60 })
  const property = fc.asyncProperty(fc.integer({ min: 1, max: 3 }), sequences, checkSequence)
  await fc.assert(property, { numRuns: IS_WHOLE ? 200 : 60 })
})

async function checkSequence(concurrency: number, actions: readonly Action[]): Promise<void> {
  const harness = createQueueHarness({ concurrency })
  const { queue, clock } = harness
  const model = new QueueModel(concurrency, clock.now())
  for (const action of actions) {
    switch (action.type) {
      case 'add':
      case 'remove':
        queue[action.type](action.key)
        model[action.type](action.key)
        await settle()
        break
      case 'addAfter':
        queue.addAfter(action.key, action.delayMs)
        model.addAfter(action.key, action.delayMs)
        break
      case 'advance':
        await clock.advance(action.ms)
        model.advance(action.ms)
        break
      default:
        if (!model.running.has(action.key)) continue
        await harness.finish(action.key, action.type === 'fail' ? new Error('failed') : undefined)
        model.finish(action.key)
    }
    assert.deepEqual(harness.started, model.started)
    assert.deepEqual(harness.aborted, model.aborted)
    assert.deepEqual([...harness.open.keys()].sort(), [...model.running.keys()].sort())
    assert.deepEqual([queue.size, queue.running], [model.waiting.length, model.running.size])
    assert.deepEqual(
      KEYS.map((key) => queue.dueAt(key)),
      KEYS.map((key) => model.dueAt(key)),
    )
    assert.equal(clock.pendingTimers, model.delays.length)
  }
  const closed = queue.close()
  for (const key of [...harness.open.keys()]) await harness.finish(key)
  await closed
  assert.deepEqual([queue.size, queue.running, clock.pendingTimers], [0, 0, 0])
}
