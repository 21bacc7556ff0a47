// Everything that is fuzzed, by name.
import fc from 'fast-check'
import type { TestScope } from '../helpers/git.js'
import { packProperty } from './pack-target.js'
import { protocolProperty } from './protocol-target.js'

/** How long to run, and from where. */
export type FuzzRun = Pick<
  fc.Parameters,
  'seed' | 'path' | 'numRuns' | 'interruptAfterTimeLimit' | 'markInterruptAsFailure'
>

export interface FuzzResult {
  runs: number
  /** What failed, and how to see it again; undefined where nothing did. */
  failure: { report: string; seed: number; path: string } | undefined
}

export type TargetName = 'pack' | 'protocol'

/** Runs each target; what it needs is removed with `t`. */
export const TARGETS: Record<TargetName, (t: TestScope, run: FuzzRun) => Promise<FuzzResult>> = {
  pack: async (t, run) => resultOf(await fc.check(packProperty(t), run)),
  protocol: async (t, run) => resultOf(await fc.check(protocolProperty(t), run)),
}

function resultOf<T>(details: fc.RunDetails<T>): FuzzResult {
  const { counterexamplePath, failed, numRuns: runs, seed } = details
  if (!failed) return { runs, failure: undefined }
  const report = `${fc.defaultReportMessage(details)}\n${details.errorInstance}`
  return { runs, failure: { report, seed, path: counterexamplePath ?? '' } }
}
