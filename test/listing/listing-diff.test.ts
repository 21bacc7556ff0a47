import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseListing } from '../../src/listing/listing.js'
import { diffListings, isSamePublication } from '../../src/listing/listing-diff.js'

const REPO = 'https://git.example.com/a.git'

const parse = (...entries: object[]) =>
  parseListing(JSON.stringify(entries.map((entry) => ({ repo: REPO, ...entry }))), '/f', {
    root: undefined,
    publish: 'in-place',
    intervalMs: 60_000,
  })

const summarise = (observed: object[], desired: object[]) => {
  const { added, removed, changed } = diffListings(parse(...observed), parse(...desired))
  return {
    added: added.map(({ path }) => path),
    removed: removed.map(({ path }) => path),
    changed: changed.map(({ from, to }) => `${from.path} → ${to.path}`),
  }
}

const NOTHING = { added: [], removed: [], changed: [] }

test('two empty listings differ in nothing', () => assert.deepEqual(summarise([], []), NOTHING))

test('entries are added, removed, changed and kept', () => {
  const observed = [{ path: 'gone' }, { path: 'kept' }, { path: 'moved', branch: 'a' }]
  const desired = [{ path: 'moved', branch: 'b' }, { path: 'new' }, { path: 'kept' }]
  assert.deepEqual(summarise(observed, desired), {
    added: ['new'],
    removed: ['gone'],
    changed: ['moved → moved'],
  })
})

test('another order is no change', () => {
  const [a, b] = [{ path: 'a' }, { path: 'b' }]
  assert.deepEqual(summarise([a, b], [b, a]), NOTHING)
})

test('a default written out is no change', () => {
  const written = { path: 'a', publish: 'in-place', interval: '60s', required: true, clean: false }
  assert.deepEqual(summarise([{ path: 'a' }], [written]), NOTHING)
})

test('another spelling of a path changes the entry, as it is its name', () => {
  assert.deepEqual(summarise([{ path: 'a' }], [{ path: './a/' }]), {
    ...NOTHING,
    changed: ['a → ./a/'],
  })
})

for (const field of [
  { repo: 'https://git.example.com/b.git' },
  { repo: 'https://user:other@git.example.com/a.git' },
  { branch: 'b' },
  { tag: 't' },
  { commit: 'a'.repeat(40) },
  { subdir: 'docs' },
  { sparse: ['/*'] },
  { submodules: 'recursive' },
  { publish: 'symlink' },
  { interval: 1000 },
  { required: false },
  { suspend: true },
  { clean: true },
  { credential: 'c' },
]) {
  test(`another ${Object.keys(field)} is a change: ${JSON.stringify(field)}`, () => {
    assert.deepEqual(summarise([{ path: 'a' }], [{ path: 'a', ...field }]).changed, ['a → a'])
  })
}

test('who is asked before is a part of a publication, who is told after it is not', () => {
  const entry = {
    path: 'a',
    publish: 'symlink',
    before: [{ touch: '/b' }],
    after: [{ touch: '/c' }],
  }
  const isSame = (fields: object) => {
    const [from, to] = [...parse(entry), ...parse({ ...entry, ...fields })]
    assert.ok(from && to)
    return isSamePublication(from, to)
  }
  assert.equal(isSame({}), true)
  assert.equal(isSame({ before: [{ touch: '/other' }] }), false)
  assert.equal(isSame({ before: [] }), false)
  assert.equal(isSame({ after: [{ touch: '/other' }] }), true)
})
