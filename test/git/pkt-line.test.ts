import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import { DELIM, decodePkts, encodePkt, FLUSH, type Pkt } from '../../src/git/pkt-line.js'
import fc from '../helpers/fast-check.js'

async function decode(chunks: Iterable<Uint8Array>): Promise<Pkt[]> {
  const pkts: Pkt[] = []
  for await (const pkt of decodePkts(chunks)) pkts.push(pkt)
  return pkts
}

const isSyncError = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof SyncError && error.code === code && words.test(error.message)

test('encodes as the documentation shows', () => {
  assert.equal(encodePkt('a\n').toString(), '0006a\n')
  assert.equal(encodePkt('foobar\n').toString(), '000bfoobar\n')
  assert.equal(encodePkt('é').toString(), '0006é')
  assert.equal(encodePkt(new Uint8Array()).toString(), '0004')
  assert.equal(encodePkt(new Uint8Array(65516)).length, 65520)
  assert.throws(() => encodePkt(new Uint8Array(65517)), RangeError)
})

test('decodes what was encoded, however the stream is cut', async () => {
  const pkt = fc.oneof(
    { weight: 5, arbitrary: fc.uint8Array({ maxLength: 40 }) },
    fc.constantFrom('flush' as const, 'delim' as const, 'response-end' as const),
  )
  const constants = { flush: FLUSH, delim: DELIM, 'response-end': Buffer.from('0002') }
  await fc.assert(
    fc.asyncProperty(fc.array(pkt), fc.array(fc.nat(60)), async (pkts, cuts) => {
      const bytes = Buffer.concat(
        pkts.map((item) => (typeof item === 'string' ? constants[item] : encodePkt(item))),
      )
      const chunks: Uint8Array[] = []
      let offset = 0
      for (const cut of cuts) {
        chunks.push(bytes.subarray(offset, offset + cut))
        offset += cut
      }
      chunks.push(bytes.subarray(offset))
      assert.deepEqual(
        await decode(chunks),
        pkts.map((item) =>
          typeof item === 'string' ? { type: item } : { type: 'data', payload: Buffer.from(item) },
        ),
      )
    }),
  )
})

test('a payload within one chunk is a view of it', async () => {
  const chunk = encodePkt('payload')
  const [pkt] = await decode([chunk])
  assert.ok(pkt?.type === 'data' && pkt.payload.buffer === chunk.buffer)
})

for (const bytes of ['0003', 'fff1', '<htm', '00g0', '-001', '00 1', '+123', ' 123']) {
  test(`refuses the length ${JSON.stringify(bytes)}`, async () => {
    const text = Buffer.from(`${bytes}and what follows`)
    const words = new RegExp(`${bytes.replace('+', '\\+')}and what`)
    await assert.rejects(decode([text]), isSyncError('protocol-error', words))
    await assert.rejects(
      decode([text.subarray(0, 2), text.subarray(2)]),
      isSyncError('protocol-error', /packet line must start/),
    )
  })
}

test('a stream that ends within a packet line is a broken connection', async () => {
  for (const text of ['0', '000', '0006a', '00050006', '0000000']) {
    await assert.rejects(decode([Buffer.from(text)]), isSyncError('connection-failed', /middle/))
  }
  assert.deepEqual(await decode([]), [])
})
