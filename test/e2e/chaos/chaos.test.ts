// A short run of what `npm run chaos` does at length.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SEED } from '../../helpers/seed.js'
import { runChaos } from './chaos-run.js'

test('killed again and again, nothing is torn, lost or left over', async (t) => {
  const report = await runChaos(t, { kills: 8, seconds: 12, seed: SEED })
  assert.deepEqual(report.faults, [])
  assert.ok(report.kills > 0 && report.trees > 0 && report.files > 0, JSON.stringify(report))
})
