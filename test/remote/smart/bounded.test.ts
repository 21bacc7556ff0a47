import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pkt } from '../../../src/git/pkt-line.js'
import { refsTooLarge } from '../../../src/remote/refs-too-large.js'
import { bounded } from '../../../src/remote/smart/bounded.js'
import { failsWith } from '../../helpers/fails-with.js'

async function* endlessly(pkt: Pkt): AsyncGenerator<Pkt> {
  for (;;) yield pkt
}

const ENDLESS: Record<string, Pkt> = {
  lines: { type: 'data', payload: Buffer.alloc(60) },
  'empty lines': { type: 'data', payload: Buffer.alloc(0) },
  flushes: { type: 'flush' },
}

for (const [what, pkt] of Object.entries(ENDLESS)) {
  test(`packets pass up to the bound, and a list of endless ${what} ends with an error`, async () => {
    let passed = 0
    const reading = async () => {
      for await (const _ of bounded(endlessly(pkt), 1000, refsTooLarge)) passed++
    }
    await assert.rejects(reading, failsWith('refs-too-large', /MAX_REFS_BYTES \(1000 bytes\)/))
    assert.ok(passed > 5 && passed < 35, String(passed))
  })
}
