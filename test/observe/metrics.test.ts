// What events make of metrics.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import { createMetrics } from '../../src/observe/metrics.js'
import { inTurns } from '../../src/server/streamed.js'
import type { SyncEvent } from '../../src/sync/events.js'
import type { EntryStatus } from '../../src/sync/status.js'
import { entryStatus } from '../helpers/entry-status.js'
import { entryEvents, OID, OTHER_OID } from '../helpers/events.js'
import { FakeClock } from '../helpers/fake-clock.js'
import { textOf } from '../helpers/text-of.js'
import { turnsDuring } from '../helpers/turns.js'

const a = entryEvents('repos/a')
const NOW_SECONDS = 1_700_000_000
const BUILD = { version: '1.2.3', revision: 'abc' }
const LOADED = { path: 'l', added: 1, changed: 0, removed: 0 }

/** The project's own samples after `events`, by their text without the prefix. */
async function samplesAfter(...events: SyncEvent[]): Promise<Map<string, number>> {
  const metrics = createMetrics({ clock: new FakeClock(NOW_SECONDS * 1_000), build: BUILD })
  for (const event of events) metrics.observe(event)
  const lines = (await textOf(metrics.render([]))).split('\n')
  return new Map(
    lines
      .filter((line) => line.startsWith('git_autosync_'))
      .map((line) => [
        line.slice('git_autosync_'.length, line.lastIndexOf(' ')),
        Number(line.slice(line.lastIndexOf(' '))),
      ]),
  )
}

function assertSamples(samples: Map<string, number>, expected: Record<string, number>): void {
  const actual = Object.fromEntries(Object.keys(expected).map((name) => [name, samples.get(name)]))
  assert.deepEqual(actual, expected)
}

describe('the listing', () => {
  const loaded: SyncEvent = { type: 'listing-loaded', entries: 7, ...LOADED }

  test('is valid once loaded, with its entries and the time', async () => {
    assertSamples(await samplesAfter(), { listing_valid: 0, listing_entries: 0 })
    assertSamples(await samplesAfter(loaded), {
      listing_valid: 1,
      listing_entries: 7,
      listing_reload_timestamp_seconds: NOW_SECONDS,
    })
  })

  test('rejected changes nothing but its validity', async () => {
    const error = new SyncError('listing-invalid', 'No.')
    const rejected: SyncEvent = { type: 'listing-rejected', path: 'l', error, faults: [] }
    assertSamples(await samplesAfter(loaded, rejected), { listing_valid: 0, listing_entries: 7 })
    assertSamples(await samplesAfter(loaded, rejected, loaded), { listing_valid: 1 })
  })
})

describe('an entry', () => {
  const counters = {
    'polls_total{entry="repos/a",result="unchanged"}': 0,
    'polls_total{entry="repos/a",result="changed"}': 0,
    'polls_total{entry="repos/a",result="failed"}': 0,
    'syncs_total{entry="repos/a",result="unchanged"}': 0,
    'syncs_total{entry="repos/a",result="published"}': 0,
    'syncs_total{entry="repos/a",result="failed"}': 0,
    'fetched_bytes_total{entry="repos/a"}': 0,
    'files_written_total{entry="repos/a"}': 0,
    'files_deleted_total{entry="repos/a"}': 0,
    'drift_repaired_total{entry="repos/a"}': 0,
    'consecutive_failures{entry="repos/a"}': 0,
    'last_success_timestamp_seconds{entry="repos/a"}': 0,
  }

  test('has every counter at 0 from the start', async () => {
    assertSamples(await samplesAfter(a.added), counters)
  })

  test('takes all its series with it, and reports that come late bring none back', async () => {
    const b = entryEvents('repos/b')
    const samples = await samplesAfter(
      a.added,
      b.added,
      a.published(OID),
      a.pollUnchanged,
      a.syncFailed('volume-full', 1),
      a.driftRepaired,
      a.removed,
      a.pollFailed('aborted', 1),
      a.published(OTHER_OID),
    )
    assert.deepEqual(
      [...samples.keys()].filter((name) => name.includes('repos/a')),
      [],
    )
    assert.equal([...samples.keys()].filter((name) => name.includes('repos/b')).length, 13)
  })

  test('begins anew when it is listed anew', async () => {
    const events = [a.added, a.pollUnchanged, a.removed, a.added]
    assertSamples(await samplesAfter(...events), counters)
  })

  test('is not reset by being named twice', async () => {
    assertSamples(await samplesAfter(a.added, a.pollUnchanged, a.added), {
      'polls_total{entry="repos/a",result="unchanged"}': 1,
    })
  })
})

describe('a cycle', () => {
  test('that finds nothing new is one unchanged poll and one unchanged sync', async () => {
    const samples = await samplesAfter(a.added, a.pollUnchanged)
    assertSamples(samples, {
      'polls_total{entry="repos/a",result="unchanged"}': 1,
      'syncs_total{entry="repos/a",result="unchanged"}': 1,
      'last_success_timestamp_seconds{entry="repos/a"}': NOW_SECONDS,
      'sync_duration_seconds_count{phase="poll"}': 1,
      'sync_duration_seconds_sum{phase="poll"}': 0.0404,
      'sync_duration_seconds_bucket{le="0.025",phase="poll"}': 0,
      'sync_duration_seconds_bucket{le="0.05",phase="poll"}': 1,
      'sync_duration_seconds_count{phase="fetch"}': 0,
    })
  })

  test('that publishes counts what it moved and how long each phase took', async () => {
    assertSamples(
      await samplesAfter(a.added, a.pollChanged, ...a.received(44_000, 80), a.published(OID)),
      {
        'polls_total{entry="repos/a",result="changed"}': 1,
        'syncs_total{entry="repos/a",result="published"}': 1,
        'syncs_total{entry="repos/a",result="unchanged"}': 0,
        'fetched_bytes_total{entry="repos/a"}': 44_080,
        'files_written_total{entry="repos/a"}': 12,
        'files_deleted_total{entry="repos/a"}': 3,
        'sync_duration_seconds_sum{phase="poll"}': 0.0404,
        'sync_duration_seconds_sum{phase="fetch"}': 0.9,
        'sync_duration_seconds_sum{phase="unpack"}': 0.4,
        'sync_duration_seconds_sum{phase="publish"}': 0.2,
        'sync_duration_seconds_sum{phase="total"}': 1.5005,
      },
    )
  })

  test('that fails counts once, whether at the poll or after it', async () => {
    const events = [a.added, a.pollFailed('server-error', 1), a.pollChanged]
    assertSamples(await samplesAfter(...events, a.syncFailed('volume-full', 2)), {
      'polls_total{entry="repos/a",result="failed"}': 1,
      'polls_total{entry="repos/a",result="changed"}': 1,
      'syncs_total{entry="repos/a",result="failed"}': 2,
      'consecutive_failures{entry="repos/a"}': 2,
      'last_success_timestamp_seconds{entry="repos/a"}': 0,
      'sync_duration_seconds_count{phase="poll"}': 1,
    })
  })

  test('that succeeds ends a row of failures', async () => {
    for (const success of [a.pollUnchanged, a.published(OID)]) {
      assertSamples(await samplesAfter(a.added, a.pollFailed('server-error', 9), success), {
        'consecutive_failures{entry="repos/a"}': 0,
        'last_success_timestamp_seconds{entry="repos/a"}': NOW_SECONDS,
      })
    }
  })

  test('that is stopped is no failure', async () => {
    const events = [a.added, a.pollFailed('aborted', 1), a.syncFailed('aborted', 1)]
    assertSamples(await samplesAfter(...events), {
      'polls_total{entry="repos/a",result="failed"}': 0,
      'syncs_total{entry="repos/a",result="failed"}': 0,
      'consecutive_failures{entry="repos/a"}': 0,
    })
  })

  test('that mends drift counts the paths', async () => {
    assertSamples(await samplesAfter(a.added, a.driftRepaired, a.driftRepaired), {
      'drift_repaired_total{entry="repos/a"}': 6,
    })
  })
})

describe('a publication', () => {
  const infos = (samples: Map<string, number>) =>
    [...samples].filter(([name]) => name.startsWith('publication_info'))
  const info = (repo: string, ref: string, oid: string) =>
    `publication_info{entry="repos/a",repo="${repo}",ref="${ref}",oid="${oid}"}`

  test('is named by its newest oid alone', async () => {
    const samples = await samplesAfter(a.added, a.published(OID), a.published(OTHER_OID, OID))
    assert.deepEqual(infos(samples), [
      [info('https://host/a.git', 'refs/heads/main', OTHER_OID), 1],
    ])
  })

  test('is named also where it was found in place, and under changed labels', async () => {
    const samples = await samplesAfter(a.added, a.pollUnchanged, {
      ...a.pollUnchanged,
      repo: 'https://me:secret@other/a.git',
      ref: 'refs/tags/v1',
    })
    assert.deepEqual(infos(samples), [[info('https://other/a.git', 'refs/tags/v1', OID), 1]])
  })
})

describe('requests', () => {
  const request = (host: string, code = '200'): SyncEvent => ({
    type: 'remote-requested',
    host,
    service: 'git-upload-pack',
    code,
  })
  const name = (host: string, code: string) =>
    `remote_requests_total{host="${host}",service="git-upload-pack",code="${code}"}`

  test('are counted by host, service and code', async () => {
    const events = [request('a'), request('a'), request('a', '503'), request('b', 'idle-timeout')]
    assertSamples(await samplesAfter(...events), {
      [name('a', '200')]: 2,
      [name('a', '503')]: 1,
      [name('b', 'idle-timeout')]: 1,
    })
  })

  test('of endless hosts make a bounded number of series', async () => {
    const events = Array.from({ length: 1_500 }, (_, index) => request(`host-${index}`))
    const samples = await samplesAfter(...events, request('host-0'))
    const names = [...samples.keys()].filter((key) => key.startsWith('remote_requests_total'))
    assert.equal(names.length, 1_001)
    assertSamples(samples, {
      [name('host-0', '200')]: 2,
      'remote_requests_total{host="other",service="other",code="other"}': 500,
    })
  })

  test('of a host that answers with endless codes leave room for other hosts', async () => {
    const events = Array.from({ length: 900 }, (_, index) => request('a', String(index + 100)))
    const samples = await samplesAfter(...events, request('b'))
    const names = [...samples.keys()].filter((key) => key.startsWith('remote_requests_total'))
    assert.equal(names.length, 52)
    assertSamples(samples, {
      [name('b', '200')]: 1,
      'remote_requests_total{host="other",service="other",code="other"}': 850,
    })
  })
})

test('what is published is not named while that is unknown', async () => {
  const info = (samples: Map<string, number>) =>
    [...samples.keys()].filter((name) => name.startsWith('publication_info'))
  const { entry, repo, ref } = a.added
  const labels = { entry, repo, ref }
  for (const event of [
    { type: 'content-unknown' },
    { type: 'lease-lost' },
    { type: 'lease-awaited', holder: 'another' },
  ] as const) {
    const lost = [a.added, a.published(OID), { ...event, ...labels }]
    assert.deepEqual(info(await samplesAfter(...lost)), [])
    assert.equal(info(await samplesAfter(...lost, a.pollUnchanged)).length, 1)
    assert.deepEqual(info(await samplesAfter(...lost, a.removed)), [])
  }
})

test('an entry that changes has no failures any more', async () => {
  const { entry, repo, ref } = a.added
  const changed = { type: 'entry-changed', entry, repo, ref } as const
  const series = `consecutive_failures{entry="${entry}"}`
  assertSamples(await samplesAfter(a.added, a.pollFailed('host-not-found', 3)), { [series]: 3 })
  assertSamples(await samplesAfter(a.added, a.pollFailed('host-not-found', 3), changed), {
    [series]: 0,
  })
  assertSamples(await samplesAfter(a.added, changed), { [series]: 0 })
})

test('files of others that `clean` removed count as deleted', async () => {
  const { entry, repo, ref } = a.added
  const cleaned = {
    type: 'foreign-removed',
    entry,
    repo,
    ref,
    files: 2,
    firstPaths: ['x'],
  } as const
  const samples = await samplesAfter(a.added, cleaned)
  assertSamples(samples, { [`files_deleted_total{entry="${entry}"}`]: 2 })
})

test('what an earlier run published is named before the remote answers', async () => {
  const { entry, repo, ref } = a.added
  const found = { type: 'content-found', entry, repo, ref, oid: OID } as const
  const samples = await samplesAfter(a.added, found, a.pollFailed('host-not-found', 1))
  assertSamples(samples, {
    [`publication_info{entry="${entry}",repo="${repo}",ref="${ref}",oid="${OID}"}`]: 1,
    [`last_success_timestamp_seconds{entry="${entry}"}`]: 0,
    [`consecutive_failures{entry="${entry}"}`]: 1,
  })
})

test('of very many entries each series is written once, and others have turns meanwhile', async () => {
  const metrics = createMetrics({ build: BUILD })
  const entries = Array.from({ length: 2_500 }, (_, index) => `repos/${index}`)
  for (const entry of entries) metrics.observe({ ...a.added, entry })
  const rendered = inTurns(metrics.render(entries.map((path) => entryStatus({ path }))))
  let text = ''
  const turns = await turnsDuring(async () => {
    text = await textOf(rendered)
  })
  assert.ok(turns > 40, `${turns} turns`)
  const lines = text.split('\n')
  const required = lines.filter((line) => line.startsWith('git_autosync_entry_required'))
  const expected = entries.map((entry) => `git_autosync_entry_required{entry="${entry}"} 1`)
  assert.deepEqual(required, expected)
  assert.equal(lines.filter((line) => /^# \w+ git_autosync_entry_required /.test(line)).length, 2)
  assert.equal(new Set(lines.filter((line) => line !== '')).size, lines.filter(Boolean).length)
})

describe('what an entry is at', () => {
  const error = { code: 'server-error', message: 'It answered 500.' }

  test('is 1 for its state and 0 for all others, and its error while it has one', async () => {
    const metrics = createMetrics({ build: BUILD })
    metrics.observe(a.added)
    const shown = async (...statuses: EntryStatus[]) =>
      (await textOf(metrics.render(statuses)))
        .split('\n')
        .filter((line) => /^git_autosync_entry_/.test(line) && !line.endsWith(' 0'))
        .map((line) => line.slice('git_autosync_entry_'.length))
    assert.deepEqual(await shown(entryStatus({})), [
      'state{entry="repos/a",state="pending"} 1',
      'required{entry="repos/a"} 1',
    ])
    const missed = await shown(entryStatus({ state: 'synced', webhooks: 'missed' }))
    assert.equal(missed.at(-1), 'webhooks_missed{entry="repos/a"} 1')
    const failing = entryStatus({ state: 'failing', error, required: false })
    assert.deepEqual(await shown(failing), [
      'state{entry="repos/a",state="failing"} 1',
      'error{entry="repos/a",code="server-error"} 1',
    ])
    assert.match(
      await textOf(metrics.render([failing])),
      /^git_autosync_entry_state\{.*"synced"\} 0$/m,
    )
    assert.deepEqual(await shown(entryStatus({ state: 'synced' })), [
      'state{entry="repos/a",state="synced"} 1',
      'required{entry="repos/a"} 1',
    ])
    metrics.observe(a.removed)
    assert.doesNotMatch(
      await textOf(metrics.render([entryStatus({})])),
      /^git_autosync_entry_\w+\{/m,
    )
  })

  test('has labels that a remote cannot make longer than it likes', async () => {
    const long = { ...a.published(OID), ref: `refs/heads/${'x'.repeat(100_000)}` }
    const [name = ''] = [...(await samplesAfter(a.added, long)).keys()].filter((each) =>
      each.startsWith('publication_info'),
    )
    assert.ok(name.length < 500, `${name.length}`)
  })
})
