import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseListing } from '../src/listing/listing.js'
import type { ListingDiff } from '../src/listing/listing-diff.js'
import { createListingInForce } from '../src/listing-in-force.js'
import type { SyncEvent } from '../src/sync/events.js'

const DEFAULTS = { root: undefined, publish: 'in-place', intervalMs: 60_000 } as const
const LISTING = JSON.stringify([{ path: 'a', repo: 'https://git.example.com/a.git' }])

function create(setEntries: () => ListingDiff) {
  const events: SyncEvent[] = []
  const listing = createListingInForce({
    path: '/etc/autosync/listing.json',
    defaults: DEFAULTS,
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
