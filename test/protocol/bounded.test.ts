import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pkt } from '../../src/git/pkt-line.js'
import { bounded } from '../../src/protocol/bounded.js'
import { failsWith } from '../helpers/fails-with.js'

async function* endless(): AsyncGenerator<Pkt> {
  for (;;) yield { type: 'data', payload: Buffer.alloc(60) }
}

test('packets pass up to the bound, and an endless list of refs ends with an error', async () => {
  let passed = 0
  const reading = async () => {
    for await (const pkt of bounded(endless(), 1000)) passed += pkt.type === 'data' ? 1 : 0
  }
  await assert.rejects(reading, failsWith('protocol-error', /longer than/))
  assert.equal(passed, 16)
})
