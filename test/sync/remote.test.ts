import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Remote, remoteKeyOf } from '../../src/sync/remote.js'
import { failsWith } from '../helpers/fails-with.js'
import { FakeRemote } from '../helpers/fake-remote.js'
import { failure, listed, oid, REPO } from '../helpers/fake-sync.js'

const signal = new AbortController().signal

/** What a remote is asked for some entries, and the names it answers with. */
async function ask(fake: FakeRemote, ...entries: object[]) {
  const full = entries.map((entry, index) => ({ path: `p${index}`, ...entry }))
  const refs = await new Remote(fake).listRefs(listed(full), signal)
  return { asked: fake.polls, names: refs.map(({ name }) => name) }
}

describe('the refs of a poll', () => {
  test('come with one request, and what a missing one may be with another', async () => {
    const fake = new FakeRemote()
    fake.push(oid(1))
    assert.deepEqual(await ask(fake, {}, { branch: 'main' }, { branch: 'missing' }), {
      asked: [
        ['HEAD', 'refs/heads/main', 'refs/heads/missing'],
        ['refs/heads/', 'refs/tags/missing'],
      ],
      names: ['refs/heads/main', 'HEAD'],
    })
  })

  test('come with one request also where HEAD names no branch, but all that is followed is there', async () => {
    const fake = new FakeRemote()
    fake.set('refs/heads/main', oid(1))
    assert.deepEqual(await ask(fake, { branch: 'main' }), {
      asked: [['HEAD', 'refs/heads/main']],
      names: ['refs/heads/main'],
    })
  })

  test('take a second request to tell an empty repository from a missing ref', async () => {
    const fake = new FakeRemote()
    fake.set('refs/heads/trunk', oid(1))
    assert.deepEqual(await ask(fake, {}, { branch: 'main' }), {
      asked: [
        ['HEAD', 'refs/heads/main'],
        ['refs/heads/', 'refs/tags/main'],
      ],
      names: ['refs/heads/trunk'],
    })
  })

  test('say what a missing one may be without being asked for it at each poll', async () => {
    const fake = new FakeRemote()
    fake.push(oid(1))
    const remote = new Remote(fake)
    const missing = ['one', 'one', 'two', 'two'].map((branch) => listed([{ path: 'a', branch }]))
    const names = []
    for (const entries of missing) {
      names.push((await remote.listRefs(entries, signal)).map(({ name }) => name))
    }
    assert.deepEqual(
      fake.polls.map(([first]) => first),
      ['HEAD', 'refs/heads/', 'HEAD', 'HEAD', 'refs/heads/', 'HEAD'],
    )
    for (const each of names) assert.deepEqual(each.sort(), ['HEAD', 'refs/heads/main'])
  })

  test('are those of now, whatever was there when one was found missing', async () => {
    const fake = new FakeRemote()
    fake.push(oid(1))
    fake.set('refs/heads/gone', oid(1))
    const remote = new Remote(fake)
    const entries = listed([
      { path: 'a', branch: 'main' },
      { path: 'b', branch: 'missing' },
      { path: 'c', ref: 'refs/heads/gone' },
    ])
    await remote.listRefs(entries, signal)
    fake.push(oid(2))
    fake.delete('refs/heads/gone')
    const refs = new Map((await remote.listRefs(entries, signal)).map((ref) => [ref.name, ref.oid]))
    assert.equal(refs.get('refs/heads/main'), oid(2))
    assert.equal(refs.get('refs/heads/gone'), undefined)
  })

  test('are told without what a missing one may be where that is too much', async () => {
    const fake = new FakeRemote()
    fake.push(oid(1))
    const listRefs = fake.listRefs.bind(fake)
    fake.listRefs = async (prefixes, aborted) => {
      if (prefixes.includes('refs/heads/')) throw failure('refs-too-large')
      return listRefs(prefixes, aborted)
    }
    const { names } = await ask(fake, { branch: 'missing' })
    assert.deepEqual(names, ['HEAD'])
  })

  test('take no request for commits', async () => {
    assert.deepEqual(await ask(new FakeRemote(), { commit: oid(1) }), { asked: [], names: [] })
  })
})

test('a remote is not asked again while it was asked and does not answer', async () => {
  const fake = new FakeRemote()
  fake.push(oid(1))
  const remote = new Remote(fake)
  const entries = listed([{ path: 'a' }])
  const first = remote.listRefs(entries, signal)
  await assert.rejects(remote.listRefs(entries, signal), failsWith('volume-hangs', /hangs still/))
  assert.deepEqual(await first, await remote.listRefs(entries, signal))
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
