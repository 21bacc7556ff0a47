import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListingDefaults } from '../../src/listing/entry.js'
import { parseListing } from '../../src/listing/listing.js'
import { ListingError } from '../../src/listing/listing-error.js'

const DEFAULTS: ListingDefaults = { root: undefined, publish: 'in-place', intervalMs: 60_000 }

const faulty = [
  'https://user:s3cret@host/a.git?x=1',
  'https://user:s3cret@host:99999/a.git',
  'https://user:s3/cret-s3cret@host/a.git',
  'https://user:12/s3cret@host/a.git',
  'https://user:s3#cret-s3cret@host/a.git',
  'https://user:12\\s3cret@host/a.git',
  'https://user:\ts3cret@host/a.git',
  'https://user: s3cret@host/a.git',
  'https:/user:s3cret@host/a.git',
  'https:user:s3cret@host/a.git',
  'user:s3cret@host/a.git',
  'ftp://user:s3cret@host/a.git',
  'file://user:s3cret@host/a.git',
  ' https://user:s3cret@host/a.git',
  'git clone https://user:s3cret@host/a.git',
  'https//user:s3cret@host/a.git',
  'https;//user:s3cret@host/a.git',
  '//user:s3cret@host/a.git',
  'file:https://user:s3cret@host/a.git',
]

for (const repo of faulty) {
  test(`the faults of ${JSON.stringify(repo)} hold no secret`, () => {
    assert.throws(
      () => parseListing(JSON.stringify([{ path: 'a', repo }]), '/f', DEFAULTS),
      (error) => {
        assert.ok(error instanceof ListingError)
        assert.doesNotMatch(JSON.stringify([error.message, error.stack, error.faults]), /s3cret/)
        return true
      },
    )
  })
}

test('a path that is an address, as where path and repo are swapped, is a fault', () => {
  for (const path of [
    'https://u:s3cret@host/a.git',
    'https://host/a.git',
    '//u:s3cret@host/a.git',
  ]) {
    assert.throws(
      () => parseListing(JSON.stringify([{ path, repo: 'site' }]), '/f', DEFAULTS),
      (error) => {
        assert.ok(error instanceof ListingError)
        const message = 'looks like an address: are path and repo swapped?'
        assert.deepEqual(error.faults, [{ pointer: '/0/path', message }])
        return true
      },
    )
  }
})

test('a path may have a colon and an at sign', () => {
  const [entry] = parseListing('[{"path": "/data/a:b@c", "repo": "site"}]', '/f', DEFAULTS)
  assert.equal(entry?.directory, '/data/a:b@c')
})

const sound = [
  ['https://user:s3cret@host/a.git', 'https://host/a.git'],
  ['https://s3cret@host/a.git', 'https://host/a.git'],
  ['https://user:s3%2Fcret@host/a.git', 'https://host/a.git'],
  ['https://user:s3cret@x@host/a.git', 'https://host/a.git'],
  ['HTTPS://user:s3cret@host/a.git', 'HTTPS://host/a.git'],
] as const

for (const [repo, shown] of sound) {
  test(`${repo} is shown as ${shown}`, () => {
    const [entry] = parseListing(JSON.stringify([{ path: 'a', repo }]), '/f', DEFAULTS)
    assert.equal(entry?.repo, shown)
    assert.equal(entry?.remote.url, 'https://host/a.git')
    assert.ok(entry?.remote.credentials)
  })
}
