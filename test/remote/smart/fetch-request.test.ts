import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WHOLE_DEPTH } from '../../../src/remote/remote-session.js'
import { encodeFetchV0, encodeFetchV2 } from '../../../src/remote/smart/fetch-request.js'
import { failsWith } from '../../helpers/fails-with.js'
import { decodeLines } from '../../helpers/pkts.js'

const WANT = '1'.repeat(40)
const OTHER = '2'.repeat(40)
const HAVE = '3'.repeat(40)
const FIRST = { wants: [WANT], haves: [], thinPack: false }
const UPDATE = { wants: [WANT, OTHER], haves: [HAVE], thinPack: true }
const OLD = new Map([
  ['shallow', ''],
  ['side-band-64k', ''],
])
const NEW = new Map([
  ...OLD,
  ...['thin-pack', 'ofs-delta', 'no-progress', 'multi_ack_detailed'].map(
    (name) => [name, ''] as const,
  ),
  ['agent', 'git/2'],
  ['object-format', 'sha1'],
])

test('a first fetch in protocol 2', async () => {
  assert.deepEqual(await decodeLines(encodeFetchV2(FIRST, new Map())), [
    'command=fetch',
    '0001',
    'no-progress',
    'ofs-delta',
    'deepen 1',
    `want ${WANT}`,
    'done',
    '0000',
  ])
})

test('an update in protocol 2', async () => {
  assert.deepEqual(await decodeLines(encodeFetchV2(UPDATE, NEW)), [
    'command=fetch',
    'agent=git-autosync',
    'object-format=sha1',
    '0001',
    'thin-pack',
    'no-progress',
    'ofs-delta',
    `shallow ${HAVE}`,
    'deepen 1',
    `want ${WANT}`,
    `want ${OTHER}`,
    `have ${HAVE}`,
    'done',
    '0000',
  ])
})

test('more commits, of a client that has some', async () => {
  const deeper = { ...UPDATE, wants: [WANT], depth: 5, shallow: [OTHER] }
  const v2 = await decodeLines(encodeFetchV2(deeper, new Map()))
  assert.deepEqual(v2.slice(2), [
    'thin-pack',
    'no-progress',
    'ofs-delta',
    `shallow ${OTHER}`,
    'deepen 5',
    `want ${WANT}`,
    `have ${HAVE}`,
    'done',
    '0000',
  ])
  const all = { ...UPDATE, wants: [WANT], depth: WHOLE_DEPTH, shallow: [] }
  const v0 = await decodeLines(encodeFetchV0(all, OLD))
  assert.deepEqual(v0.slice(1), ['deepen 2147483647', '0000', `have ${HAVE}`, 'done'])
})

test('as many commits come where blobs cannot be left out', async () => {
  const lines = await decodeLines(
    encodeFetchV2({ ...UPDATE, depth: 5, shallow: [OTHER], withoutBlobs: true }, new Map()),
  )
  assert.ok(lines.includes('deepen 5'))
  assert.ok(!lines.some((line) => /^(shallow|have) /.test(line)))
})

const WITHOUT_BLOBS = { ...UPDATE, wants: [WANT], withoutBlobs: true }

test('an update without blobs, of a server that can leave them out', async () => {
  const capabilities = new Map([['fetch', 'shallow wait-for-done filter']])
  assert.deepEqual(await decodeLines(encodeFetchV2(WITHOUT_BLOBS, capabilities)), [
    'command=fetch',
    '0001',
    'thin-pack',
    'no-progress',
    'ofs-delta',
    'filter blob:none',
    `shallow ${HAVE}`,
    'deepen 1',
    `want ${WANT}`,
    `have ${HAVE}`,
    'done',
    '0000',
  ])
})

test('all is asked for of a server that cannot leave blobs out', async () => {
  const capabilities = new Map([['fetch', 'shallow']])
  const first = { ...FIRST, wants: [WANT] }
  assert.deepEqual(encodeFetchV2(WITHOUT_BLOBS, capabilities), encodeFetchV2(first, capabilities))
  const filtering = new Map([...NEW, ['filter', '']])
  assert.deepEqual(encodeFetchV0(WITHOUT_BLOBS, filtering), encodeFetchV0(first, filtering))
})

test('a first fetch in protocol 0 of an old server', async () => {
  assert.deepEqual(await decodeLines(encodeFetchV0(FIRST, OLD)), [
    `want ${WANT} side-band-64k`,
    'deepen 1',
    '0000',
    'done',
  ])
  const [line] = await decodeLines(encodeFetchV0(UPDATE, OLD))
  assert.doesNotMatch(line ?? '', /thin-pack/)
})

test('an update in protocol 0', async () => {
  const chosen =
    'side-band-64k ofs-delta no-progress multi_ack_detailed thin-pack object-format=sha1'
  assert.deepEqual(await decodeLines(encodeFetchV0(UPDATE, NEW)), [
    `want ${WANT} ${chosen} agent=git-autosync`,
    `want ${OTHER}`,
    `shallow ${HAVE}`,
    'deepen 1',
    '0000',
    `have ${HAVE}`,
    'done',
  ])
})

test('the better kind of acknowledgement that a server of protocol 0 has is asked for', async () => {
  for (const [offered, chosen] of [
    [['multi_ack'], 'multi_ack'],
    [['multi_ack', 'multi_ack_detailed'], 'multi_ack_detailed'],
  ] as const) {
    const capabilities = new Map([...OLD, ...offered.map((name) => [name, ''] as const)])
    const [line] = await decodeLines(encodeFetchV0(FIRST, capabilities))
    assert.equal(line, `want ${WANT} side-band-64k ${chosen}`)
  }
})

test('a server of protocol 0 that cannot serve it is named', () => {
  for (const missing of ['shallow', 'side-band-64k']) {
    const capabilities = new Map([...NEW].filter(([name]) => name !== missing))
    const lacks = failsWith('protocol-error', new RegExp(`lacks the capability ${missing}`))
    assert.throws(() => encodeFetchV0(FIRST, capabilities), lacks)
  }
})

test('who has and wants the same sends the same bytes, in whatever order it is known', () => {
  const one = { ...UPDATE, haves: [HAVE, WANT], shallow: [OTHER, HAVE] }
  const other = { ...one, wants: [OTHER, WANT], haves: [WANT, HAVE], shallow: [HAVE, OTHER] }
  for (const encode of [encodeFetchV2, encodeFetchV0]) {
    assert.deepEqual(encode(other, NEW), encode(one, NEW))
  }
})
