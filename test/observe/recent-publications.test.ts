import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecentPublications } from '../../src/observe/recent-publications.js'
import { entryEvents, OID } from '../helpers/events.js'
import { FakeClock } from '../helpers/fake-clock.js'

test('the newest publications are remembered, and the lag of each entry', () => {
  const clock = new FakeClock()
  const publications = new RecentPublications(clock)
  const [a, b] = [entryEvents('a'), entryEvents('b')]
  publications.observe(a.pollUnchanged)
  assert.deepEqual(publications.newest, [])
  publications.observe({ ...a.published(OID), trigger: 'webhook', lagMs: 80.4 })
  publications.observe(b.published(OID))
  assert.deepEqual(publications.newest, [
    {
      path: 'b',
      oid: OID,
      subject: 'A change',
      publishedAt: new Date(clock.wallTime()).toISOString(),
      lagMs: 1501,
      trigger: null,
    },
    {
      path: 'a',
      oid: OID,
      subject: 'A change',
      publishedAt: new Date(clock.wallTime()).toISOString(),
      lagMs: 80,
      trigger: 'webhook',
    },
  ])
  assert.equal(publications.lagMsOf('a'), 80)
  publications.observe(a.removed)
  assert.equal(publications.lagMsOf('a'), undefined)
  for (let count = 0; count < 100; count++) publications.observe(b.published(OID))
  assert.equal(publications.newest.length, 30)
  assert.ok(publications.newest.every(({ path }) => path === 'b'))
})
