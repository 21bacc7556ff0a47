import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { parseListing, readListing } from '../../src/listing/listing.js'
import { ListingError } from '../../src/listing/listing-error.js'
import { atEnd } from '../helpers/at-end.js'
import fc from '../helpers/fast-check.js'
import { IS_WHOLE } from '../helpers/seed.js'
import { DEFAULTS, FOLDER, OID, parse, REPO } from './listing-harness.js'

test('a listing of 2022 works, with every default filled in', () => {
  const text = '[{"path":"project1","repo":"git_server:/home/git/project1.git","branch":"main"}]'
  assert.deepEqual(parseListing(text, FOLDER, DEFAULTS), [
    {
      path: 'project1',
      directory: '/etc/autosync/project1',
      repo: 'git_server:/home/git/project1.git',
      remote: {
        transport: 'ssh',
        url: 'ssh://git_server/home/git/project1.git',
        credentials: undefined,
      },
      selection: { subdir: '', sparse: undefined, lfs: false },
      revision: { kind: 'branch', name: 'main' },
      publish: 'in-place',
      intervalMs: 60_000,
      required: true,
      history: 0,
      suspend: false,
      clean: false,
      credential: undefined,
      verify: undefined,
      before: [],
      after: [],
    },
  ])
})

test('every field is taken over', () => {
  const [entry] = parse([
    {
      path: '/data/site/',
      repo: 'https://user:p%40ss@git.example.com/a.git',
      tag: 'v1',
      subdir: 'docs/m\u00fcll/',
      sparse: ['/*', '!\u00fc'],
      submodules: 'shallow',
      publish: 'symlink',
      interval: '1h 30s',
      required: false,
      suspend: true,
      clean: true,
      credential: 'deploy',
      verify: undefined,
      before: [],
      after: [],
    },
  ])
  assert.deepEqual(entry, {
    path: '/data/site/',
    directory: '/data/site',
    repo: REPO,
    remote: {
      transport: 'http',
      url: REPO,
      credentials: { username: 'user', password: 'p@ss' },
    },
    // As git has them: byte strings.
    selection: {
      subdir: 'docs/m\xc3\xbcll',
      sparse: ['/*', '!\xc3\xbc'],
      lfs: false,
      submodules: 'shallow',
    },
    revision: { kind: 'tag', name: 'v1' },
    history: 0,
    publish: 'symlink',
    intervalMs: 3_630_000,
    required: false,
    suspend: true,
    clean: true,
    credential: 'deploy',
    verify: undefined,
    before: [],
    after: [],
  })
})

test('what follows may be HEAD or a commit, whose digits are folded', () => {
  assert.deepEqual(parse([{ path: 'a', repo: REPO }])[0]?.revision, { kind: 'head' })
  const [entry] = parse([{ path: 'a', repo: REPO, commit: OID }])
  assert.deepEqual(entry?.revision, { kind: 'commit', oid: OID.toLowerCase() })
  const [ref] = parse([{ path: 'a', repo: REPO, ref: 'refs/pull/7/head' }])
  assert.deepEqual(ref?.revision, { kind: 'ref', name: 'refs/pull/7/head' })
  const [semver] = parse([{ path: 'a', repo: REPO, semver: '>=1.2 <2' }])
  assert.deepEqual(semver?.revision, { kind: 'semver', range: '>=1.2 <2' })
})

test('a numeric interval is milliseconds; publish and interval fall back on the defaults', () => {
  const entries = parse(
    [
      { path: 'a', repo: REPO, interval: 500 },
      { path: 'b', repo: REPO },
    ],
    { publish: 'symlink', intervalMs: 5000 },
  )
  assert.deepEqual(
    entries.map(({ publish, intervalMs }) => ({ publish, intervalMs })),
    [
      { publish: 'symlink', intervalMs: 500 },
      { publish: 'symlink', intervalMs: 5000 },
    ],
  )
})

test('local repos start at the folder of the listing, paths at ROOT', () => {
  const url = (repo: string) =>
    parse([{ path: 'a', repo }], { root: '/data' }).map(({ directory, remote }) => [
      directory,
      remote.url,
    ])
  assert.deepEqual(url('../r'), [['/data/a', 'file:///etc/r']])
  assert.deepEqual(url('file:../r'), [['/data/a', 'file:///etc/r']])
  assert.deepEqual(url('file:///srv/r'), [['/data/a', 'file:///srv/r']])
})

test('an empty array, and a byte order mark, are accepted', () => {
  assert.deepEqual(parse([]), [])
  assert.deepEqual(parseListing('\uFEFF[]\n', FOLDER, DEFAULTS), [])
})

test('any document is a listing, or a ListingError', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'a',
      'a/b',
      '/',
      '..',
      'https://u:p@h/x',
      'u@h:x',
      'file:',
      'file:x',
      '10s',
      '[::1]:x',
    ),
    fc.webUrl({ withQueryParameters: true }),
  )
  const value = fc.oneof({ weight: 4, arbitrary: text }, fc.jsonValue())
  const fields = ['path', 'repo', 'branch', 'tag', 'commit', 'publish', 'interval', 'clean']
  const entry = fc.dictionary(fc.constantFrom(...fields, '__proto__'), value)
  const document = fc.oneof(fc.array(fc.oneof(entry, value)), fc.jsonValue())
  fc.assert(
    fc.property(document, (listing) => {
      try {
        parse(listing)
      } catch (error) {
        assert.ok(error instanceof ListingError)
        assert.ok(error.faults.length > 0)
      }
    }),
    { numRuns: IS_WHOLE ? 1000 : 200 },
  )
})

test('reading a file gives its text too, and relative paths start at its folder', async (t) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'listing-'))
  atEnd(t, () => rm(folder, { recursive: true }))
  const file = path.join(folder, 'listing.json')
  const text = JSON.stringify([{ path: 'a', repo: REPO }])
  await writeFile(file, text)
  const read = await readListing(file, DEFAULTS)
  assert.equal(read.text, text)
  assert.equal(read.entries[0]?.directory, path.join(folder, 'a'))
})

test('a file that is missing or a directory is a fault of the listing', async () => {
  const message = /The listing cannot be used: \/nowhere\/x.json does not exist/
  await assert.rejects(readListing('/nowhere/x.json', DEFAULTS), {
    code: 'listing-invalid',
    message,
  })
  await assert.rejects(readListing(os.tmpdir(), DEFAULTS), /is a directory, not a file/)
})
