// What a remote is asked for: only what is lacking, and everything where that does not serve.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ErrorCode } from '../../src/base/errors.js'
import { createFakeSync, failure, OTHER_REPO, oid, REPO } from '../helpers/fake-sync.js'

const FULL = { haves: [], thinPack: false }
const thin = (have: string) => ({ haves: [have], thinPack: true })

describe('what is asked for', () => {
  test('everything at first, and then what the published commit lacks', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.remote().push(oid(2))
    await sync.clock.advance(60_000)
    assert.deepEqual(sync.remote().fetches, [
      { wants: [oid(1)], ...FULL },
      { wants: [oid(2)], ...thin(oid(1)) },
    ])
    assert.deepEqual(
      sync.workers.calls.filter((call) => call.startsWith('publish')),
      ['publish /a 1 over nothing', 'publish /a 2 over 1'],
    )
  })

  test('after a restart, what the commit in place lacks', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.inPlace.set('/a', oid(9))
    await sync.list({ path: 'a' })
    assert.deepEqual(sync.remote().fetches, [{ wants: [oid(1)], ...thin(oid(9)) }])
  })

  test('on another branch of the remote, what the published commit lacks', async (t) => {
    const sync = createFakeSync(t)
    sync.remote().set('refs/heads/x', oid(3))
    await sync.list({ path: 'a' })
    await sync.list({ path: 'a', branch: 'x' })
    assert.deepEqual(sync.remote().fetches.at(-1), { wants: [oid(3)], ...thin(oid(1)) })
  })

  test('everything where the repo has another URL', async (t) => {
    const sync = createFakeSync(t)
    sync.remote(OTHER_REPO).push(oid(5))
    await sync.list({ path: 'a' })
    await sync.list({ path: 'a', repo: OTHER_REPO })
    assert.deepEqual(sync.remote(OTHER_REPO).fetches, [{ wants: [oid(5)], ...FULL }])
    sync.remote(OTHER_REPO).push(oid(6))
    await sync.clock.advance(60_000)
    assert.deepEqual(sync.remote(OTHER_REPO).fetches.at(-1), {
      wants: [oid(6)],
      ...thin(oid(5)),
    })
  })

  test('everything where the URL changed, and then more before anything was published', async (t) => {
    const sync = createFakeSync(t)
    const other = sync.remote(OTHER_REPO)
    other.push(oid(5))
    other.set('refs/heads/x', oid(6))
    await sync.list({ path: 'a' })
    other.polling.shut()
    await sync.list({ path: 'a', repo: OTHER_REPO })
    await sync.list({ path: 'a', repo: OTHER_REPO, branch: 'x' })
    other.polling.open()
    await sync.clock.advance(0)
    assert.deepEqual(other.fetches, [{ wants: [oid(6)], ...FULL }])
  })

  test('what is lacking where only the credentials changed', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.remote().push(oid(2))
    await sync.list({ path: 'a', repo: REPO.replace('//', '//ann:secret@') })
    assert.deepEqual(sync.remote().fetches.at(-1), { wants: [oid(2)], ...thin(oid(1)) })
  })
})

describe('a thin pack that does not serve', () => {
  const CODES: ErrorCode[] = [
    'base-missing',
    'pack-corrupt',
    'pack-incomplete',
    'protocol-error',
    'remote-error',
  ]
  for (const code of CODES) {
    test(`because of ${code} is followed by one fetch of everything`, async (t) => {
      const sync = createFakeSync(t)
      await sync.list({ path: 'a' })
      sync.remote().push(oid(2))
      sync.workers.errors.publish.push(failure(code))
      sync.forget()
      await sync.clock.advance(60_000)
      assert.deepEqual(sync.remote().fetches, [
        { wants: [oid(2)], ...thin(oid(1)) },
        { wants: [oid(2)], ...FULL },
      ])
      assert.deepEqual(sync.trace(), ['poll-changed a', 'fetch-fell-back a', 'sync-published a'])
      assert.equal(sync.eventsOf('fetch-fell-back')[0]?.error.code, code)
      assert.equal(sync.status().consecutiveFailures, 0)
    })
  }

  test('is not followed by another one where both fail', async (t) => {
    const sync = createFakeSync(t)
    await sync.list({ path: 'a' })
    sync.remote().push(oid(2))
    sync.workers.errors.publish.push(failure('base-missing'), failure('pack-corrupt'))
    sync.forget()
    await sync.clock.advance(60_000)
    assert.equal(sync.remote().fetches.length, 2)
    assert.deepEqual(sync.trace(), ['poll-changed a', 'fetch-fell-back a', 'sync-failed a'])
    assert.equal(sync.status().error?.code, 'pack-corrupt')
    assert.equal(sync.status().oid, oid(1))
  })

  for (const code of ['connection-failed', 'volume-full', 'unsafe-tree'] as const) {
    test(`because of ${code} is not followed by one of everything`, async (t) => {
      const sync = createFakeSync(t)
      await sync.list({ path: 'a' })
      sync.remote().push(oid(2))
      sync.workers.errors.publish.push(failure(code))
      sync.forget()
      await sync.clock.advance(60_000)
      assert.equal(sync.remote().fetches.length, 1)
      assert.deepEqual(sync.trace(), ['poll-changed a', 'sync-failed a'])
    })
  }

  for (const code of CODES) {
    test(`because of ${code} of a submodule is not followed by one of everything`, async (t) => {
      const sync = createFakeSync(t)
      await sync.list({ path: 'a', submodules: 'recursive' })
      sync.remote().push(oid(2))
      sync.workers.errors.publish.push(failure(code, { dependency: { submodule: 'm/x' } }))
      sync.forget()
      await sync.clock.advance(60_000)
      assert.equal(sync.remote().fetches.length, 1)
      assert.deepEqual(sync.trace(), ['poll-changed a', 'sync-failed a'])
    })
  }

  test('is no reason for a second fetch where all was asked for at first', async (t) => {
    const sync = createFakeSync(t)
    sync.workers.errors.publish.push(failure('pack-corrupt'))
    await sync.list({ path: 'a' })
    assert.equal(sync.remote().fetches.length, 1)
    assert.equal(sync.eventsOf('fetch-fell-back').length, 0)
  })
})
