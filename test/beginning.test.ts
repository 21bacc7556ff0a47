// What a run begins with holds for all that follows.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'

const BEGINNING = new URL('../src/beginning.js', import.meta.url).href
const MIB = 1024 * 1024

/** Holds 92 MiB, and replaces all of it five times. */
const REPLACING = `
import { begin } from '${BEGINNING}'
begin(1)
const make = () => new Array(1000).fill(0.5)
const held = Array.from({ length: 12_000 }, make)
let most = 0
for (let round = 0; round < 60; round++) {
  for (let index = round % 12; index < held.length; index += 12) held[index] = make()
  await new Promise(setImmediate)
  most = Math.max(most, process.memoryUsage().heapUsed)
}
console.log(most)
process.exit()
`

test('garbage of a heap does not grow to many times what it holds', async () => {
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', REPLACING])
  const mostBytes = Number(stdout)
  // By itself, Node 20 has 333 MiB at its peak, and Node 24 457.
  assert.ok(mostBytes < 300 * MIB, `${Math.round(mostBytes / MIB)} MiB are used`)
})
