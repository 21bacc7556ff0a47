import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createListingInForce } from '../src/listing-in-force.js'
import type { SyncEvent } from '../src/sync/events.js'

const LISTING = JSON.stringify([{ path: 'a', repo: 'https://git.example.com/a.git' }])

function create(setEntries: () => { added: []; changed: []; removed: [] }) {
  const events: SyncEvent[] = []
  const listing = createListingInForce({
    path: '/etc/autosync/listing.json',
    defaults: { root: undefined, publish: 'in-place', intervalMs: 60_000 },
    clock: { wallTime: () => 0 },
    observe: (event) => events.push(event),
    synchronizer: { setEntries },
  })
  return { listing, events }
}

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
  await listing.reload({ text: LISTING })
  assert.equal(listing.state.valid, true)
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
