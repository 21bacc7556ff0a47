// Three instances that share a listing: scaled to four and to two while commits flow, and one killed.
// `npm run sweeps` does it with 300 entries, and with leases as they are.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bundleService } from '../helpers/bundled-service.js'
import { createFleet, type Fleet, type FleetOptions } from '../helpers/fleet.js'
import type { TestScope } from '../helpers/git.js'
import { makeScratchDirectory } from '../helpers/scratch.js'
import { IS_WHOLE } from '../helpers/seed.js'
import { runProgram } from '../helpers/service.js'

const SERVICE = path.join(makeScratchDirectory(), 'lease-service.mjs')
const PROGRAM = fileURLToPath(new URL('../helpers/lease-service.js', import.meta.url))

/** Leases of the short form expire after so long, in milliseconds. */
const SHORT_EXPIRY_MS = 3000
/** How long a commit may be unseen in the whole form: a poll, and what stands in for a killed one. */
const LONGEST_MS = 35_000 + 5_000

const FORM: Pick<FleetOptions, 'entries' | 'settings' | 'pauseMs' | 'program'> = IS_WHOLE
  ? { entries: 300, settings: { SCRAPE_INTERVAL: '5s', LOG_LEVEL: 'info' }, pauseMs: 20 }
  : {
      entries: 12,
      settings: { SCRAPE_INTERVAL: '400ms', LOG_LEVEL: 'info' },
      pauseMs: 20,
      program: [SERVICE, `${SHORT_EXPIRY_MS}`],
    }

before(() => bundleService(PROGRAM, SERVICE))
after(() => rmSync(path.dirname(SERVICE), { recursive: true }))

async function startThree(fleet: Fleet): Promise<void> {
  await Promise.all([0, 1, 2].map((index) => fleet.start(index, 3)))
  await fleet.everyEntryFollows()
  await fleet.eachIsAtHome()
}

/** As a StatefulSet does it: the new one first, then the others from the last to the first. */
async function scaleToFour(fleet: Fleet): Promise<void> {
  await fleet.start(3, 4)
  for (const index of [2, 1, 0]) await fleet.restart(index, 4)
  await fleet.everyEntryFollows()
  await fleet.eachIsAtHome()
}

/** Those that go first, then the others. */
async function scaleToTwo(fleet: Fleet): Promise<void> {
  for (const index of [3, 2]) await fleet.stop(index)
  for (const index of [1, 0]) await fleet.restart(index, 2)
  await fleet.everyEntryFollows()
  await fleet.eachIsAtHome()
}

function tellDelays(t: TestScope & { diagnostic(text: string): void }, fleet: Fleet): number {
  const sorted = [...fleet.delaysMs].sort((one, other) => one - other)
  const longest = sorted.at(-1) ?? 0
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0
  t.diagnostic(
    `${sorted.length} commits seen after ${Math.round(median)} ms (median), ${Math.round(longest)} ms (longest)`,
  )
  return longest
}

test('over one volume, every entry follows, and none is published twice', async (t) => {
  const fleet = createFleet(t, { ...FORM, isShared: true })
  await startThree(fleet)
  await scaleToFour(fleet)
  const usualMs = tellDelays(t, fleet)
  await fleet.kill(1)
  await fleet.everyEntryFollows()
  await fleet.start(1, 4)
  await fleet.eachIsAtHome()
  await scaleToTwo(fleet)
  const longestMs = tellDelays(t, fleet)
  const twice = [...fleet.publications()].filter(([, count]) => count > 1)
  assert.deepEqual(twice, [])
  if (IS_WHOLE) assert.ok(longestMs < LONGEST_MS && usualMs < LONGEST_MS, `${longestMs} ms`)
})

test('over volumes of their own, every entry follows', async (t) => {
  const fleet = createFleet(t, { ...FORM, isShared: false })
  await startThree(fleet)
  await scaleToFour(fleet)
  await scaleToTwo(fleet)
  const longestMs = tellDelays(t, fleet)
  if (IS_WHOLE) assert.ok(longestMs < LONGEST_MS, `${longestMs} ms`)
})

test('a share that there is not is refused, with what to write', async () => {
  const env = { LISTING_PATH: 'listing.json', SHARD: '3/3' }
  const { code, stderr } = await runProgram([], env)
  assert.equal(code, 2)
  assert.match(stderr, /SHARD must be index\/total, as 0\/3/)
})
