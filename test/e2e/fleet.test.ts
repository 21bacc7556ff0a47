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
/** How much longer a commit may be unseen in the whole form than while nothing changes: until another stands in. */
const LONGEST_GAP_MS = 35_000

/** How many instances there are at first, once there are more, and in the end. */
const [FIRST, MORE, LAST] = IS_WHOLE ? [3, 4, 2] : [2, 3, 1]

const FORM: Pick<FleetOptions, 'entries' | 'settings' | 'pauseMs' | 'program'> = IS_WHOLE
  ? { entries: 300, settings: { SCRAPE_INTERVAL: '5s', LOG_LEVEL: 'info' }, pauseMs: 200 }
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

/** Tells how long commits were unseen since the last call, and returns the longest time, in milliseconds. */
function delayTeller(t: TestScope & { diagnostic(text: string): void }, fleet: Fleet) {
  let told = 0
  return (when: string): number => {
    const sorted = fleet.delaysMs.slice(told).sort((one, other) => one - other)
    told = fleet.delaysMs.length
    const [median = 0, longest = 0] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)]
    t.diagnostic(
      `${when}: ${sorted.length} commits seen after ${Math.round(median)} ms (median), ${Math.round(longest)} ms (longest)`,
    )
    return longest
  }
}

function assertGaps(steadyMs: number, gapsMs: readonly number[]): void {
  // How long a busy machine takes for each commit is no gap.
  const longestMs = Math.max(...gapsMs)
  if (IS_WHOLE) assert.ok(longestMs < steadyMs + LONGEST_GAP_MS, `${longestMs} ms, ${steadyMs} ms`)
}

test('over one volume, every entry follows, and none is published twice', async (t) => {
  const fleet = createFleet(t, { ...FORM, isShared: true })
  const tell = delayTeller(t, fleet)
  await startFirst(fleet)
  tell('started')
  await fleet.everyEntryFollows()
  const steadyMs = tell('with nothing changing')
  await scaleUp(fleet)
  const gapsMs = [tell('scaled up')]
  await fleet.kill(1)
  await fleet.everyEntryFollows()
  await fleet.start(1, MORE)
  await fleet.eachIsAtHome()
  gapsMs.push(tell('one killed'))
  await scaleDown(fleet)
  gapsMs.push(tell('scaled down'))
  const twice = [...fleet.publications()].filter(([, count]) => count > 1)
  assert.deepEqual(twice, [])
  assertGaps(steadyMs, gapsMs)
})

test('over volumes of their own, every entry follows', async (t) => {
  const fleet = createFleet(t, { ...FORM, isShared: false })
  const tell = delayTeller(t, fleet)
  await startFirst(fleet)
  tell('started')
  await fleet.everyEntryFollows()
  const steadyMs = tell('with nothing changing')
  await scaleUp(fleet)
  const gapsMs = [tell('scaled up')]
  await scaleDown(fleet)
  gapsMs.push(tell('scaled down'))
  assertGaps(steadyMs, gapsMs)
})

test('a share that there is not is refused, with what to write', async () => {
  const env = { LISTING_PATH: 'listing.json', SHARD: '3/3' }
  const { code, stderr } = await runProgram([], env)
  assert.equal(code, 2)
  assert.match(stderr, /SHARD must be index\/total, as 0\/3/)
})
