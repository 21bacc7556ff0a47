// What a body announces, whatever it costs to hold it against all entries.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createReader } from '../../../src/server/webhooks/reading.js'

const HEADERS = { 'x-event-key': 'repo:refs_changed', 'content-type': 'application/json' }

/** A push of Bitbucket Data Center: of so many refs, to a repository with so many addresses. */
function push(refs: number, addresses: (number: number) => string, count: number) {
  const changes = Array.from({ length: refs }, (_, number) => ({
    ref: { id: `refs/tags/v${number}` },
    fromHash: '0'.repeat(40),
    toHash: '1'.repeat(40),
  }))
  const clone = Array.from({ length: count }, (_, number) => ({ href: addresses(number) }))
  const body = { changes, repository: { links: { clone } } }
  return {
    name: 'bitbucket-data-center' as const,
    request: { headers: HEADERS, secretInAddress: undefined },
    bytes: Buffer.from(JSON.stringify(body)),
  }
}

test('a push of many refs is announced once, of any ref', async () => {
  const read = createReader()
  const address = (number: number) => `https://${number % 2 ? 'ssh.' : ''}host/team/site.git`
  const few = await read(push(20, address, 2))
  assert.deepEqual(
    few?.map(({ ref }) => ref),
    Array.from({ length: 20 }, (_, number) => `refs/tags/v${number}`),
  )
  const repositories = few?.[0]?.repositories
  assert.deepEqual(await read(push(21, address, 2)), [
    { repositories, ref: undefined, oid: undefined, before: undefined },
  ])
})

test('a repository has few names, each once', async () => {
  const read = createReader()
  const same = await read(push(1, () => 'https://host/team/site.git', 1000))
  assert.equal(same?.[0]?.repositories.length, 1)
  const other = await read(push(1, (number) => `https://host/team/${number}`, 1000))
  assert.equal(other?.[0]?.repositories.length, 10)
})
