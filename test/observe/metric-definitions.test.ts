// Which metrics there are: their names and kinds are what alerts and dashboards rely on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics } from '../../src/observe/metrics.js'
import { textOf } from '../helpers/text-of.js'

const BUILD = { version: '1.2.3', revision: 'abc' }
const CHANGES = { path: 'l', added: 1, changed: 0, removed: 0 }

test('the text has exactly these names, beside the process metrics', async () => {
  const { render, contentType } = createMetrics({ build: BUILD })
  const text = await textOf(render([]))
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type])
  assert.deepEqual(Object.fromEntries(types.filter(([name]) => name?.startsWith('git_'))), {
    git_autosync_build_info: 'gauge',
    git_autosync_shard_info: 'gauge',
    git_autosync_listing_valid: 'gauge',
    git_autosync_listing_entries: 'gauge',
    git_autosync_listing_reload_timestamp_seconds: 'gauge',
    git_autosync_polls_total: 'counter',
    git_autosync_syncs_total: 'counter',
    git_autosync_sync_duration_seconds: 'histogram',
    git_autosync_publication_lag_seconds: 'histogram',
    git_autosync_webhooks_total: 'counter',
    git_autosync_fetched_bytes_total: 'counter',
    git_autosync_files_written_total: 'counter',
    git_autosync_hook_runs_total: 'counter',
    git_autosync_files_deleted_total: 'counter',
    git_autosync_last_success_timestamp_seconds: 'gauge',
    git_autosync_consecutive_failures: 'gauge',
    git_autosync_entry_state: 'gauge',
    git_autosync_entry_error: 'gauge',
    git_autosync_entry_required: 'gauge',
    git_autosync_entry_webhooks_missed: 'gauge',
    git_autosync_publication_info: 'gauge',
    git_autosync_remote_requests_total: 'counter',
    git_autosync_drift_repaired_total: 'counter',
    git_autosync_fetch_fallbacks_total: 'counter',
  })
  assert.match(text, /^process_cpu_seconds_total /m)
  assert.match(text, /^nodejs_eventloop_lag_seconds /m)
  assert.match(contentType, /^text\/plain; version=0\.0\.4/)
})

test('the build is named', async () => {
  const text = await textOf(createMetrics({ build: BUILD }).render([]))
  assert.match(text, /^git_autosync_build_info\{version="1\.2\.3",revision="abc"\} 1$/m)
})

test('one of several instances is named as such', async () => {
  const shard = { index: 1, total: 3 }
  const text = await textOf(createMetrics({ build: BUILD, shard }).render([]))
  assert.match(text, /^git_autosync_shard_info\{index="1",total="3"\} 1$/m)
})

test('each set of metrics has a registry of its own', async () => {
  const first = createMetrics({ build: BUILD })
  const second = createMetrics({ build: BUILD })
  first.observe({ type: 'listing-loaded', entries: 3, ...CHANGES })
  assert.match(await textOf(first.render([])), /^git_autosync_listing_entries 3$/m)
  assert.match(await textOf(second.render([])), /^git_autosync_listing_entries 0$/m)
})
