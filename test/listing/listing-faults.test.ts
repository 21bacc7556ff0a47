// Every fault that a listing can have, in words, at the place it is at.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_FAULTS } from '../../src/base/document-fault.js'
import { parseListing } from '../../src/listing/listing.js'
import { formatFault, ListingError } from '../../src/listing/listing-error.js'
import { assertLinear } from '../helpers/growth.js'
import { DEFAULTS, FOLDER, parse, REPO } from './listing-harness.js'

test('a syntax error names line and column', () => {
  assert.deepEqual(
    faultsOf(() => parseListing('[\n  {"path": "a",}\n]', FOLDER, DEFAULTS)),
    ['is not JSON: line 2, column 16: a comma too many before this'],
  )
})

const cases: [string, unknown, string[]][] = [
  ['not an array', { path: 'a' }, ['must be an array of entries, not an object']],
  ['null', null, ['must be an array of entries, not null']],
  ['an entry that is no object', ['a'], ['/0: must be an object, not a string']],
  ['missing fields', [{}], ['/0: lacks the field "path"', '/0: lacks the field "repo"']],
  [
    'an unknown field with a near one',
    [{ path: 'a', repo: REPO, brnch: 'x' }],
    ['/0/brnch: is not a known field (did you mean "branch"?)'],
  ],
  [
    'an unknown field with none near',
    [{ path: 'a', repo: REPO, 'x/~y': 1 }],
    [
      '/0: has a field (its name is not shown) that is not a known field: known are path, repo, branch, tag, semver, commit, ref, subdir, sparse, submodules, lfs, history, verify, before, after, publish, interval, required, suspend, clean, credential',
    ],
  ],
  [
    'wrong types',
    [{ path: 1, repo: null, interval: true, required: 'yes' }],
    [
      '/0/path: must be a string, not a number',
      '/0/repo: must be a string, not null',
      '/0/interval: must be a string or a whole number, not true',
      '/0/required: must be true or false, not a string',
    ],
  ],
  [
    'a publish mode that does not exist',
    [{ path: 'a', repo: REPO, publish: 'inplace' }],
    ['/0/publish: must be "in-place" or "symlink" (did you mean "in-place"?)'],
  ],
  [
    'a publish mode of another type',
    [{ path: 'a', repo: REPO, publish: 1 }],
    ['/0/publish: must be a string, not a number'],
  ],
  [
    'empty texts',
    [{ path: '', repo: '', branch: '' }],
    ['path', 'repo', 'branch'].map(
      (field) =>
        `/0/${field}: is empty: give it a value, or leave the field out where it is optional`,
    ),
  ],
  [
    'a history that is no number of commits',
    [
      { path: 'a', repo: REPO, history: 'all' },
      { path: 'b', repo: REPO, history: -1 },
    ],
    ['/0/history: must be a whole number or "full"', '/1/history: must not be negative'],
  ],
  [
    'a history of a part of a tree',
    [{ path: 'a', repo: REPO, history: 1, subdir: 'docs' }],
    [
      '/0/history: goes with no subdir, as git has no worktree of a part of a tree: leave subdir out, and name the part by sparse, as ["/docs/"]',
    ],
  ],
  [
    'two revisions',
    [{ path: 'a', repo: REPO, tag: 't', branch: 'b' }],
    ['/0/tag: goes with no other of branch, tag, semver, commit, ref, and "branch" is given too'],
  ],
  [
    'three revisions',
    [{ path: 'a', repo: REPO, ref: 'refs/x', semver: '*', commit: '1'.repeat(40) }],
    [
      '/0/commit: goes with no other of branch, tag, semver, commit, ref, and "semver" is given too',
    ],
  ],
  [
    'a range of versions that is none',
    [{ path: 'a', repo: REPO, semver: '1.x.y.z' }],
    [
      '/0/semver: is not a range of versions as npm has them: "1.x.y.z"; write it as ">=1.2 <2" or "~1.4"',
    ],
  ],
  [
    'a ref that is no full one',
    [{ path: 'a', repo: REPO, ref: 'main' }],
    ['/0/ref: takes a full name, as "refs/heads/main"; short names go into branch or tag'],
  ],
  [
    'a ref that git does not allow',
    [{ path: 'a', repo: REPO, ref: 'refs/pull/7/../x' }],
    ['/0/ref: is not a name that git allows: "refs/pull/7/../x"'],
  ],
  [
    'a short commit',
    [{ path: 'a', repo: REPO, commit: 'abc1234' }],
    ['/0/commit: must be a full commit id of 40 or 64 hex digits'],
  ],
  [
    'a bad branch name',
    [{ path: 'a', repo: REPO, branch: 'a..b' }],
    ['/0/branch: is not a name that git allows: "a..b"'],
  ],
  [
    'a full ref name',
    [{ path: 'a', repo: REPO, tag: 'refs/tags/v1' }],
    ['/0/tag: takes the short name: "v1"'],
  ],
  [
    'a subdirectory that starts at the root',
    [{ path: 'a', repo: REPO, subdir: '/docs' }],
    ['/0/subdir: starts at the root of the repository: leave the first slash out'],
  ],
  [
    'subdirectories that no commit can have',
    ['a/../b', './docs', 'a//b', '.git/hooks'].map((subdir, n) => {
      return { path: `${n}`, repo: REPO, subdir }
    }),
    [
      '/0/subdir: has a part that leads out of its directory: name a directory, as "docs/site"',
      '/1/subdir: has a part that leads out of its directory: name a directory, as "docs/site"',
      '/2/subdir: has a part that is empty: name a directory, as "docs/site"',
      '/3/subdir: has a part that could be taken for .git: name a directory, as "docs/site"',
    ],
  ],
  [
    'patterns that are none',
    [
      { path: 'a', repo: REPO, sparse: [] },
      { path: 'b', repo: REPO, sparse: ['', '/*'] },
      { path: 'c', repo: REPO, sparse: '/*' },
    ],
    [
      '/0/sparse: is empty: give it a value, or leave the field out where it is optional',
      '/1/sparse/0: is empty: give it a value, or leave the field out where it is optional',
      '/2/sparse: must be an array, not a string',
    ],
  ],
  [
    'more patterns than anybody needs',
    [{ path: 'a', repo: REPO, sparse: Array(1001).fill('a') }],
    ['/0/sparse: has more than 1000 items'],
  ],
  [
    'patterns that leave out alone',
    [{ path: 'a', repo: REPO, sparse: ['!/docs', '# all', '  '] }],
    [
      '/0/sparse: wants nothing, as each of its patterns leaves something out: begin with one that takes something in, as "/*"',
    ],
  ],
  [
    'two patterns in one text',
    [{ path: 'a', repo: REPO, sparse: ['/*\n!/docs'] }],
    ['/0/sparse: takes one pattern in each text, without an end of line or a NUL'],
  ],
  [
    'an interval of nothing',
    [{ path: 'a', repo: REPO, interval: 0 }],
    ['/0/interval: must be at least 1ms, not "0"'],
  ],
  [
    'a negative interval',
    [{ path: 'a', repo: REPO, interval: -1 }],
    ['/0/interval: must not be negative: "-1"'],
  ],
  [
    'an interval of half a millisecond',
    [{ path: 'a', repo: REPO, interval: 0.5 }],
    ['/0/interval: must be a string or a whole number, not a number'],
  ],
  [
    'an unknown scheme',
    [{ path: 'a', repo: 'ftp://h/x' }],
    [
      '/0/repo: has the unknown scheme ftp:// (use https, http, ssh, file, user@host:path or a local path)',
    ],
  ],
  ['half a character', [{ path: 'a', repo: 'h:\ud800' }], ['/0/repo: holds half a character']],
  [
    'a lone percent sign',
    [{ path: 'a', repo: 'file:///a%zz' }],
    ['/0/repo: has a percent sign that starts no UTF-8 character: write %25'],
  ],
  ['NUL in a path', [{ path: 'a\0', repo: REPO }], ['/0/path: must not have a NUL character']],
  ['NUL in a repo', [{ path: 'a', repo: '/r\0' }], ['/0/repo: must not have a NUL character']],
  [
    'the root of the file system',
    [{ path: '/../', repo: REPO }],
    ['/0/path: is the root of the file system: name a directory below it'],
  ],
  [
    'the state folder',
    [{ path: 'a/.Git-Autosync/b', repo: REPO }],
    ['/0/path: lies in .git-autosync, where this service keeps its own files'],
  ],
  [
    'one directory twice',
    [
      { path: 'a', repo: REPO },
      { path: './b/../a/', repo: REPO },
    ],
    ['/1/path: is the same directory as /0/path: entries must not share files'],
  ],
  [
    'one directory inside another, which comes later',
    [
      { path: 'a/b/c', repo: REPO },
      { path: 'ab', repo: REPO },
      { path: 'a', repo: REPO },
    ],
    ['/0/path: lies inside the directory of /2/path: entries must not share files'],
  ],
  [
    'the repository itself',
    [{ path: 'a', repo: './a/' }],
    ['/0/path: is the repository itself: publish to another directory'],
  ],
  [
    'the folder of the listing, or one above it',
    [
      { path: '.', repo: REPO, clean: true },
      { path: '/etc/autosync/../autosync', repo: REPO, publish: 'symlink' },
      { path: '/etc', repo: REPO },
    ],
    [
      '/0/path: has the listing in it, which a commit could replace: publish to another directory, or move the listing',
      '/0/path: lies inside the directory of /2/path: entries must not share files',
      '/1/path: has the listing in it, which a commit could replace: publish to another directory, or move the listing',
      '/1/path: is the same directory as /0/path: entries must not share files',
      '/1/path: lies inside the directory of /2/path: entries must not share files',
      '/2/path: has the listing in it, which a commit could replace: publish to another directory, or move the listing',
    ],
  ],
  [
    'cleaning away the repository',
    [{ path: '/srv', repo: '/srv/r.git', clean: true }],
    [
      '/0/clean: would delete the repository, which lies in path: leave clean out, or move one of them',
    ],
  ],
]

for (const [name, document, faults] of cases) {
  test(`rejected: ${name}`, () =>
    assert.deepEqual(
      faultsOf(() => parse(document)),
      faults,
    ))
}

test('a path must lie inside ROOT, and a symlink below it', () => {
  const inRoot = (entries: object[]) => () =>
    parse(
      entries.map((entry) => ({ repo: REPO, ...entry })),
      { root: '/data' },
    )
  assert.deepEqual(
    faultsOf(inRoot([{ path: '../x' }, { path: '/database' }, { path: '/etc/x' }])),
    [
      '/0/path: lies outside ROOT (/data): name a directory in it',
      '/1/path: lies outside ROOT (/data): name a directory in it',
      '/2/path: lies outside ROOT (/data): name a directory in it',
    ],
  )
  assert.equal(inRoot([{ path: '.' }])()[0]?.directory, '/data')
  assert.deepEqual(faultsOf(inRoot([{ path: '.', publish: 'symlink' }])), [
    '/0/path: is ROOT itself, which a symlink would replace: name a directory below it',
  ])
})

test('a field that is given twice is a fault, whatever its values', () => {
  const text = `[{"path": "a", "repo": "${REPO}", "path": "a"},
    {"path": "c", "path": "d", "repo": 1, "https://u:p@h": 1, "https://u:p@h": 2}]`
  assert.deepEqual(
    faultsOf(() => parseListing(text, FOLDER, DEFAULTS)).filter((fault) => !/known/.test(fault)),
    [
      '/0/path: is given more than once: keep one of them',
      '/1: has a field (its name is not shown) that is given more than once: keep one of them',
      '/1/path: is given more than once: keep one of them',
      '/1/repo: must be a string, not a number',
    ],
  )
})

test('STATE_DIR must lie outside of what is published', () => {
  const inState = (path: string) => () =>
    parse([{ path, repo: REPO }], { stateDirectory: '/data/state' })
  for (const path of ['/data', '/data/state']) {
    assert.deepEqual(faultsOf(inState(path)), [
      '/0/path: has STATE_DIR (/data/state) in it, which a commit could replace: keep state outside of what is published',
    ])
  }
  assert.equal(inState('/data/state2')()[0]?.directory, '/data/state2')
})

test('all faults are told at once, in the order of the file', () => {
  const faults = faultsOf(() =>
    parse([
      { branch: '-x', path: 'a/../x', repo: 'nope://x', interval: 'soon', extra: 1 },
      { path: 'b', repo: REPO },
      7,
      { repo: REPO, path: 'b', tag: 't~', commit: 5 },
    ]),
  )
  assert.deepEqual(
    faults.map((fault) => fault.split(':')[0]),
    [
      '/0',
      '/0/branch',
      '/0/repo',
      '/0/interval',
      '/2',
      '/3/path',
      '/3/tag',
      '/3/commit',
      '/3/commit',
    ],
  )
})

test('an inherited name of objects is just an unknown field', () => {
  const text = `[{"path":"a","repo":"${REPO}","__proto__":{"branch":"x"},"toString":1}]`
  assert.deepEqual(
    faultsOf(() => parseListing(text, FOLDER, DEFAULTS)).map((fault) => fault.split(':')[0]),
    ['/0', '/0/__proto__'],
  )
})

test('twenty thousand faulty entries do not take quadratic time', () => {
  assertLinear(2_500, (length) => {
    const document = Array.from({ length }, (_, i) => ({ path: `d${i}/x`, repo: REPO, x: 1 }))
    assert.equal(faultsOf(() => parse(document)).length, Math.min(length, MAX_FAULTS))
  })
})

function faultsOf(run: () => unknown): string[] {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof ListingError)
    assert.equal(error.code, 'listing-invalid')
    return error.faults.map(formatFault)
  }
  assert.fail('the listing was accepted')
}
