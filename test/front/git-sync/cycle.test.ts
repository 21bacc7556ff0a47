// What git-sync makes of what happens, by the rows of a table: one word for each sync.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, statSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { SyncError } from '../../../src/base/errors.js'
import { SyncCounts } from '../../../src/front/git-sync/counts.js'
import { Cycle, type CycleOptions } from '../../../src/front/git-sync/cycle.js'
import type { GitSyncLog } from '../../../src/front/git-sync/log.js'
import type { ShownContent } from '../../../src/publish/publisher.js'
import type { SyncEvent } from '../../../src/sync/events.js'
import { settle } from '../../helpers/fake-clock.js'
import { Gate } from '../../helpers/gate.js'
import { type TestScope, tempDir } from '../../helpers/git.js'

const LABELS = { entry: 'e', repo: 'r', ref: 'main' }
const OID = '1'.repeat(40)
const LONG_AGO = new Date(1000)
const GITHUB = 'api.github.com'

const CHANGED: SyncEvent = { type: 'poll-changed', oid: OID, durationMs: 1, ...LABELS }
const PUBLISHED: SyncEvent = {
  type: 'sync-published',
  oid: OID,
  previousOid: undefined,
  durationMs: 1,
  phases: { fetch: 0, unpack: 0, publish: 0 },
  bytes: 1,
  filesWritten: 1,
  filesDeleted: 0,
  ...LABELS,
}
const REPAIRED: SyncEvent = {
  type: 'drift-repaired',
  oid: OID,
  paths: 1,
  firstPaths: ['a'],
  bytes: 1,
  durationMs: 1,
  ...LABELS,
}

/** What happens, by a word. */
const EVENTS = {
  changed: [CHANGED, PUBLISHED],
  repaired: [CHANGED, REPAIRED],
  rebuilt: [CHANGED, REPAIRED, PUBLISHED],
  same: [{ type: 'poll-unchanged', oid: OID, durationMs: 1, ...LABELS }],
  failed: [
    {
      type: 'poll-failed',
      durationMs: 1,
      error: new SyncError('ref-not-found', 'no such ref'),
      attempt: 1,
      retryInMs: 1,
      ...LABELS,
    },
  ],
} satisfies Record<string, SyncEvent[]>
type Word = keyof typeof EVENTS

interface Line {
  level: number | 'error'
  msg: string
  fields: object
}

function start(t: TestScope, given: Partial<CycleOptions['options']> = {}, isPinned = false) {
  const root = path.join(tempDir(t), 'root')
  mkdirSync(root)
  const lines: Line[] = []
  const log: GitSyncLog = {
    info: (level, msg, fields = {}) => lines.push({ level, msg, fields }),
    error: (msg, error, fields = {}) =>
      lines.push({ level: 'error', msg, fields: { ...fields, error: String(error) } }),
    named: () => log,
  }
  const seen = {
    ...{ deleted: 0, restored: 0, tidied: 0, isSound: true, commit: OID },
    ...{ ends: [] as string[], outOfUse: [] as string[] },
    restoring: () => Promise.resolve(),
    look: (): Promise<ShownContent> =>
      Promise.resolve({
        commit: seen.commit,
        hasContent: true,
        hasRepository: true,
        isWhole: seen.isSound,
        outOfUse: seen.outOfUse,
      }),
  }
  const counts = new SyncCounts()
  const options = {
    link: path.join(root, 'link'),
    root,
    maxFailures: 0,
    initMaxFailures: given.initMaxFailures ?? given.maxFailures ?? 0,
    touchFile: path.join(root, 'touch'),
    oneTime: false,
    ref: 'main',
    period: 10,
    initPeriod: 10,
    ...given,
  }
  const cycle = new Cycle({
    options,
    isPinned,
    log,
    errorFile: {
      delete: () => {
        seen.deleted++
      },
    },
    counts,
    githubHost: GITHUB,
    commit: () => OID,
    look: () => seen.look(),
    restore() {
      seen.restored++
      return seen.restoring()
    },
    tidy: () => seen.tidied++,
    onHolder: () => undefined,
    onEnd: (end) => seen.ends.push(end),
  })
  const hear = async (words: readonly Word[]) => {
    for (const event of words.flatMap((word): SyncEvent[] => EVENTS[word])) {
      cycle.hear(event)
      await settle()
    }
  }
  return { counts, cycle, hear, lines, root, seen }
}

// biome-ignore format: a table
const FAILURES: readonly [
  it: string, maxFailures: number, initMaxFailures: number, words: Word[], ends: string[], counts: number[],
][] = [
  ['0 gives up at the first', 0, 0, ['failed'], ['failed'], [1]],
  ['1 gives up at the first', 1, 1, ['failed'], ['failed'], [1]],
  ['3 gives up at the third', 3, 3, ['failed', 'failed', 'failed'], ['failed'], [1, 2, 3]],
  ['-1 never gives up', -1, -1, ['failed', 'failed', 'failed'], [], [1, 2, 3]],
  ['only those in a row count', 2, 2, ['failed', 'changed', 'failed', 'same', 'failed'], [], [1, 1, 1]],
  ['until the first success it has its own', 1, 3, ['failed', 'failed', 'changed', 'failed'], ['failed'], [1, 2, 1]],
  ['which may be less', -1, 1, ['failed'], ['failed'], [1]],
  ['and is over then', -1, 1, ['changed', 'failed', 'failed'], [], [1, 2]],
  ['nothing counts once it is over', 1, 1, ['failed', 'failed', 'changed'], ['failed'], [1]],
]

describe('failures', () => {
  for (const [it, maxFailures, initMaxFailures, words, ends, counts] of FAILURES) {
    test(it, async (t) => {
      const { hear, lines, seen } = start(t, { maxFailures, initMaxFailures })
      await hear(words)
      assert.deepEqual(seen.ends, ends)
      const errors = lines.filter(({ level }) => level === 'error')
      assert.deepEqual(
        errors.map(({ fields }) => ('failCount' in fields ? fields.failCount : undefined)),
        counts,
      )
      for (const [index, { msg, fields }] of errors.entries()) {
        const isEnd = ends.length > 0 && index === errors.length - 1
        assert.equal(msg, isEnd ? 'too many failures, aborting' : 'error syncing repo, will retry')
        assert.match(JSON.stringify(fields), /couldn't find remote ref main/)
        assert.equal('maxFailures' in fields, isEnd)
      }
    })
  }
})

// biome-ignore format: a table
const SYNCS: readonly [
  it: string, words: Word[], counts: Partial<Record<'success' | 'error' | 'noop' | 'fetch', number>>, isReady: boolean,
][] = [
  ['nothing yet', [], {}, false],
  ['a failure', ['failed'], { error: 1 }, false],
  ['the first content', ['changed'], { success: 1, fetch: 1 }, true],
  ['content that was there at the start', ['same'], { success: 1, fetch: 1 }, true],
  ['what was put right', ['changed', 'repaired'], { success: 2, fetch: 2 }, true],
  ['what was made anew', ['changed', 'rebuilt'], { success: 2, fetch: 2 }, true],
  ['nothing new', ['changed', 'same', 'same'], { success: 1, noop: 2, fetch: 1 }, true],
  ['a change', ['changed', 'changed'], { success: 2, fetch: 2 }, true],
  ['a failure after content', ['changed', 'failed'], { success: 1, error: 1, fetch: 1 }, true],
]

describe('syncs are counted, and told', () => {
  for (const [it, words, counted, isReady] of SYNCS) {
    test(it, async (t) => {
      const { counts, cycle, hear, lines, root, seen } = start(t, { maxFailures: -1 })
      await hear(words)
      assert.equal(cycle.isReady, isReady)
      const { error = 0, fetch = 0, noop = 0, success = 0 } = counted
      const expected = [
        `git_fetch_count_total ${fetch}`,
        `git_sync_count_total{status="error"} ${error}`,
        `git_sync_count_total{status="noop"} ${noop}`,
        `git_sync_count_total{status="success"} ${success}`,
        `git_sync_duration_seconds_count{status="error"} ${error}`,
        `git_sync_duration_seconds_count{status="noop"} ${noop}`,
        `git_sync_duration_seconds_count{status="success"} ${success}`,
      ]
      const rendered = counts.render().split('\n')
      for (const line of expected) assert.ok(rendered.includes(line), `${line}: ${rendered}`)
      const told = lines.filter(({ level }) => level === 0).map(({ msg }) => msg)
      const count = (text: string) => told.filter((msg) => msg === text).length
      assert.equal(count('updated successfully'), success)
      assert.equal(count('update required'), fetch)
      assert.equal(seen.deleted, success + noop)
      assert.equal(existsSync(path.join(root, 'touch')), success > 0)
    })
  }
})

test('hooks of one time are counted and told of when the sync itself is over', async (t) => {
  for (const oneTime of [false, true]) {
    const { counts, cycle, hear, lines, seen } = start(t, { oneTime })
    await hear(['changed'])
    assert.deepEqual(seen.ends, oneTime ? ['synced'] : [])
    const told = { hook: 'exechook', oid: OID, durationMs: 1, ...LABELS }
    const error = new SyncError('refused-by-hook', 'exit code 7')
    cycle.hear({ type: 'hook-output', hook: 'exechook', line: 'why', ...LABELS })
    cycle.hear({ type: 'hook-failed', ...told, error, attempt: 1, retryInMs: 3000 })
    cycle.hear({ type: 'hook-failed', ...told, error, attempt: 1, retryInMs: undefined })
    cycle.hear({ type: 'hook-succeeded', ...told })
    await hear(['changed'])
    const rendered = counts.render()
    assert.match(rendered, /hook_run_count_total\{name="exechook",status="error"\} 2$/m)
    assert.match(rendered, /hook_run_count_total\{name="exechook",status="success"\} 1$/m)
    assert.match(rendered, oneTime ? /^git_fetch_count_total 1$/m : /^git_fetch_count_total 2$/m)
    const failed = lines.filter(({ msg }) => msg === 'hook failed').map(({ fields }) => fields)
    const shown = { hash: OID, error: String(error) }
    assert.deepEqual(failed, [{ ...shown, retry: '3s' }, shown])
    assert.deepEqual(lines.find(({ msg }) => msg === 'output')?.fields, { line: 'why' })
  }
})

test('tokens of a GitHub app are counted, and no other requests', (t) => {
  const { counts, cycle } = start(t)
  const asked = { type: 'remote-requested' } as const
  for (const [host, service, code] of [
    [GITHUB, '', '201'],
    [GITHUB, '', '401'],
    [GITHUB, '', '201'],
    [GITHUB, 'git-upload-pack', '200'],
    ['other', '', '201'],
  ] as const)
    cycle.hear({ ...asked, host, service, code })
  const told = counts.render().split('\n')
  assert.deepEqual(
    told.filter((line) => line.startsWith('git_sync_refresh_github_app_token_count')),
    ['error', 'success'].map(
      (status, index) => `git_sync_refresh_github_app_token_count{status="${status}"} ${index + 1}`,
    ),
  )
})

test('what is broken is put right once at a time, and counts as a change', async (t) => {
  const { counts, hear, seen } = start(t)
  const waiting = new Gate()
  seen.restoring = () => waiting.pass()
  await hear(['same'])
  seen.isSound = false
  waiting.shut()
  await hear(['same', 'same'])
  assert.equal(seen.restored, 1)
  // Half of it is right, as HEAD is before files are.
  seen.isSound = true
  await hear(['same'])
  assert.match(counts.render(), /^git_sync_count_total\{status="success"\} 1$/m)
  waiting.open()
  await settle()
  seen.isSound = false
  await hear(['same'])
  assert.equal(seen.restored, 2)
  seen.isSound = true
  await hear(['same', 'same'])
  assert.match(counts.render(), /^git_sync_count_total\{status="success"\} 2$/m)
  assert.match(counts.render(), /^git_sync_count_total\{status="noop"\} 1$/m)
})

test('a link that leads to another commit is put right', async (t) => {
  const { hear, seen } = start(t)
  await hear(['same'])
  seen.commit = '2'.repeat(40)
  await hear(['same'])
  assert.equal(seen.restored, 1)
})

test('what was seen before the last news says nothing', async (t) => {
  const { cycle, hear, seen } = start(t)
  await hear(['same'])
  seen.isSound = false
  for (const event of [...EVENTS.same, ...EVENTS.changed]) cycle.hear(event)
  await settle()
  assert.equal(seen.restored, 0)
})

test('a lease that is lost is no failure', async (t) => {
  const { cycle, lines, seen } = start(t)
  const error = new SyncError('lease-lost', 'somebody has removed it')
  cycle.hear({ type: 'poll-failed', durationMs: 1, error, attempt: 1, retryInMs: 1, ...LABELS })
  assert.deepEqual([seen.ends, lines], [[], []])
})

test('where nobody can look, the sync has failed', async (t) => {
  const { hear, lines, seen } = start(t, { maxFailures: -1 })
  seen.look = () => Promise.reject(new SyncError('volume-hangs', 'it hangs'))
  await hear(['same'])
  assert.ok(lines.some(({ level }) => level === 'error'))
  assert.equal(seen.deleted, 0)
})

test('what is out of use is removed once it is there, and tried once', async (t) => {
  const { hear, seen } = start(t)
  await hear(['same', 'same'])
  assert.equal(seen.tidied, 0)
  seen.outOfUse = ['garbage']
  await hear(['same', 'same'])
  assert.equal(seen.tidied, 1)
  seen.outOfUse = []
  await hear(['same'])
  seen.outOfUse = ['garbage']
  await hear(['same'])
  assert.equal(seen.tidied, 2)
})

test('only what is news touches the file', async (t) => {
  const { hear, root } = start(t)
  const file = path.join(root, 'touch')
  const isTouchedBy = async (word: Word) => {
    if (existsSync(file)) utimesSync(file, LONG_AGO, LONG_AGO)
    await hear([word])
    return statSync(file).mtimeMs > LONG_AGO.getTime()
  }
  const words: Word[] = ['same', 'same', 'changed', 'failed', 'same']
  const touched: boolean[] = []
  for (const word of words) touched.push(await isTouchedBy(word))
  assert.deepEqual(touched, [true, false, true, false, false])
})

// biome-ignore format: a table
const WAITS: readonly [it: string, words: Word[], waitMs: number][] = [
  ['before there is content', [], 5],
  ['while nothing succeeds', ['failed', 'failed'], 5],
  ['once there is content', ['failed', 'changed'], 10],
  ['and when it fails after that', ['changed', 'failed'], 10],
]

test('the period is another until the first success', async (t) => {
  for (const [it, words, waitMs] of WAITS) {
    const { cycle, hear, lines } = start(t, { maxFailures: -1, initPeriod: 5 })
    await hear(words)
    assert.equal(cycle.retryMs, waitMs, it)
    const switched = lines.filter(({ msg }) => /switching to normal period/.test(msg))
    assert.equal(switched.length, words.includes('changed') ? 1 : 0, it)
  }
})

test('one time ends at the first success, whatever failed before', async (t) => {
  const { hear, seen } = start(t, { oneTime: true, maxFailures: -1 })
  await hear(['failed', 'failed'])
  assert.deepEqual(seen.ends, [])
  await hear(['changed', 'failed'])
  assert.deepEqual(seen.ends, ['synced'])
})

test('a pinned commit is synced once, and rests', async (t) => {
  const { cycle, hear, lines } = start(t, { maxFailures: -1 }, true)
  await hear(['failed'])
  assert.ok(!cycle.isDone)
  await hear(['changed'])
  assert.ok(cycle.isDone)
  assert.ok(lines.some(({ msg }) => /^ref appears to be a git hash, no further sync/.test(msg)))
})
