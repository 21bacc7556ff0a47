import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeFetch } from '../../../src/remote/smart/fetch-response.js'
import { failsWith } from '../../helpers/fails-with.js'
import { band, type Line, pktStream } from '../../helpers/pkts.js'

const OID = '1'.repeat(40)

async function packOf(version: 0 | 2, ...lines: Line[]): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of decodeFetch(pktStream(...lines), version)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const PACK = [band(2, 'Counting…'), band(1, 'PACK'), band(2, ''), band(1, ''), band(1, 'rest')]
const V2 = ['shallow-info', `shallow ${OID}`, '0001', 'packfile']
const V0 = [`shallow ${OID}`, '0000', 'NAK']

test('takes the pack out of an answer of protocol 2', async () => {
  assert.equal(await packOf(2, 'packfile', ...PACK, '0000'), 'PACKrest')
  assert.equal(await packOf(2, ...V2, ...PACK, '0000'), 'PACKrest')
  const acknowledged = ['acknowledgments', `ACK ${OID}`, 'ready', '0001', ...V2]
  assert.equal(await packOf(2, ...acknowledged, ...PACK, '0000'), 'PACKrest')
})

test('takes the pack out of an answer of protocol 0', async () => {
  assert.equal(await packOf(0, ...V0, ...PACK, '0000'), 'PACKrest')
  assert.equal(await packOf(0, 'NAK', ...PACK, '0000'), 'PACKrest')
  const acks = [`ACK ${OID} common`, `ACK ${OID} ready`, 'NAK', `ACK ${OID}`]
  const shallow = [`shallow ${OID}`, `unshallow ${OID}`, '0000']
  assert.equal(await packOf(0, ...shallow, ...acks, ...PACK, '0000'), 'PACKrest')
})

test('an error of the server ends the pack with its words', async () => {
  for (const [version, start] of [
    [0, V0],
    [2, V2],
  ] as const) {
    const words = failsWith('remote-error', /^The remote refused; .*\(it said: out of memory\)$/)
    await assert.rejects(packOf(version, ...start, band(3, 'out of memory\n')), words)
    await assert.rejects(packOf(version, ...start, ...PACK, band(3, 'out of memory')), words)
    await assert.rejects(packOf(version, 'ERR out of memory'), words)
    const missing = failsWith('commit-not-found', new RegExp(`not our ref ${OID}`))
    await assert.rejects(packOf(version, `ERR upload-pack: not our ref ${OID}`), missing)
    await assert.rejects(packOf(version, ...start, band(3, `not our ref ${OID}`)), missing)
  }
})

test('an answer without a pack is refused', async () => {
  const without = failsWith('protocol-error', /without a pack/)
  const v2: Line[][] = [[], ['0000'], ['shallow-info', `shallow ${OID}`, '0000']]
  for (const lines of [...v2, ['acknowledgments', 'NAK', '0000']]) {
    await assert.rejects(packOf(2, ...lines), without)
  }
  for (const lines of [[], ['0000'], V0, ['NAK', '0000'], [Buffer.alloc(0), '0000']]) {
    await assert.rejects(packOf(0, ...lines), without)
  }
})

test('an unknown side-band is refused', async () => {
  for (const number of [0, 4, 255]) {
    const unknown = failsWith('protocol-error', new RegExp(`side-band ${number}`))
    await assert.rejects(packOf(2, ...V2, band(number, 'x')), unknown)
    await assert.rejects(packOf(0, ...V0, ...PACK, band(number, 'x')), unknown)
  }
  const empty = failsWith('protocol-error', /without a side-band/)
  await assert.rejects(packOf(2, ...V2, Buffer.alloc(0)), empty)
})

test('the answer is read to its end, so that its connection is free', async () => {
  let isRead = false
  const pkts = (async function* () {
    yield* pktStream('packfile', band(1, 'PACK'), '0000')
    isRead = true
  })()
  for await (const chunk of decodeFetch(pkts, 2)) assert.equal(chunk.toString(), 'PACK')
  assert.ok(isRead)
})
