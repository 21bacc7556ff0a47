// Signs of life of as many leases as one process may have.
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import {
  decodeLease,
  encodeLease,
  type Lease,
  renewLease,
} from '../../../src/publish/lease/lease.js'
import { renewLeases } from '../../../src/publish/lease/renewal.js'
import type { TestScope } from '../../helpers/git.js'
import { tempDir } from '../../helpers/git.js'

const SELF = { id: 'own', host: 'host', pid: 1, bootId: null, networkNamespace: null }

function createLeases(t: TestScope, count: number): Lease[] {
  const base = tempDir(t)
  return Array.from({ length: count }, (_, index) => {
    const file = path.join(base, `${index}`)
    writeFileSync(file, encodeLease({ ...SELF, beats: 0 }))
    return { file, base, id: SELF.id, volume: 1 }
  })
}

const beatsOf = ({ file }: Lease) => decodeLease(readFileSync(file, 'utf8'))?.beats

for (const [count, isApart] of [
  [5, false],
  [5, true],
  [500, false],
] as const) {
  const how = isApart ? ' apart from others' : ''
  test(`${count} leases are renewed${how}, and which of them are lost is told`, async (t) => {
    const leases = createLeases(t, count)
    const [gone, others, faulty] = leases as [Lease, Lease, Lease]
    rmSync(gone.file)
    writeFileSync(others.file, encodeLease({ ...SELF, id: 'another', beats: 7 }))
    // A fault of the volume: nobody else could write there either.
    faulty.file = path.join(faulty.base, 'x'.repeat(300))
    assert.deepEqual(
      await renewLeases(leases, isApart),
      leases.map((lease) => lease !== gone && lease !== others),
    )
    assert.equal(beatsOf(others), 7)
    assert.deepEqual(
      leases.slice(3).map(beatsOf),
      leases.slice(3).map(() => 1),
    )
  })
}

test('many leases take less than half of what they take one by one', async (t) => {
  const leases = createLeases(t, 1500)
  const busyMs = async (work: () => Promise<unknown>) => {
    const before = process.cpuUsage()
    await work()
    const { system, user } = process.cpuUsage(before)
    return (system + user) / 1000
  }
  const oneByOne = await busyMs(async () => {
    for (const lease of leases) await renewLease(lease)
  })
  const together = await busyMs(() => renewLeases(leases))
  t.diagnostic(`${Math.round(oneByOne)} ms one by one, ${Math.round(together)} ms together`)
  assert.ok(together < oneByOne / 2, `${together} ms, one by one ${oneByOne} ms`)
})
