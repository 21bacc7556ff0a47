import assert from 'node:assert/strict'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import { test } from 'node:test'
import timers from 'node:timers/promises'
import { parseListing } from '../src/listing/listing.js'
import type { ListingDiff } from '../src/listing/listing-diff.js'
import { createListingInForce } from '../src/listing-in-force.js'
import type { SyncEvent } from '../src/sync/events.js'
import { atEnd } from './helpers/at-end.js'
import { type TestScope, tempDir } from './helpers/git.js'

const DEFAULTS = { root: undefined, publish: 'in-place', intervalMs: 60_000 } as const
const LISTING = JSON.stringify([{ path: 'a', repo: 'https://git.example.com/a.git' }])

/** A path that a symlink leads out of ROOT, and the listing that names it. */
function createMisled(t: TestScope) {
  const root = path.join(tempDir(t), 'root')
  const link = path.join(root, 'link')
  mkdirSync(root)
  symlinkSync('..', link)
  const text = JSON.stringify([{ path: `${link}/x`, repo: 'https://git.example.com/a.git' }])
  return { link, text, ...create(() => ({ added: [], changed: [], removed: [] }), root) }
}

function create(setEntries: () => ListingDiff, root?: string) {
  const events: SyncEvent[] = []
  const listing = createListingInForce({
    path: '/etc/autosync/listing.json',
    defaults: { ...DEFAULTS, root },
    clock: { wallTime: () => 0 },
    observe: (event) => events.push(event),
    synchronizer: { setEntries },
  })
  return { listing, events }
}

test('what is probably not meant of a valid listing is told, and in force', async () => {
  const { listing, events } = create(() => ({ added: [], changed: [], removed: [] }))
  await listing.reload({ text: LISTING.replace('}]', ',"interval":60}]') })
  assert.equal(listing.state.valid, true)
  const [, warned] = events
  assert.ok(warned?.type === 'listing-warned')
  assert.match(warned.warnings.join(), /^\/0\/interval: is 60 ms, .* write "60s"$/)
})

test('whatever a reload fails by leaves the listing in force, and is told', async () => {
  let fault: Error | undefined
  const { listing, events } = create(() => {
    if (fault) throw fault
    return { added: [], changed: [], removed: [] }
  })
  await listing.reload({ text: LISTING })
  assert.equal(listing.state.valid, true)
  await listing.reload({ text: '['.repeat(100_000) })
  assert.equal(listing.state.valid, false)
  assert.match(listing.state.faults?.join() ?? '', /^is not JSON: line 1/)
  await listing.reload({ text: LISTING })
  assert.deepEqual([listing.state.valid, 'faults' in listing.state], [true, false])
  fault = new RangeError('Maximum call stack size exceeded')
  await listing.reload({ text: LISTING })
  assert.equal(listing.state.valid, false)

  const told = events.map((event) =>
    event.type === 'listing-rejected' ? [event.error.code, event.faults] : event.type,
  )
  assert.deepEqual(told, [
    'listing-loaded',
    ['listing-invalid', ['is not JSON: line 1, column 33: brackets are nested more than 32 deep']],
    'listing-loaded',
    ['internal', ['Maximum call stack size exceeded']],
  ])
})

test('what only the disk refuses is looked at again, and told once', async (t) => {
  const { events, link, listing, text } = createMisled(t)
  const told = () =>
    events
      .splice(0)
      .map((event) => (event.type === 'listing-rejected' ? event.faults.length : event.type))

  assert.equal(await listing.reload({ text }), false)
  assert.deepEqual(told(), [1])
  assert.equal(await listing.reload({ text }, true), false)
  assert.match(
    listing.state.faults?.join() ?? '',
    /^\/0\/path: leads to \S+ through a symlink, out/,
  )
  assert.deepEqual(told(), [])
  rmSync(link)
  symlinkSync('../..', link)
  assert.equal(await listing.reload({ text }, true), false)
  assert.deepEqual(told(), [1], 'another fault is told')
  assert.equal(await listing.reload({ text }), false)
  assert.deepEqual(told(), [1], 'another text is told')
  rmSync(link)
  assert.equal(await listing.reload({ text }, true), true)
  assert.deepEqual([listing.state.valid, told()], [true, ['listing-loaded']])
  assert.equal(await listing.reload({ text: '[' }), true, 'no disk mends that')
})

test('a disk that does not answer leaves refused what it refused', async (t) => {
  const { listing, text } = createMisled(t)
  await listing.reload({ text })
  const { faults } = listing.state
  t.mock.method(fs, 'realpath', () => new Promise(() => {}))
  t.mock.method(timers, 'setTimeout', async () => undefined)
  syncBuiltinESMExports()
  atEnd(t, () => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
  assert.equal(await listing.reload({ text }, true), false)
  assert.deepEqual(listing.state.faults, faults)
  assert.equal(await listing.reload({ text }), true, 'nothing holds up another text')
})

test('that it is loaded names the first that were added, changed and removed', async () => {
  const [entry] = parseListing(LISTING, '/', DEFAULTS)
  assert.ok(entry)
  const many = Array.from({ length: 12 }, (_, index) => ({ ...entry, path: `p${index}` }))
  const diff = { added: many, changed: [{ from: entry, to: entry }], removed: [] }
  const { listing, events } = create(() => diff)
  await listing.reload({ text: LISTING })
  const [event] = events
  assert.ok(event?.type === 'listing-loaded')
  assert.deepEqual([event.added, event.addedPaths?.length, event.addedPaths?.[9]], [12, 10, 'p9'])
  assert.deepEqual([event.changed, event.changedPaths], [1, ['a']])
  assert.deepEqual([event.removed, 'removedPaths' in event], [0, false])
})
