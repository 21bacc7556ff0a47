// The life of an entry: its table by itself, that every arrow of it and no other is gone by what
// the steps of the work come to, and that nobody but `conclude` writes a state.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { SyncError } from '../../../src/base/errors.js'
import type { Entry } from '../../../src/listing/entry.js'
import type { Drift } from '../../../src/publish/drift/inspection.js'
import { announcedRevision } from '../../../src/sync/announced-revision.js'
import type { SyncContext } from '../../../src/sync/context.js'
import type { ResolvedRevision } from '../../../src/sync/resolve-revision.js'
import { conclude, createState, type EntryState } from '../../../src/sync/state/entry-state.js'
import { isTransition, LIFECYCLE, type Phase } from '../../../src/sync/state/lifecycle.js'
import type { Failed, Outcome } from '../../../src/sync/state/outcome.js'
import { needsSync } from '../../../src/sync/state/records.js'
import { SubmoduleRemotes } from '../../../src/sync/submodule-remotes.js'
import { FakeClock } from '../../helpers/fake-clock.js'
import { FakeRemote } from '../../helpers/fake-remote.js'
import { failure, listed, oid } from '../../helpers/fake-sync.js'
import { FakeWorkers } from '../../helpers/fake-workers.js'

const PHASES = Object.keys(LIFECYCLE) as Phase[]
const CADENCE = { jitter: 0, random: () => 0.5 }
const DRIFT: Drift = { count: 1, paths: ['x'], missing: [] }

/** One that is tried again, and one that somebody must mend. */
const FAILURES = [failure('connection-refused'), failure('host-key-changed')]
const HELD = failure('lease-held')
const PROGRESS = {
  report: { phase: 'fetch', receivedBytes: 0, filesWritten: 0, elapsedMs: 0 },
} as const
/** Of what the second poll names. */
const PUSH = { repositories: [], ref: undefined, oid: oid(2), before: undefined }
const ENTRY = entryOf({})
const SUSPENDED = entryOf({ suspend: true })

function createContext() {
  const faults: unknown[] = []
  const context: SyncContext = {
    clock: new FakeClock(),
    cadence: CADENCE,
    observe: () => undefined,
    onError: (error) => faults.push(error),
    workers: new FakeWorkers(),
    submodules: new SubmoduleRemotes(() => new FakeRemote()),
    syncTimeoutMs: 1000,
    graceMs: 1000,
    verifyIntervalMs: 1000,
    webhookPollIntervalMs: 300_000,
    stateDirectory: undefined,
    askBefore: async () => undefined,
    openLfs: () => () => [],
  }
  return { context, faults }
}

describe('the table of phases', () => {
  test('leads from the first phase to every other, and from each to the last', () => {
    const reached = new Set<Phase>(PHASES.slice(0, 1))
    for (const phase of reached) for (const next of LIFECYCLE[phase].next) reached.add(next)
    assert.deepEqual([...reached].sort(), [...PHASES].sort())
    const others = PHASES.filter((phase) => phase !== 'retired')
    for (const phase of others) {
      assert.ok(isTransition(phase, 'retiring') || phase === 'retiring', `${phase} can leave`)
    }
    assert.deepEqual(LIFECYCLE.retired.next, [])
  })

  test('names each arrow once, and none that stays', () => {
    for (const phase of PHASES) {
      const { next } = LIFECYCLE[phase]
      assert.equal(new Set(next).size, next.length, phase)
      assert.equal(next.includes(phase), false, phase)
      assert.equal(isTransition(phase, phase), true)
    }
  })
})

describe('the outcomes of all work that can follow', () => {
  test('go along every arrow of the table, and along no other', () => {
    const { context, faults } = createContext()
    const arrows = new Set<string>()
    const seen = new Map<string, EntryState>()
    const add = (state: EntryState) => {
      if (!seen.has(keyOf(state))) seen.set(keyOf(state), state)
    }
    add(createState(ENTRY, 0))
    for (const state of seen.values()) {
      for (const outcome of outcomesIn(state)) {
        const after = { ...state }
        conclude(after, outcome, context)
        if (after.phase !== state.phase) arrows.add(`${state.phase} → ${after.phase}`)
        add(after)
      }
    }
    const drawn = PHASES.flatMap((from) => LIFECYCLE[from].next.map((to) => `${from} → ${to}`))
    assert.deepEqual([...arrows].sort(), drawn.sort())
    assert.deepEqual(faults, [])
  })
})

describe('a transition that the table does not have', () => {
  test('is told as a fault of this program, and ends nothing', () => {
    const { context, faults } = createContext()
    const state = createState(ENTRY, 0)
    conclude(state, { type: 'removed', isPruned: false }, context)
    conclude(state, { type: 'retired' }, context)
    conclude(state, { type: 'added', entry: ENTRY, isLate: true }, context)
    const [fault, ...others] = faults
    assert.ok(fault instanceof SyncError && fault.code === 'internal')
    assert.match(fault.message, /^The entry a went from retired to inspecting by added/)
    assert.deepEqual(others, [])
    assert.equal(state.phase, 'inspecting')
  })
})

describe('the state of an entry', () => {
  test('is written by one file, as far as the compiler sees', () => {
    const state = createState(ENTRY, 0)
    const writes = [
      // @ts-expect-error Only conclude writes it.
      () => (state.phase = 'synced'),
      // @ts-expect-error Only conclude writes it.
      () => (state.schedule = createState(ENTRY, 0).schedule),
      // @ts-expect-error Only conclude writes it.
      () => (state.observed.commit = oid(1)),
      // @ts-expect-error Only conclude writes it.
      () => (state.desired.wanted = undefined),
      // @ts-expect-error Only conclude writes it.
      () => state.schedule.failures++,
    ]
    assert.equal(writes.length, 5)
  })

  test('has no field that may be written, nor has a record of it', () => {
    const all: readonly true[] = [
      true satisfies IsReadonly<EntryState>,
      true satisfies IsReadonly<EntryState['observed']>,
      true satisfies IsReadonly<EntryState['desired']>,
      true satisfies IsReadonly<EntryState['schedule']>,
      true satisfies IsReadonly<EntryState['condition']>,
      // @ts-expect-error The check itself sees the one that may be written.
      true satisfies IsReadonly<{ readonly a: 1; b: 2 }>,
    ]
    assert.equal(all.length, 6)
  })

  test('is made writable in that file only', () => {
    // Tests run in the repository's root, as npm does.
    const files = readdirSync('src/sync', { recursive: true, encoding: 'utf8' })
    const writers = files
      .filter((file) => file.endsWith('.ts'))
      .filter((file) => /-readonly/.test(readFileSync(path.join('src/sync', file), 'utf8')))
    assert.deepEqual(writers, [path.join('state', 'entry-state.ts')])
  })
})

/** Whether no field of a type may be written, as far as the compiler sees. */
type IsReadonly<T> = Same<T, Readonly<T>>

/** Unlike `extends`, this tells a readonly field from another. */
type Same<A, B> = (<G>() => G extends A ? 1 : 2) extends <G>() => G extends B ? 1 : 2 ? true : false

/** Two states with the same key have the same future, as far as phases go. */
function keyOf({ desired, observed, phase, schedule }: EntryState): string {
  const { commit, drift, isInspected, waiting, want } = observed
  return JSON.stringify([
    phase,
    [desired.listing, desired.entry.suspend, desired.wanted, desired.stalled?.want],
    [isInspected, commit, want, drift !== undefined, waiting !== undefined],
    [schedule.error?.code, desired.stalled?.error.code, schedule.syncing, schedule.announced],
  ])
}

/** What can come of a state: by the listing and by polls at any time, by one work after another. */
function outcomesIn(state: EntryState): Outcome[] {
  if (state.phase === 'retired') return []
  if (state.phase === 'retiring') {
    const back: Outcome[] = [{ type: 'added', entry: ENTRY, isLate: true }, ...turnOutcomes()]
    // The work that is aborted ends first.
    if (state.schedule.syncing) return [...back, { type: 'sync-ended' }]
    return [...back, { type: 'unpublished' }, ...failures('removal'), { type: 'retired' }]
  }
  return [...orders(), ...pollOutcomes(), ...workOutcomes(state)]
}

function orders(): Outcome[] {
  return [
    { type: 'changed', entry: ENTRY },
    { type: 'changed', entry: SUSPENDED },
    { type: 'removed', isPruned: true },
    { type: 'poll-wanted' },
    { type: 'lease-lost' },
  ]
}

function pollOutcomes(): Outcome[] {
  const shared = { at: 0, durationMs: 1, cadence: CADENCE }
  return [
    { type: 'announced', announcement: PUSH, pollAt: 0 },
    { type: 'polling' },
    { type: 'polled', wanted: wanted(1), ...shared },
    { type: 'polled', wanted: wanted(2), ...shared },
    ...failures('resolution'),
    ...failures('poll'),
    { type: 'resting', timeMs: 1000 },
  ]
}

function workOutcomes(state: EntryState): Outcome[] {
  const { desired, observed, phase, schedule } = state
  const syncing = schedule.syncing?.wanted
  if (syncing) {
    const unpacked = { bytes: 1, unpackMs: 1, publishMs: 1, filesWritten: 1, filesDeleted: 0 }
    const result = { ...unpacked, commit: syncing.commit }
    const ended: Outcome = { type: 'sync-ended' }
    if (!observed.isInspected) return [ended]
    return [
      ended,
      { type: 'unconfirmed' },
      { type: 'published', wanted: syncing, result, fetchMs: 1, durationMs: 1 },
      ...failures('sync'),
      ...found().map((each): Outcome => ({ type: 'found-again', wanted: syncing, found: each })),
    ]
  }
  if (phase === 'waiting') return turnOutcomes()
  if (phase === 'inspecting') {
    const inspected = found().map((each): Outcome => ({ type: 'inspected', found: each }))
    return [...turnOutcomes(), ...inspected, ...failures('inspection')]
  }
  const outcomes: Outcome[] = [...turnOutcomes(), { type: 'tidied', againInMs: undefined }]
  if (observed.commit !== undefined && !desired.entry.suspend) {
    outcomes.push({ type: 'verifying' }, ...failures('verification'))
    outcomes.push(...found().map((each): Outcome => ({ type: 'verified', found: each })))
  }
  const announced = announcedRevision(state)
  if (announced) outcomes.push({ type: 'syncing', wanted: announced, progress: PROGRESS })
  if (desired.wanted && needsSync(state)) {
    outcomes.push({ type: 'syncing', wanted: desired.wanted, progress: PROGRESS })
  }
  return outcomes
}

function turnOutcomes(): Outcome[] {
  return [
    { type: 'claimed', lease: undefined },
    {
      type: 'waiting',
      holder: 'other',
      isDead: false,
      isOfOtherShard: false,
      againInMs: 1000,
      error: HELD,
    },
    ...failures('turn'),
  ]
}

function failures(step: Failed['step']): Outcome[] {
  return FAILURES.map((error) => ({ type: 'failed', step, error, at: 0, durationMs: 1 }))
}

function found() {
  return [
    { commit: undefined, drift: undefined },
    { commit: oid(1), drift: undefined },
    { commit: oid(1), drift: DRIFT },
  ]
}

function wanted(number: number): ResolvedRevision {
  return { ref: 'HEAD', want: oid(number), commit: oid(number) }
}

function entryOf(fields: object): Entry {
  const [entry] = listed([{ path: 'a', ...fields }])
  assert.ok(entry)
  return entry
}
