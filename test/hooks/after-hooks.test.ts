// What hooks are told of commits that come faster than they work, or that they fail by.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import { AfterHooks } from '../../src/hooks/after-hooks.js'
import type { HookOutcome } from '../../src/hooks/hook-outcome.js'
import type { HookAttempt } from '../../src/hooks/hook-runner.js'
import { FakeClock, settle } from '../helpers/fake-clock.js'
import { parse, REPO } from '../listing/listing-harness.js'
import { eventOf } from './hook-events.js'

/** Hooks that take `durationMs`, and fail as often as they are told to. */
function create({ durationMs = 0, hooks = 1 } = {}) {
  const clock = new FakeClock()
  const attempts: HookAttempt[] = []
  const outcomes: HookOutcome[] = []
  const failures: SyncError[] = []
  const ended: string[] = []
  const after = new AfterHooks({
    clock,
    random: () => 0,
    observe: (outcome) => outcomes.push(outcome),
    onError: assert.ifError,
    async run(_hook, attempt) {
      attempts.push(attempt)
      await new Promise<void>((resolve, reject) => {
        clock.schedule(durationMs, resolve)
        attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason))
      })
      ended.push(attempt.event.oid)
      const failure = failures.shift()
      if (failure) throw failure
    },
  })
  const listed = (touched = 'x') =>
    parse([
      {
        path: 'site',
        repo: REPO,
        after: Array.from({ length: hooks }, (_, n) => ({ touch: `/run/${touched}${n}` })),
      },
    ])
  after.setEntries(listed())
  const publish = (oid: string, more: Parameters<typeof eventOf>[1] = {}) =>
    after.published(eventOf(oid, more))
  const told = () => attempts.map(({ event }) => event.oid)
  return { after, attempts, clock, ended, failures, listed, outcomes, publish, told }
}

const failure = () => new SyncError('hook-failed', 'It failed.')

describe('hooks after a publication', () => {
  test('of 1,000 commits at ten a second, one that takes a second hears of the newest', async () => {
    const { attempts, clock, ended, publish } = create({ durationMs: 1000 })
    for (let commit = 1; commit <= 1000; commit++) {
      publish(`${commit}`, {
        previousOid: `${commit - 1}`,
        changed: { count: 1, paths: [`file${commit}`] },
      })
      await clock.advance(100)
    }
    await clock.advance(2000)
    assert.equal(ended.at(-1), '1000')
    assert.ok(ended.length <= 102, `${ended.length} runs`)
    // No change is left out, and none is told twice.
    const paths = attempts.flatMap(({ event }) => event.changed.paths)
    assert.deepEqual(
      paths,
      Array.from({ length: 1000 }, (_, at) => `file${at + 1}`),
    )
    for (const [at, { event }] of attempts.entries()) {
      assert.equal(event.previousOid, at === 0 ? '0' : attempts[at - 1]?.event.oid)
    }
  })

  test('one that fails is tried again with the newest commit, and told all that changed', async () => {
    const { attempts, clock, failures, outcomes, publish, told } = create()
    failures.push(failure(), failure())
    publish('1', { previousOid: '0' })
    await clock.advance(10)
    publish('2', { previousOid: '1', changed: { count: 2, paths: ['a', 'b'] } })
    await clock.advance(10)
    // A commit is no reason to try sooner.
    assert.deepEqual(told(), ['1'])
    await clock.advance(1500)
    publish('3', { previousOid: '2', changed: { count: 1, paths: ['c'] } })
    await clock.advance(3000)
    assert.deepEqual(told(), ['1', '2', '3'])
    const { changed, previousOid } = attempts.at(-1)?.event ?? {}
    assert.deepEqual([previousOid, changed], ['0', { count: 3, paths: ['a', 'b', 'c'] }])
    assert.deepEqual(
      outcomes.map((outcome) => ('attempt' in outcome ? outcome.attempt : outcome.result)),
      [1, 2, 'succeeded'],
    )
  })

  test('one that fails while a commit comes is not tried again at once', async () => {
    const { clock, failures, publish, told } = create({ durationMs: 100 })
    failures.push(failure())
    publish('1')
    await clock.advance(50)
    publish('2')
    await clock.advance(100)
    assert.deepEqual(told(), ['1'])
    await clock.advance(1500)
    assert.deepEqual(told(), ['1', '2'])
  })

  test('one that succeeded for a commit is not repeated for it', async () => {
    const { clock, publish, told } = create({ durationMs: 100 })
    publish('1')
    await clock.advance(50)
    publish('1')
    await clock.advance(100)
    publish('1')
    await clock.advance(1000)
    assert.deepEqual(told(), ['1'])
  })

  test('but for one that is to be told of a repair', async () => {
    for (const [isRepeated, expected] of [
      [false, ['1', '2']],
      [true, ['1', '1', '2']],
    ] as const) {
      const { after, clock, listed, publish, told } = create()
      const entries = listed().map((entry) => ({
        ...entry,
        after: entry.after.map((hook) => ({ ...hook, isRepeated })),
      }))
      after.setEntries(entries)
      publish('1')
      await clock.advance(1)
      after.repaired(eventOf('1'))
      await clock.advance(1)
      publish('2')
      await clock.advance(1)
      assert.deepEqual(told(), expected)
    }
  })

  test('one that failed for a later commit is told again when an earlier one returns', async () => {
    const { clock, failures, publish, told } = create()
    publish('1')
    await clock.advance(10)
    failures.push(failure())
    publish('2')
    await clock.advance(10)
    publish('1')
    await clock.advance(1500)
    assert.deepEqual(told(), ['1', '2', '1'])
  })

  test('what a service asks for with Retry-After is waited for', async () => {
    const { clock, failures, publish, told } = create()
    failures.push(new SyncError('rate-limited', 'Later.', { retryAfterMs: 60_000 }))
    publish('1')
    await clock.advance(59_000)
    assert.deepEqual(told(), ['1'])
    await clock.advance(1000)
    assert.deepEqual(told(), ['1', '1'])
  })

  test('somebody may want those that failed to be tried now', async () => {
    const { after, clock, failures, publish, told } = create()
    failures.push(failure())
    publish('1')
    await clock.advance(10)
    assert.equal(after.failing, 1)
    const [failed, ...others] = after.failuresOf('site')
    assert.deepEqual(
      [failed?.hook, failed?.error.code, failed?.attempts, others],
      ['after/0', 'hook-failed', 1, []],
    )
    assert.ok((failed?.nextAt ?? 0) > clock.now())
    after.retryNow()
    await settle()
    assert.deepEqual(told(), ['1', '1'])
    await clock.advance(0)
    assert.equal(after.failing, 0)
    assert.deepEqual(after.failuresOf('site'), [])
    after.retryNow()
    await clock.advance(10_000)
    assert.deepEqual(told(), ['1', '1'])
  })

  test('one that hangs holds up no other', async () => {
    const { after, clock, publish, attempts } = create({ durationMs: 1e9, hooks: 2 })
    publish('1')
    await clock.advance(10)
    assert.equal(attempts.length, 2)
    await after.close()
    assert.ok(attempts.every(({ signal }) => signal.aborted))
    assert.equal(clock.pendingTimers, 2, 'those of the fake alone')
  })

  test('another listing stops what it has not, and keeps what stays', async () => {
    const { after, attempts, clock, listed, publish, told } = create({ durationMs: 100 })
    publish('1')
    await clock.advance(10)
    after.setEntries(listed())
    await clock.advance(100)
    publish('1')
    await clock.advance(1000)
    assert.deepEqual(told(), ['1'])
    // Whoever else is asked before.
    after.setEntries(listed().map((entry) => ({ ...entry, before: entry.after })))
    publish('1')
    await clock.advance(1000)
    assert.deepEqual(told(), ['1'])
    publish('2')
    await clock.advance(10)
    after.setEntries(listed('y'))
    await clock.advance(10)
    assert.equal(attempts.at(-1)?.signal.aborted, true)
    // A new one knows nothing yet.
    publish('2')
    await clock.advance(200)
    assert.deepEqual(told(), ['1', '2', '2'])
    after.setEntries([])
    publish('3')
    await clock.advance(200)
    assert.deepEqual(told(), ['1', '2', '2'])
  })
})
