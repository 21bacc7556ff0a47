// A short run of what `npm run races` does at length.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SEED } from '../../helpers/seed.js'
import { runRaces } from './races-run.js'

test('swapped for symlinks, pipes and devices while commits are published, nothing else is touched', async (t) => {
  const report = await runRaces(t, { rounds: 2, seconds: 3, commits: 5, seed: SEED })
  assert.deepEqual(report.faults, [])
  const kinds = Object.keys(report.attacks)
  assert.ok(report.commits > 0 && kinds.length >= 10, JSON.stringify(report))
})
