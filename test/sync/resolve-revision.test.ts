import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Revision } from '../../src/git/revision.js'
import type { RemoteRef } from '../../src/remote/remote-session.js'
import { missingRevision } from '../../src/sync/missing-revision.js'
import { refPrefixesOf, resolveRevision } from '../../src/sync/resolve-revision.js'
import { failsWith } from '../helpers/fails-with.js'
import { oid } from '../helpers/fake-sync.js'

type Named = Exclude<Revision, { kind: 'commit' }>

const HEAD: Named = { kind: 'head' }
const MAIN: Named = { kind: 'branch', name: 'main' }
const TAG: Named = { kind: 'tag', name: 'v1' }
const VERSIONS: Named = { kind: 'semver', range: '~1.4' }
const PULL: Named = { kind: 'ref', name: 'refs/pull/7/head' }
const COMMIT: Revision = { kind: 'commit', oid: oid(9) }

const ref = (name: string, number: number, more: Partial<RemoteRef> = {}): RemoteRef => ({
  name,
  oid: oid(number),
  peeled: undefined,
  target: undefined,
  ...more,
})

describe('the prefixes to ask for', () => {
  test('are the refs, each once, and HEAD, which tells an empty repository', () => {
    assert.deepEqual(refPrefixesOf([MAIN, TAG, MAIN, COMMIT]), [
      'HEAD',
      'refs/heads/main',
      'refs/tags/v1',
    ])
    assert.deepEqual(refPrefixesOf([HEAD, HEAD]), ['HEAD'])
    assert.deepEqual(refPrefixesOf([VERSIONS, PULL]), ['HEAD', 'refs/tags/', 'refs/pull/7/head'])
  })

  test('are none where only commits are followed', () => {
    assert.deepEqual(refPrefixesOf([COMMIT]), [])
    assert.deepEqual(refPrefixesOf([]), [])
  })
})

describe('a revision', () => {
  test('stands for the ref of exactly its name', () => {
    const refs = [
      ref('HEAD', 1),
      ref('refs/heads/main2', 2),
      ref('refs/tags/main', 3),
      ref('refs/heads/main', 4),
    ]
    assert.deepEqual(resolveRevision(MAIN, refs), {
      ref: 'refs/heads/main',
      want: oid(4),
      commit: oid(4),
    })
  })

  test('HEAD goes by the name of its branch, where the remote tells it', () => {
    const target = 'refs/heads/trunk'
    assert.equal(resolveRevision(HEAD, [ref('HEAD', 1, { target })])?.ref, target)
    assert.equal(resolveRevision(HEAD, [ref('HEAD', 1)])?.ref, 'HEAD')
  })

  test('of an annotated tag wants the tag, and publishes its commit', () => {
    const desired = resolveRevision(TAG, [ref('refs/tags/v1', 1, { peeled: oid(2) })])
    assert.deepEqual(desired, { ref: 'refs/tags/v1', want: oid(1), commit: oid(2) })
  })

  test('of versions stands for the newest tag in the range', () => {
    const refs = [
      ref('HEAD', 1),
      ref('refs/heads/1.4.9', 2),
      ref('refs/tags/v1.4.10', 3, { peeled: oid(4) }),
      ref('refs/tags/1.4.9', 5),
      ref('refs/tags/1.5.0', 6),
    ]
    const wanted = { ref: 'refs/tags/v1.4.10', want: oid(3), commit: oid(4) }
    assert.deepEqual(resolveRevision(VERSIONS, refs), wanted)
  })

  test('that is a commit needs no ref', () => {
    assert.deepEqual(resolveRevision(COMMIT, []), { ref: oid(9), want: oid(9), commit: oid(9) })
  })
})

describe('a revision that the remote lacks', () => {
  const elsewhere = [ref('HEAD', 1), ref('refs/heads/trunk', 1)]
  const cases: [Named, RemoteRef[], Parameters<typeof failsWith>][] = [
    [HEAD, [], ['empty-repository', /push a first one/]],
    [MAIN, [], ['empty-repository', /push a first one/]],
    [TAG, [], ['empty-repository', /push a first one/]],
    [
      MAIN,
      elsewhere,
      ['branch-not-found', /no branch "main": push it, or correct the entry's branch/],
    ],
    [TAG, elsewhere, ['tag-not-found', /no tag "v1": push it, or correct the entry's tag/]],
    [PULL, elsewhere, ['ref-not-found', /no ref "refs\/pull\/7\/head": push it/]],
    [VERSIONS, [], ['empty-repository', /push a first one/]],
    [
      VERSIONS,
      [...elsewhere, ref('refs/tags/nightly', 1)],
      ['tag-not-found', /in the range "~1.4": no tag is a version, as 1.2.3.*entry's semver/],
    ],
    [
      VERSIONS,
      [...elsewhere, ...['v1.4.0-rc', '1.3.0', 'x'].map((tag) => ref(`refs/tags/${tag}`, 1))],
      ['tag-not-found', /the newest are v1.4.0-rc, 1.3.0; a pre-release counts only where/],
    ],
    [HEAD, [ref('refs/heads/trunk', 1)], ['branch-not-found', /there are: trunk\)/]],
  ]
  for (const [revision, refs, expected] of cases) {
    test(`${revision.kind} fails with ${expected[0]} among ${refs.length} refs`, () => {
      assert.equal(resolveRevision(revision, refs), undefined)
      assert.ok(failsWith(...expected)(missingRevision(revision, refs, [])))
    })
  }

  test('is told with a few branches only, however many there are', () => {
    const many = Array.from({ length: 1000 }, (_, index) => ref(`refs/heads/b${index}`, 1))
    const told = failsWith('branch-not-found', /there are: b0, b1, b2, b3, b4\)/)
    assert.ok(told(missingRevision(HEAD, [], many)))
  })

  test('is told with what may be meant, but not with versions or a name that were there once', () => {
    const once = ['refs/tags/1.4.0', 'refs/tags/v1', 'refs/heads/main', 'refs/heads/mein']
    const likely = once.map((name) => ref(name, 1))
    const told = (revision: Named) => missingRevision(revision, elsewhere, likely).message
    assert.match(told(MAIN), /no branch "main" \(did you mean "mein"\?\): push it/)
    assert.match(told(TAG), /no tag "v1": push it/)
    assert.match(told(VERSIONS), /there are no tags\. Push one/)
    assert.match(
      told({ kind: 'branch', name: 'v1' }),
      / "v1" \(a tag has this name: write "tag"\): /,
    )
    assert.match(told({ kind: 'branch', name: 'origin/main' }), / \(did you mean "main"\?\): push/)
  })
})

test('a name is the first ref that git takes it for', () => {
  const names = [
    'x',
    'refs/x',
    'refs/tags/x',
    'refs/heads/x',
    'refs/remotes/x',
    'refs/remotes/x/HEAD',
  ]
  const refs = names.map((name, index) => ref(name, index + 1))
  const X: Named = { kind: 'name', name: 'x' }
  assert.deepEqual(refPrefixesOf([X]), ['HEAD', ...names])
  for (const [index, name] of names.entries()) {
    // Those before it are not there.
    assert.equal(resolveRevision(X, refs.slice(index).reverse())?.ref, name)
  }
  assert.equal(resolveRevision(X, [ref('refs/heads/xy', 1)]), undefined)
  assert.throws(
    () => {
      throw missingRevision(X, [ref('HEAD', 1)], [])
    },
    failsWith('ref-not-found', /no ref "x"/),
  )
})
