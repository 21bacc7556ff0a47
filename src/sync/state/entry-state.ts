// The state of an entry. Only `conclude` writes it: the outcome of each step becomes the
// records that follow from it, is held against the table of the entry's life, and is reported.
import { SyncError } from '../../base/errors.js'
import type { Entry } from '../../listing/entry.js'
import { HangSuspicion } from '../../schedule/hang-suspicion.js'
import type { SyncContext } from '../context.js'
import { conclusionOf } from './conclusion.js'
import { type Condition, conditionOf, isTransition, type Phase, phaseOf } from './lifecycle.js'
import type { Outcome } from './outcome.js'
import { type EntryRecords, labelsOf, newRecords } from './records.js'

/** The state of one entry while the service runs. */
export interface EntryState extends EntryRecords {
  readonly phase: Phase
  /** Another one after each conclusion. */
  readonly stamp: object
  /** What is shown of it, and since when, as the clock's `now()`. */
  readonly condition: { readonly is: Condition; readonly since: number }
  /** Whether its next sync may hang. */
  readonly suspicion: HangSuspicion
}

/** The state of an entry that was just listed. */
export function createState(entry: Entry, now: number): EntryState {
  const records = newRecords(entry)
  const { observed, desired, schedule } = records
  // Field by field: what a spread makes has a shape of its own each time, and is slow to read.
  const condition = { is: conditionOf(records), since: now }
  const suspicion = new HangSuspicion()
  const phase = phaseOf(records)
  return { observed, desired, schedule, phase, stamp: {}, condition, suspicion }
}

/**
 * Writes what follows from an outcome, and reports it. A transition that the table does not have is
 * a fault of this program: it is told to `onError`, and the entry goes on by its records.
 */
export function conclude(state: EntryState, outcome: Outcome, context: SyncContext): void {
  const written: { -readonly [K in keyof EntryState]: EntryState[K] } = state
  const { observed, desired, schedule, events } = conclusionOf(state, outcome, context)
  if (observed) written.observed = Object.assign({ ...state.observed }, observed)
  if (desired) written.desired = Object.assign({ ...state.desired }, desired)
  if (schedule) written.schedule = Object.assign({ ...state.schedule }, schedule)
  if (outcome.type === 'published') state.suspicion.succeeded(context.clock.now())
  if (outcome.type === 'failed' && outcome.step === 'sync') state.suspicion.failed()
  written.stamp = {}
  const from = state.phase
  written.phase = phaseOf(state)
  const is = conditionOf(state)
  if (is !== state.condition.is) written.condition = { is, since: context.clock.now() }
  if (!isTransition(from, state.phase)) context.onError(unknownTransition(from, state, outcome))
  if (!events) return
  const labels = labelsOf(state)
  for (const event of events) context.observe({ ...labels, ...event })
}

function unknownTransition(
  from: Phase,
  { desired, phase }: EntryState,
  { type }: Outcome,
): SyncError {
  return new SyncError(
    'internal',
    `The entry ${desired.entry.path} went from ${from} to ${phase} by ${type}, which is no transition of its life`,
  )
}
