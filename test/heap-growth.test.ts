// Many entries hold much, of which garbage is not to be a multiple.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

const HEAP_GROWTH = new URL('../src/heap-growth.js', import.meta.url).href
const run = promisify(execFile)

/** Holds 92 MiB, replaces all of it five times, and prints the most that was used, in bytes. */
const replacing = (entries: number) => `
import { limitHeapGrowth } from '${HEAP_GROWTH}'
limitHeapGrowth(${entries})
const make = () => new Array(1000).fill(0.5)
const held = Array.from({ length: 12_000 }, make)
let most = 0
for (let round = 0; round < 60; round++) {
  for (let index = round % 12; index < held.length; index += 12) held[index] = make()
  await new Promise(setImmediate)
  most = Math.max(most, process.memoryUsage().heapUsed)
}
console.log(most)
`

async function mostBytesWith(entries: number): Promise<number> {
  const args = ['--input-type=module', '--eval', replacing(entries)]
  return Number((await run(process.execPath, args)).stdout)
}

test('with many entries, garbage does not grow to what they hold', async () => {
  const [few, many] = [await mostBytesWith(10), await mostBytesWith(10_000)]
  // On Node 20: 334 and 214 MiB.
  assert.ok(many < 0.8 * few, `${many} bytes are used, and ${few} with few entries`)
})
