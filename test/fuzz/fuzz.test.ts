// A short run of every target, the same each time, and what failed before. `npm run fuzz` goes on
// for longer, and from where nobody was yet.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SEED } from '../helpers/seed.js'
import { TARGETS, type TargetName } from './targets.js'

const RUNS: Record<TargetName, number> = { pack: 300, protocol: 1000 }

/** What failed once, as `npm run fuzz` printed it: it must not again. */
const REGRESSIONS: { target: TargetName; seed: number; path: string }[] = []

describe('damage leads to what real git makes of it, or to a SyncError', () => {
  for (const [name, numRuns] of Object.entries(RUNS) as [TargetName, number][]) {
    test(`in every ${name}`, async (t) => {
      const { failure } = await TARGETS[name](t, { seed: SEED, numRuns })
      assert.equal(failure?.report, undefined)
    })
  }

  for (const { target, seed, path } of REGRESSIONS) {
    test(`as once in a ${target}: seed ${seed}, path ${path}`, async (t) => {
      const { failure } = await TARGETS[target](t, { seed, path, numRuns: 1 })
      assert.equal(failure?.report, undefined)
    })
  }
})
