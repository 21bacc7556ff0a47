// A work queue whose work ends only when the test says so.
import assert from 'node:assert/strict'
import type { Lane } from '../../src/schedule/lanes.js'
import { WorkQueue } from '../../src/schedule/work-queue.js'
import { FakeClock, settle } from './fake-clock.js'

interface OpenWork {
  resolve: () => void
  reject: (error: Error) => void
}

/** Creates a queue of one place, and records of what began, failed and was aborted, in order. */
export function createQueueHarness({
  concurrency = 1,
  onError,
  laneOf = () => ({ name: '', places: concurrency }),
}: {
  concurrency?: number
  laneOf?: (key: string) => Lane
  onError?: (key: string) => void
} = {}) {
  const clock = new FakeClock()
  const started: string[] = []
  const aborted: string[] = []
  const errors: string[] = []
  const open = new Map<string, OpenWork>()
  const queue = new WorkQueue<string>({
    concurrency,
    clock,
    laneOf,
    work: (key, signal) => {
      assert.ok(!open.has(key), `${key} is worked on twice at once`)
      assert.ok(open.size < concurrency, 'more is worked on than there are places')
      assert.ok(!signal.aborted, `work on ${key} begins aborted`)
      started.push(key)
      signal.addEventListener('abort', () => aborted.push(key))
      return new Promise((resolve, reject) => open.set(key, { resolve, reject }))
    },
    onError: (key, error) => {
      errors.push(`${key}: ${error instanceof Error ? error.message : error}`)
      onError?.(key)
    },
  })

  /** Ends the work on `key`, by failure where `error` is given. */
  async function finish(key: string, error?: Error): Promise<void> {
    const work = open.get(key)
    assert.ok(work, `${key} is not worked on`)
    open.delete(key)
    if (error) work.reject(error)
    else work.resolve()
    await settle()
  }

  return { queue, clock, started, aborted, errors, open, finish }
}
