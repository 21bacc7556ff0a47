// A short run of what `npm run chaos` does at length.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SEED } from '../../helpers/seed.js'
import { runChaos } from './chaos-run.js'
import { runKeptChaos } from './kept-chaos-run.js'

test('killed again and again, nothing is torn, lost or left over', async (t) => {
  const report = await runChaos(t, { kills: 5, seconds: 12, seed: SEED })
  assert.deepEqual(report.faults, [])
  assert.ok(report.kills > 0 && report.trees > 0 && report.files > 0, JSON.stringify(report))
})

test('killed while it writes into repositories, these are whole, clean and right', async (t) => {
  const report = await runKeptChaos(t, { kills: 3, seconds: 20, seed: SEED })
  assert.deepEqual(report.faults, [])
  assert.ok(report.kills > 0, JSON.stringify(report))
})
