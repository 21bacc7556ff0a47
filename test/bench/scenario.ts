// What a scenario is given and what it returns; everything else is the scenario's own.
import type { TestScope } from '../helpers/at-end.js'
import type { BenchServer } from './bench-server.js'
import type { Sizes } from './sizes.js'
import type { SourceRepo } from './source-repo.js'

/** One or a few measurements of one kind, over one set-up. */
export interface Scenario {
  name: string
  /** Rejects where it could not be measured. */
  run(bench: BenchContext): Promise<Row[]>
}

/** What a scenario measures with. */
export interface BenchContext {
  sizes: Sizes
  /** How often each thing is measured. */
  rounds: number
  /** The scenario's own folder, empty, on tmpfs where there is one; removed afterwards. */
  directory: string
  /** What is registered here is ended after the scenario. */
  scope: TestScope
  /** The folder of bare repositories that `server` serves. */
  repos: string
  server: BenchServer
  /** A repository of `files` files like those of a source tree, made at its first use. */
  sourceRepo(files: number): Promise<SourceRepo>
}

export type Unit = 'ms' | 'bytes' | 'count' | 'percent'

/** One line of the table: every sample of one quantity. */
export interface Row {
  what: string
  unit: Unit
  /** Of this program. */
  ours: readonly number[]
  /** Of real git, for the same work in the same run. */
  git?: readonly number[]
  /** Without one, the row only tells. */
  target?: Target
  /** What of the samples counts. @default 'median' */
  statistic?: 'median' | 'max'
}

/** The most that is allowed: all that is given must hold. */
export interface Target {
  /** Ours, as a share of git's. */
  ratio?: number
  /** Ours, in the row's unit. */
  value?: number
}

/**
 * The row that says how long the event loop was held up, in milliseconds. Where it never was, the
 * metric says about 10: it is the time between two looks.
 */
export function delayRow(scenario: string, delaysMs: readonly number[]): Row {
  const what = `${scenario}: longest event-loop delay`
  return { what, unit: 'ms', ours: delaysMs, target: { value: 50 }, statistic: 'max' }
}

/** {@link delayRow}, and one that a single unlucky round does not decide, to be compared. */
export function delayRows(scenario: string, delaysMs: readonly number[]): Row[] {
  const what = `${scenario}: longest event-loop delay of a round`
  return [delayRow(scenario, delaysMs), { what, unit: 'ms', ours: delaysMs }]
}
