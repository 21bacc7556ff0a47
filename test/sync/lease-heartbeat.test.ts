// Signs of life where volumes hang.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LeaseHeartbeat } from '../../src/sync/lease-heartbeat.js'
import { FakeClock } from '../helpers/fake-clock.js'

const RENEW_MS = 10_000

test('volumes that hang at once keep no other from being renewed, nor more threads than one of them', async () => {
  const clock = new FakeClock()
  const hanging = new Set([1, 2, 3])
  const shared: number[] = []
  const apart: number[] = []
  const heartbeat = new LeaseHeartbeat({
    clock,
    renewMs: RENEW_MS,
    renew: async (leases, isApart) => {
      const volume = leases[0]?.volume ?? assert.fail()
      const rows = isApart ? apart : shared
      rows.push(volume)
      if (hanging.has(volume)) await new Promise(() => undefined)
      return leases.map(() => true)
    },
    onLost: assert.fail,
  })
  const leases = [1, 2, 3, 4, 5].map((volume) => ({
    file: `/${volume}`,
    base: '/',
    id: '',
    volume,
  }))
  for (const lease of leases) heartbeat.add(lease, lease.file)
  await clock.advance(2 * RENEW_MS - 1)
  assert.deepEqual([shared, apart], [[1], [2, 3, 4, 5]])
  await clock.advance(RENEW_MS)
  assert.deepEqual([shared, apart.slice(4)], [[1], [4, 5]])
  for (const lease of leases) heartbeat.remove(lease)
  assert.equal(clock.pendingTimers, 0)
})

test('leases of many volumes are renewed without threads of their own, and what went meanwhile is not', async () => {
  const clock = new FakeClock()
  const renewed: string[] = []
  const leases = Array.from({ length: 100 }, (_, volume) => {
    return { file: `/${volume}`, base: '/', id: '', volume }
  })
  const heartbeat: LeaseHeartbeat = new LeaseHeartbeat({
    clock,
    renewMs: RENEW_MS,
    renew: async (row, isApart) => {
      renewed.push(...row.map(({ file }) => `${file}${isApart ? ' apart' : ''}`))
      const [, next] = leases
      if (next && row[0]?.volume === 0) heartbeat.remove(next)
      return row.map(() => true)
    },
    onLost: assert.fail,
  })
  for (const lease of leases) heartbeat.add(lease, lease.file)
  await clock.advance(RENEW_MS)
  assert.deepEqual(
    renewed,
    leases.map(({ file }) => file).filter((file) => file !== '/1'),
  )
})
