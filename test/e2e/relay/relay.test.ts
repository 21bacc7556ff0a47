// A short run of what `npm run relay` does at length.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NGINX_PATH } from '../../example/nginx.js'
import { needsProgram } from '../../helpers/needs.js'
import { runRelay } from './relay-run.js'

test(
  'nodes behind two relays cost the git server what two nodes do, and lose nothing with one relay',
  needsProgram('nginx', NGINX_PATH),
  async (t) => {
    const options = { nodes: 12, whole: 6, commits: 4, intervalMs: 500, pauseMs: 300, killAfter: 2 }
    const report = await runRelay(t, options)
    t.diagnostic(JSON.stringify(report))
    assert.deepEqual(report.faults, [])
    // Each relay asks once in a second of the clock, of which two meet in any other second.
    assert.ok(report.mostPollsInASecond <= 4, JSON.stringify(report))
    for (const fetches of report.fetches) assert.ok(fetches <= 2, JSON.stringify(report))
    assert.ok(report.polls > 3 * options.whole)
  },
)
