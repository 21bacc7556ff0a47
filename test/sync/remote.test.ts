import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { toSyncError } from '../../src/base/errors.js'
import type { Entry } from '../../src/listing/entry.js'
import { Remote } from '../../src/sync/remote.js'
import { remoteKeyOf } from '../../src/sync/remote-login.js'
import { failsWith } from '../helpers/fails-with.js'
import { FakeRemote } from '../helpers/fake-remote.js'
import { failure, listed, oid, REPO } from '../helpers/fake-sync.js'

const signal = new AbortController().signal

/** What a remote is asked for some entries, and the names it answers with. */
async function ask(fake: FakeRemote, ...entries: object[]) {
  const full = entries.map((entry, index) => ({ path: `p${index}`, ...entry }))
  return { found: await findAll(new Remote(fake), listed(full)), asked: fake.polls }
}

/** What each entry stands for, or what is told where it stands for nothing. */
async function findAll(remote: Remote, entries: readonly Entry[]): Promise<string[]> {
  const resolve = await remote.ask(entries, signal)
  return entries.map(({ revision }) => {
    try {
      const { ref, commit } = resolve(revision)
      return `${ref} ${Number(commit)}`
    } catch (error) {
      return toSyncError(error).message
    }
  })
}

const missing = (branch: string, hint = '') =>
  `The remote has no branch "${branch}"${hint}: push it, or correct the entry's branch`

describe('a poll', () => {
  test('is one request, and another for what a missing ref may be', async () => {
    const fake = new FakeRemote()
    fake.push(oid(1))
    assert.deepEqual(await ask(fake, {}, { branch: 'main' }, { branch: 'mian' }), {
      asked: [
        ['HEAD', 'refs/heads/main', 'refs/heads/mian'],
        ['refs/heads/', 'refs/tags/mian'],
      ],
      found: ['refs/heads/main 1', 'refs/heads/main 1', missing('mian', ' (did you mean "main"?)')],
    })
  })

  test('is one request also where HEAD names no branch, but all that is followed is there', async () => {
    const fake = new FakeRemote()
    fake.set('refs/heads/main', oid(1))
    assert.deepEqual(await ask(fake, { branch: 'main' }), {
      asked: [['HEAD', 'refs/heads/main']],
      found: ['refs/heads/main 1'],
    })
  })

  test('takes a second request to tell an empty repository from a missing ref', async () => {
    const fake = new FakeRemote()
    fake.set('refs/heads/trunk', oid(1))
    const { asked, found } = await ask(fake, {}, { branch: 'main' })
    assert.deepEqual(asked, [
      ['HEAD', 'refs/heads/main'],
      ['refs/heads/', 'refs/tags/main'],
    ])
    assert.match(found[0] ?? '', /^The remote's HEAD names a branch .*\(there are: trunk\)$/)
    assert.equal(found[1], missing('main'))
    const empty = await ask(new FakeRemote(), { branch: 'main' })
    assert.match(empty.found[0] ?? '', /no commit yet/)
  })

  test('says what a missing ref may be without being asked for it each time', async () => {
    const fake = new FakeRemote()
    fake.push(oid(1))
    const remote = new Remote(fake)
    for (const branch of ['maine', 'maine', 'mian', 'mian']) {
      const found = await findAll(remote, listed([{ path: 'a', branch }]))
      assert.deepEqual(found, [missing(branch, ' (did you mean "main"?)')])
    }
    assert.deepEqual(
      fake.polls.map(([first]) => first),
      ['HEAD', 'refs/heads/', 'HEAD', 'HEAD', 'refs/heads/', 'HEAD'],
    )
  })

  test('resolves nothing by what was there when a ref was found missing', async () => {
    const fake = new FakeRemote()
    fake.push(oid(1))
    fake.set('refs/heads/gone', oid(1))
    const remote = new Remote(fake)
    const entries = listed([
      { path: 'a', branch: 'main' },
      { path: 'b', branch: 'missing' },
      { path: 'c', ref: 'refs/heads/gone' },
    ])
    assert.equal((await findAll(remote, entries))[2], 'refs/heads/gone 1')
    fake.push(oid(2))
    fake.delete('refs/heads/gone')
    const [main, , gone] = await findAll(remote, entries)
    assert.equal(main, 'refs/heads/main 2')
    assert.match(gone ?? '', /^The remote has no ref "refs\/heads\/gone": push it/)
    assert.equal(fake.polls.length, 3, 'what may be meant was not asked for again')
  })

  test('tells what is missing without what it may be where that is too much', async () => {
    const fake = new FakeRemote()
    fake.push(oid(1))
    const listRefs = fake.listRefs.bind(fake)
    fake.listRefs = async (prefixes, aborted) => {
      if (prefixes.includes('refs/heads/')) throw failure('refs-too-large')
      return listRefs(prefixes, aborted)
    }
    assert.deepEqual((await ask(fake, { branch: 'mian' })).found, [missing('mian')])
  })

  test('takes no request for commits', async () => {
    const answer = { asked: [], found: [`${oid(1)} 1`] }
    assert.deepEqual(await ask(new FakeRemote(), { commit: oid(1) }), answer)
  })
})

test('a remote is not asked again while it was asked and does not answer', async () => {
  const fake = new FakeRemote()
  fake.push(oid(1))
  const remote = new Remote(fake)
  const entries = listed([{ path: 'a' }])
  const first = findAll(remote, entries)
  await assert.rejects(remote.ask(entries, signal), failsWith('volume-hangs', /hangs still/))
  assert.deepEqual(await first, await findAll(remote, entries))
  assert.equal(fake.polls.length, 2)
})

test('the key of a remote is its URL with its credentials', () => {
  const keyOf = (entry: object) => remoteKeyOf(listed([{ path: 'a', ...entry }])[0]!)
  const withUser = (user: string) => REPO.replace('//', `//${user}@`)
  assert.equal(keyOf({}), keyOf({ repo: `${REPO}/`, branch: 'x', interval: '1s' }))
  const keys = [
    {},
    { repo: `${REPO}2` },
    { credential: 'one' },
    { credential: 'two' },
    { repo: withUser('ann:a') },
    { repo: withUser('ann:b') },
  ].map(keyOf)
  assert.equal(new Set(keys).size, keys.length)
})
