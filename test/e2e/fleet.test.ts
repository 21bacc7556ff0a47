// Instances that share a listing: scaled up and down while commits flow, and one killed. `npm run sweeps`
// does it with more of them, with 300 entries, and with leases as they are.
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

/** How many instances there are at first, once there are more, and in the end. */
const [FIRST, MORE, LAST] = IS_WHOLE ? [3, 4, 2] : [2, 3, 1]

const FORM: Pick<FleetOptions, 'entries' | 'settings' | 'pauseMs' | 'program'> = IS_WHOLE
  ? { entries: 300, settings: { SCRAPE_INTERVAL: '5s', LOG_LEVEL: 'info' }, pauseMs: 20 }
  : {
      entries: 8,
      settings: { SCRAPE_INTERVAL: '1s', LOG_LEVEL: 'info' },
      pauseMs: 400,
      program: [SERVICE, `${SHORT_EXPIRY_MS}`],
    }

before(() => bundleService(PROGRAM, SERVICE))
after(() => rmSync(path.dirname(SERVICE), { recursive: true }))

async function startFirst(fleet: Fleet): Promise<void> {
  await Promise.all(indicesBelow(FIRST).map((index) => fleet.start(index, FIRST)))
  await fleet.everyEntryFollows()
  await fleet.eachIsAtHome()
}

/** As a StatefulSet does it: the new one first, then the others from the last to the first. */
async function scaleUp(fleet: Fleet): Promise<void> {
  await fleet.start(FIRST, MORE)
  for (const index of indicesBelow(FIRST).reverse()) await fleet.restart(index, MORE)
  await fleet.everyEntryFollows()
  await fleet.eachIsAtHome()
}

/** Those that go first, then the others. */
async function scaleDown(fleet: Fleet): Promise<void> {
  const indices = indicesBelow(MORE).reverse()
  for (const index of indices.filter((each) => each >= LAST)) await fleet.stop(index)
  for (const index of indices.filter((each) => each < LAST)) await fleet.restart(index, LAST)
  await fleet.everyEntryFollows()
  await fleet.eachIsAtHome()
}

const indicesBelow = (count: number) => Array.from({ length: count }, (_, index) => index)

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
  await startFirst(fleet)
  await scaleUp(fleet)
  const usualMs = tellDelays(t, fleet)
  await fleet.kill(1)
  await fleet.everyEntryFollows()
  await fleet.start(1, MORE)
  await fleet.eachIsAtHome()
  await scaleDown(fleet)
  const longestMs = tellDelays(t, fleet)
  const twice = [...fleet.publications()].filter(([, count]) => count > 1)
  assert.deepEqual(twice, [])
  if (IS_WHOLE) assert.ok(longestMs < LONGEST_MS && usualMs < LONGEST_MS, `${longestMs} ms`)
})

test('over volumes of their own, every entry follows', async (t) => {
  const fleet = createFleet(t, { ...FORM, isShared: false })
  await startFirst(fleet)
  await scaleUp(fleet)
  await scaleDown(fleet)
  const longestMs = tellDelays(t, fleet)
  if (IS_WHOLE) assert.ok(longestMs < LONGEST_MS, `${longestMs} ms`)
})

test('a share that there is not is refused, with what to write', async () => {
  const env = { LISTING_PATH: 'listing.json', SHARD: '3/3' }
  const { code, stderr } = await runProgram([], env)
  assert.equal(code, 2)
  assert.match(stderr, /SHARD must be index\/total, as 0\/3/)
})
