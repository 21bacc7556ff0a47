// Lists of refs that are longer than what is asked for: memory is for what is asked for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodePkts, encodePkt, FLUSH } from '../../src/git/pkt-line.js'
import { refsTooLarge } from '../../src/remote/refs-too-large.js'
import { decodeAdvertisement } from '../../src/remote/smart/advertisement.js'
import { bounded } from '../../src/remote/smart/bounded.js'
import { decodeLsRefs } from '../../src/remote/smart/ls-refs.js'
import { refsBeyondBudget, WantedRefs } from '../../src/remote/wanted-refs.js'
import { HeldMemory } from '../../src/thread/memory-budget.js'
import { failsWith } from '../helpers/fails-with.js'
import { memoryOf, wantedRefs } from '../helpers/memory.js'
import { pktStream } from '../helpers/pkts.js'
import { turnsDuring } from '../helpers/turns.js'

const OID = '1'.repeat(40)

test('what was not asked for is not kept', async () => {
  const v2 = pktStream(`${OID} HEAD`, `${OID} refs/heads/a`, `${OID} refs/heads/b`, '0000')
  const names = (await decodeLsRefs(v2, wantedRefs(['HEAD', 'refs/heads/b']))).map(
    ({ name }) => name,
  )
  assert.deepEqual(names, ['HEAD', 'refs/heads/b'])
  const v0 = pktStream(
    `${OID} HEAD\0symref=HEAD:refs/heads/a`,
    `${OID} refs/tags/a`,
    `${OID} refs/tags/a^{}`,
    `${OID} refs/tags/b`,
    `${OID} refs/tags/b^{}`,
    '0000',
  )
  const advertised = await decodeAdvertisement(v0, wantedRefs(['refs/tags/b']))
  assert.ok(advertised.version === 0)
  assert.deepEqual(advertised.refs, [
    { name: 'refs/tags/b', oid: OID, peeled: OID, target: undefined },
  ])
})

test('what was asked for is kept within the budget', async () => {
  const held = new HeldMemory(memoryOf(100_000), refsBeyondBudget)
  const { signal } = new AbortController()
  const wanted = new WantedRefs(['refs/heads/'], { held, signal })
  const lines = Array.from({ length: 1000 }, (_, n) => `${OID} refs/heads/b${n}`)
  await assert.rejects(
    decodeLsRefs(pktStream(...lines, '0000'), wanted),
    failsWith('refs-too-large', /MEMORY_BUDGET/),
  )
})

test('others have their turn while a long list is read', async () => {
  const line = encodePkt(`${OID} refs/heads/a`)
  const chunk = Buffer.concat(Array.from({ length: 10_000 }, () => line))
  const answer = bounded(decodePkts([chunk, FLUSH]), 1 << 30, refsTooLarge)
  const turns = await turnsDuring(() => decodeLsRefs(answer, wantedRefs([])))
  assert.ok(turns > 10, `${turns} turns for ${chunk.length} bytes`)
})

test('a server cannot fill memory with capabilities', async () => {
  const long = Array.from({ length: 3 }, (_, n) => `c${n}=${'x'.repeat(60_000)}`)
  for (const lines of [['version 2', ...long], [`${OID} HEAD\0${'c '.repeat(30_000)}`]]) {
    const decoding = decodeAdvertisement(pktStream(...lines, '0000'), wantedRefs())
    if (lines[0] === 'version 2')
      await assert.rejects(decoding, failsWith('protocol-error', /capabilities/))
    else assert.equal((await decoding).capabilities.size, 1)
  }
})
