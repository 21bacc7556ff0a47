// Remotes that never stop, that lie, or that drip: what is asked of them ends with a
// stable code, after a bounded number of bytes.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ErrorCode } from '../../../src/base/errors.js'
import { encodePkt, FLUSH } from '../../../src/git/pkt-line.js'
import type { RemoteSession } from '../../../src/remote/remote-session.js'
import { SmartSession } from '../../../src/remote/smart/smart-session.js'
import { failsWith } from '../../helpers/fails-with.js'
import { refsBounds } from '../../helpers/memory.js'
import { band, encodeLines } from '../../helpers/pkts.js'
import { IS_WHOLE } from '../../helpers/seed.js'

const OID = '1'.repeat(40)
const V2 = encodeLines('version 2', 'ls-refs', 'fetch=shallow', '0000')
const V0 = encodeLines(`${OID} HEAD\0side-band-64k shallow`, '0000')
const MAX_REFS_BYTES = 1 << 20
/** No remote that never stops is read further than this. */
const PATIENCE_BYTES = 80 << 20
const signal = new AbortController().signal

type Chunks = Iterable<Uint8Array>

/** A session with a remote that answers discovery, and then every request, with these bytes. */
function sessionWith(advertisement: Chunks, answer: Chunks): RemoteSession {
  const transport = {
    advertise: async () => served(advertisement),
    exchange: async () => served(answer),
  }
  return new SmartSession(transport, refsBounds(MAX_REFS_BYTES))
}

async function* served(chunks: Chunks): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for (const chunk of chunks) {
    bytes += chunk.length
    assert.ok(bytes < PATIENCE_BYTES, 'it is read for ever')
    yield chunk
  }
}

function* then(...parts: readonly Chunks[]): Generator<Uint8Array> {
  for (const part of parts) yield* part
}

/** The same packet line for ever, in chunks as they come from a network. */
function* endless(pkt: Buffer): Generator<Uint8Array> {
  const chunk = Buffer.concat(Array.from({ length: Math.ceil(16_384 / pkt.length) }, () => pkt))
  for (;;) yield chunk
}

const listRefs = (session: RemoteSession) => session.listRefs(['HEAD', 'refs/heads/main'], signal)

async function fetchAll(session: RemoteSession): Promise<number> {
  const { chunks } = await session.fetch({ wants: [OID], haves: [], thinPack: false }, signal)
  let bytes = 0
  for await (const chunk of chunks) bytes += chunk.length
  return bytes
}

const line = (text: string) => encodePkt(`${text}\n`)
const EMPTY = encodePkt('')

describe('a list of refs that never ends', () => {
  const ENDLESS: Record<string, Buffer> = {
    refs: line(`${OID} refs/heads/main`),
    'empty lines': EMPTY,
    flushes: FLUSH,
    'long lines': line(`${OID} refs/heads/${'x'.repeat(60_000)}`),
  }
  for (const [what, pkt] of Object.entries(ENDLESS)) {
    const expected = failsWith('refs-too-large', /raise the setting/)
    test(`of ${what}, in protocol 0`, async () => {
      const session = sessionWith(then([line(`${OID} HEAD\0shallow`)], endless(pkt)), [])
      // An empty line is no ref, which is noticed at once.
      const isNoRef = what === 'empty lines'
      await assert.rejects(listRefs(session), isNoRef ? failsWith('protocol-error') : expected)
    })
    test(`of ${what}, in the capabilities of protocol 2`, async () => {
      const session = sessionWith(then([line('version 2')], endless(pkt)), [])
      const hasText = what === 'refs' || what === 'long lines'
      const tooMany = failsWith('protocol-error', /capabilities/)
      await assert.rejects(listRefs(session), hasText ? tooMany : expected)
    })
    test(`of ${what}, in protocol 2`, async () => {
      const session = sessionWith([V2], endless(pkt))
      // An empty line is no ref, which is noticed at once.
      const isNoRef = what === 'empty lines'
      await assert.rejects(listRefs(session), isNoRef ? failsWith('protocol-error') : expected)
    })
  }
})

describe('a fetch whose answer never ends', () => {
  const start = { 0: [line('NAK')], 2: [line('packfile')] } as const
  const advertisements = { 0: V0, 2: V2 } as const
  const ENDLESS: Record<string, Buffer> = {
    progress: encodePkt(band(2, 'Counting objects: 99%\r')),
    'empty progress': encodePkt(band(2, '')),
    'keep-alives': encodePkt(band(1, '')),
    flushes: FLUSH,
  }
  for (const version of [0, 2] as const) {
    for (const [index, [what, pkt]] of Object.entries(ENDLESS).entries()) {
      if (!IS_WHOLE && index % 2 !== version / 2) continue
      test(`but is made of ${what}, in protocol ${version}`, async () => {
        const starts = [start[version], [...start[version], encodePkt(band(1, 'PACK'))]]
        // A million packet lines each.
        for (const before of IS_WHOLE ? starts : [starts[version === 0 ? 0 : 1] ?? []]) {
          const session = sessionWith([advertisements[version]], then(before, endless(pkt)))
          const expected = failsWith('protocol-error', /more than 4 MiB beside the pack/)
          await assert.rejects(fetchAll(session), expected)
        }
      })
    }
    test(`but never comes to the pack, in protocol ${version}`, async () => {
      const answer = endless(line(`ACK ${OID} common`))
      const session = sessionWith([advertisements[version]], answer)
      await assert.rejects(fetchAll(session), failsWith('protocol-error', /beside the pack/))
    })
  }
})

describe('a packet line', () => {
  const LENGTHS: Record<string, ErrorCode> = {
    // The longest is 65,520 bytes, or fff0.
    fff1: 'protocol-error',
    ffff: 'protocol-error',
    '0003': 'protocol-error',
    '-001': 'protocol-error',
    '1e99': 'connection-failed',
    fff0: 'connection-failed',
  }
  for (const [length, code] of Object.entries(LENGTHS)) {
    test(`that claims the length ${length} asks for no more memory than it may`, async () => {
      for (const chunkBytes of [1, 1000]) {
        const lying = drip(Buffer.from(`${length}${'x'.repeat(500)}`), chunkBytes)
        const packfile = encodePkt('packfile\n')
        await assert.rejects(listRefs(sessionWith([...lying], [])), failsWith(code))
        await assert.rejects(listRefs(sessionWith([V2], [...lying])), failsWith(code))
        await assert.rejects(fetchAll(sessionWith([V2], [packfile, ...lying])), failsWith(code))
      }
    })
  }

  test('may come byte by byte', async () => {
    const refs = encodeLines(`${OID} HEAD symref-target:refs/heads/main`, '0000')
    const answer = encodeLines('packfile', band(1, 'x'.repeat(60_000)), '0000')
    assert.equal((await listRefs(sessionWith(drip(V2, 1), drip(refs, 1)))).length, 1)
    assert.equal(await fetchAll(sessionWith(drip(V2, 1), drip(answer, 1))), 60_000)
  })
})

test('a pack may be long, as its bytes are passed on and not kept', async () => {
  const pkt = encodePkt(band(1, 'x'.repeat(65_000)))
  const answer = then([line('packfile')], Array<Buffer>(1000).fill(pkt), [FLUSH])
  assert.equal(await fetchAll(sessionWith([V2], answer)), 65_000_000)
})

function drip(bytes: Buffer, chunkBytes: number): Buffer[] {
  const count = Math.ceil(bytes.length / chunkBytes)
  return Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  )
}
