// What a remote or another instance says is shown, but not at any length.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SyncError } from '../../src/base/errors.js'
import { createFakeSync, oid } from '../helpers/fake-sync.js'

test('a ref that a remote names is a label of at most 255 characters', async (t) => {
  const sync = createFakeSync(t)
  const target = `refs/heads/${'a'.repeat(50_000)}`
  sync.remote().set('HEAD', oid(5), { target })
  await sync.list({ path: 'a' })
  assert.equal(sync.workers.inPlace.get('/a'), oid(5))
  const [published] = sync.eventsOf('sync-published')
  assert.equal(published?.ref, `${target.slice(0, 254)}…`)
  assert.equal(sync.status().ref, published?.ref)
})

test('what a remote says in an error is told in /status to 4,096 characters', async (t) => {
  const sync = createFakeSync(t)
  sync.remote().pollError = new SyncError('remote-error', 'no '.repeat(10_000))
  await sync.list({ path: 'a' })
  assert.equal(sync.status().error?.message.length, 4096)
})

test('another instance is named in at most 255 characters', async (t) => {
  const sync = createFakeSync(t)
  sync.workers.leases.isWritable = true
  const directory = `/${'a'.repeat(200)}/${'b'.repeat(200)}`
  sync.workers.leases.others.set(directory, 'first')
  await sync.list({ path: directory })
  const [awaited] = sync.eventsOf('lease-awaited')
  assert.equal(awaited?.holder.length, 255)
  sync.workers.leases.dead.add(directory)
  await sync.clock.advance(31_000)
  const [taken] = sync.eventsOf('lease-taken')
  assert.equal(taken?.holder.length, 255)
})
