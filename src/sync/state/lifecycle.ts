// The life of an entry: its phases, and which of them may follow which. This table is the only
// place that says so: each change of an entry's state is held against it, and the diagram in
// docs/architecture.md is drawn from it.
import { type EntryRecords, isSynced } from './records.js'

export type Phase =
  | 'inspecting'
  | 'waiting'
  | 'pending'
  | 'syncing'
  | 'synced'
  | 'failing'
  | 'stalled'
  | 'suspended'
  | 'retiring'
  | 'retired'

interface PhaseRow {
  means: string
  /** The phases that may follow. */
  next: readonly Phase[]
}

/** Every phase of an entry's life; the first is that of an entry that was just listed. */
export const LIFECYCLE: Readonly<Record<Phase, PhaseRow>> = {
  inspecting: {
    means: 'what is in place is to be found out',
    next: ['waiting', 'pending', 'synced', 'suspended', 'retiring'],
  },
  waiting: {
    means: 'another instance works on it',
    next: ['inspecting', 'retiring'],
  },
  pending: {
    means: 'the remote was not heard yet, or names something else',
    next: ['syncing', 'synced', 'failing', 'stalled', 'inspecting', 'waiting', 'retiring'],
  },
  syncing: {
    means: 'what the remote names, or may name by an announcement, is fetched and published',
    next: ['synced', 'pending', 'failing', 'stalled', 'inspecting', 'retiring'],
  },
  synced: {
    means: 'what the remote names is in place',
    next: ['pending', 'syncing', 'failing', 'stalled', 'inspecting', 'waiting', 'retiring'],
  },
  failing: {
    means: 'the last attempt failed, and another follows by itself',
    next: ['syncing', 'synced', 'stalled', 'inspecting', 'waiting', 'retiring'],
  },
  stalled: {
    means: 'the last attempt failed, and somebody must mend what it failed by',
    next: ['syncing', 'synced', 'failing', 'inspecting', 'waiting', 'retiring'],
  },
  suspended: {
    means: 'what is in place is left as it is',
    next: ['inspecting', 'waiting', 'retiring'],
  },
  retiring: {
    means: 'it left the listing, and its last work is done',
    next: ['inspecting', 'waiting', 'retired'],
  },
  retired: { means: 'nothing is left to do', next: [] },
}

/** What /status shows of an entry of the listing. */
export const CONDITIONS = [
  'waiting',
  'pending',
  'syncing',
  'synced',
  'failing',
  'stalled',
  'suspended',
] as const satisfies readonly Phase[]
export type Condition = (typeof CONDITIONS)[number]

/** The phase that the records of an entry tell of. */
export function phaseOf(records: EntryRecords): Phase {
  const { desired, observed } = records
  if (desired.listing === 'retired') return 'retired'
  if (desired.listing !== 'listed') return 'retiring'
  if (!observed.isInspected && !observed.waiting) return 'inspecting'
  return conditionOf(records)
}

/** What is shown of an entry, also while what is in place is still, or again, to be found out. */
export function conditionOf(records: EntryRecords): Condition {
  const { desired, observed, schedule } = records
  if (observed.waiting) return 'waiting'
  if (desired.entry.suspend) return 'suspended'
  if (schedule.syncing) return 'syncing'
  if (schedule.error) return schedule.error.disposition === 'stall' ? 'stalled' : 'failing'
  return isSynced(records) ? 'synced' : 'pending'
}

/** Whether an entry may go from one phase to another, or stay as it is. */
export function isTransition(from: Phase, to: Phase): boolean {
  return from === to || LIFECYCLE[from].next.includes(to)
}
