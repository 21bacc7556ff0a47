// Which keys an entry names, and what is wrong with them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseListing } from '../../src/listing/listing.js'
import { ListingError } from '../../src/listing/listing-error.js'

const DEFAULTS = { root: undefined, publish: 'in-place', intervalMs: 60_000 } as const

function verifyOf(verify: unknown, fields: object = {}) {
  const entry = { path: 'a', repo: 'https://git.example.com/a', verify, ...fields }
  return parseListing(JSON.stringify([entry]), '/etc/sync', DEFAULTS)[0]?.verify
}

function faultsOf(verify: unknown, fields: object = {}): string[] {
  try {
    verifyOf(verify, fields)
  } catch (error) {
    if (error instanceof ListingError) {
      return error.faults.map(({ pointer, message }) => `${pointer} ${message}`)
    }
    throw error
  }
  return []
}

test('files are named from the folder of the listing on, and the commit is to be signed', () => {
  const { keyFiles, object } = verifyOf({ keys: ['team.asc', '/keys/signers'] }) ?? {}
  assert.deepEqual(keyFiles, ['/etc/sync/team.asc', '/keys/signers'])
  assert.equal(object, 'commit')
  assert.equal(verifyOf(undefined), undefined)
  const { revokedFiles } = verifyOf({ keys: ['a'], revoked: ['b', '/c'] }) ?? {}
  assert.deepEqual(revokedFiles, ['/etc/sync/b', '/c'])
})

test('policies are told from each other by what the listing says', () => {
  const id = verifyOf({ keys: ['a', 'b'] })?.id
  assert.equal(verifyOf({ keys: ['./a', 'b'], object: 'commit' })?.id, id)
  assert.notEqual(verifyOf({ keys: ['a'] })?.id, id)
  assert.equal(verifyOf({ keys: ['a', 'b'], revoked: [] })?.id, id)
  assert.notEqual(verifyOf({ keys: ['a', 'b'], revoked: ['c'] })?.id, id)
  assert.notEqual(verifyOf({ keys: ['a'], revoked: ['b'] })?.id, id)
  assert.notEqual(verifyOf({ keys: ['a', 'b'], object: 'both' }, { tag: 'v1' })?.id, id)
})

test('a tag is to be signed only where one is followed', () => {
  const verify = { keys: ['a'], object: 'tag' }
  for (const fields of [{ tag: 'v1' }, { semver: '1' }, { ref: 'refs/tags/v1' }]) {
    assert.deepEqual(faultsOf(verify, fields), [])
  }
  for (const fields of [
    {},
    { branch: 'main' },
    { ref: 'refs/pull/1/head' },
    { commit: 'ab'.repeat(20) },
  ]) {
    const [fault, ...more] = faultsOf(verify, fields)
    assert.match(
      fault ?? '',
      /^\/0\/verify\/object is "tag", and the entry follows no tag: give it/,
    )
    assert.deepEqual(more, [])
  }
})

test('what is wrong is said where it is', () => {
  const begin = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc'
  assert.deepEqual(faultsOf({ keys: ['a', begin] }), [
    '/0/verify/keys/1 must be a file name, not the key itself',
  ])
  assert.match(faultsOf({ keys: ['$KEYS/a'] })[0] ?? '', /^\/0\/verify\/keys\/0 /)
  assert.match(
    faultsOf({ keys: ['a'], revoked: ['$KEYS/a'] })[0] ?? '',
    /^\/0\/verify\/revoked\/0 /,
  )
  assert.match(faultsOf({ keys: [] })[0] ?? '', /^\/0\/verify\/keys is empty/)
  assert.match(faultsOf({})[0] ?? '', /^\/0\/verify lacks the field "keys"/)
  assert.match(
    faultsOf({ keys: ['a'], object: 'tags' })[0] ?? '',
    /^\/0\/verify\/object must be .* mean "tag"/,
  )
  assert.match(
    faultsOf({ keys: ['a'], key: 'b' })[0] ?? '',
    /^\/0\/verify\/?k?e?y? is not a known field/,
  )
  assert.match(faultsOf('a.asc')[0] ?? '', /^\/0\/verify must be an object/)
})
