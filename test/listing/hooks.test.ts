// Hooks of an entry: their defaults, and every fault that they can have.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ListingError } from '../../src/listing/listing-error.js'
import { FOLDER, parse, REPO } from './listing-harness.js'

const entryOf = (fields: object) => ({ path: 'a', repo: REPO, ...fields })
const runHooks = true

test('hooks have their defaults, and files from the folder of the listing', () => {
  const before = [{ run: ['nginx', '-t'], timeout: '5s' }]
  const after = [
    { run: ['/bin/kill', '-HUP', '7'], backoff: 500 },
    {
      post: 'https://example.com/{{oid}}',
      headers: { Accept: 'text/plain' },
      headerFiles: { Authorization: 'secrets/token' },
      secretFile: '/run/secrets/key',
      body: { text: '{{entry}}' },
    },
    { postFile: 'secrets/url' },
    { touch: '/run/published' },
  ]
  const [entry] = parse([entryOf({ publish: 'symlink', before, after })], { runHooks })
  const attempts = { timeoutMs: 30_000, backoffMs: 3000 }
  assert.deepEqual(entry?.before, [
    {
      ...{ ...attempts, kind: 'run', name: 'before/0', timeoutMs: 5000 },
      ...{ program: 'nginx', arguments: ['-t'] },
    },
  ])
  const post = { ...attempts, kind: 'post', headers: {}, headerFiles: {} }
  assert.deepEqual(entry.after, [
    {
      ...{ ...attempts, kind: 'run', name: 'after/0', backoffMs: 500 },
      ...{ program: '/bin/kill', arguments: ['-HUP', '7'] },
    },
    {
      ...{ ...post, name: 'after/1', url: 'https://example.com/{{oid}}', urlFile: undefined },
      headers: { accept: 'text/plain' },
      headerFiles: { authorization: `${FOLDER}/secrets/token` },
      secretFile: '/run/secrets/key',
      body: { text: '{{entry}}' },
    },
    {
      ...{ ...post, name: 'after/2', url: undefined, urlFile: `${FOLDER}/secrets/url` },
      ...{ secretFile: undefined, body: undefined },
    },
    { ...attempts, kind: 'touch', name: 'after/3', file: '/run/published' },
  ])
})

test('an entry has no hooks unless it names some', () => {
  const [entry] = parse([entryOf({})])
  assert.deepEqual([entry?.before, entry?.after], [[], []])
})

const AFTER_FAULTS: readonly (readonly [string, unknown, string | RegExp])[] = [
  ['of no kind', {}, '/0/after/0: needs one of run, post, postFile, touch, and no more than one'],
  ['of two kinds', { run: ['a'], touch: '/b' }, /^\/0\/after\/0: needs one of run, post/],
  ['of an unknown kind', { exec: ['a'] }, /^\/0\/after\/0.* is not a known field: known are run, /],
  ['with a slip', { tuch: '/b' }, '/0/after/0/tuch: is not a known field (did you mean "touch"?)'],
  ['that is no object', 'reload', '/0/after/0: must be an object, not a string'],
  ['with a text to run', { run: 'ls -l' }, '/0/after/0/run: must be an array, not a string'],
  ['without a program', { run: [] }, /^\/0\/after\/0\/run: is empty/],
  ['with an empty program', { run: [''] }, /^\/0\/after\/0\/run: has no program/],
  ['with a relative program', { run: ['./a'] }, /\/run: must name its program by an absolute path/],
  ['with a NUL', { run: ['a', 'b\0'] }, '/0/after/0/run: must not have a NUL character'],
  ['with a time of nothing', { run: ['a'], timeout: 0 }, /\/timeout: must be longer than 0/],
  ['with a backoff of no unit', { run: ['a'], backoff: 'x' }, /\/backoff: must be a duration/],
  ['with the wrong type', { run: ['a'], timeout: true }, /\/timeout: must be a string or a whole/],
  ['run with a body', { run: ['a'], body: 1 }, /after\/0: has body, which only post has a use for/],
  ['to no URL', { post: 'example.com' }, '/0/after/0/post: must be a URL of https:// or http://'],
  ['to a file', { post: 'file:///etc' }, '/0/after/0/post: must be a URL of https:// or http://'],
  ['with a login', { post: 'https://a:b@c.d' }, /\/post: has credentials in it: take them out/],
  ['with a host to fill', { post: 'https://{{oid}}.a' }, /\/post: may have placeholders after the/],
  [
    'with an unknown placeholder',
    { post: 'https://a/{{sha}}' },
    /\/post: has {{sha}}, a placeholder/,
  ],
  [
    'with one in its body',
    { post: 'https://a', body: ['{{sha}}'] },
    /\/body: has {{sha}}, a place/,
  ],
  ['with a header that is ours', post({ 'Webhook-Id': '1' }), /\/headers: has Webhook-Id, which/],
  ['with a header of the connection', post({ te: '1' }), /\/headers: has a header te, which belo/],
  ['with a header that is none', post({ 'a b': '1' }), /\/headers: has a header of an impossible/],
  ['with a line end in a header', post({ a: '1\n2' }), /\/headers: has headers of which number 1/],
  ['with a header twice', post({ a: '1', A: '2' }), /\/headers: has one header twice/],
  [
    'with a secret for a file',
    { postFile: 'https://a' },
    /\/postFile: must be a file name, not th/,
  ],
  ['in what is published', { touch: 'a/b' }, /\/touch: lies in what is published, where it would/],
  [
    'in what another entry publishes',
    { touch: 'b/c' },
    /\/touch: lies in what is published, where/,
  ],
  ['in our own folder', { touch: '.git-autosync/x' }, /\/touch: lies in what this service has its/],
  ['in STATE_DIR', { touch: '/state/x' }, /\/touch: lies in what this service has its state/],
]

function post(headers: object) {
  return { post: 'https://a', headers }
}

describe('a hook', () => {
  for (const [what, hook, expected] of AFTER_FAULTS) {
    test(`${what} is a fault`, () => {
      const entries = [entryOf({ after: [hook] }), { path: 'b', repo: REPO }]
      const [fault = '', ...more] = faultsOf(entries, { runHooks, stateDirectory: '/state' })
      if (typeof expected === 'string') assert.equal(fault, expected)
      else assert.match(fault, expected)
      // What has two faults at once has a second one.
      assert.ok(more.length <= 1, more.join('\n'))
    })
  }

  test('that runs a program is one while RUN_HOOKS is not true', () => {
    assert.deepEqual(faultsOf([entryOf({ after: [{ run: ['ls'] }] })]), [
      '/0/after/0/run: is not allowed here: set RUN_HOOKS to true where whoever may change the listing may run programs as this service',
    ])
  })

  test('before a publication in place is one', () => {
    assert.deepEqual(faultsOf([entryOf({ before: [{ touch: '/run/a' }] })]), [
      '/0/before: needs publish to be symlink: in place, there is no whole new directory that a hook could look at before readers do',
    ])
    assert.equal(parse([entryOf({ before: [] })]).length, 1)
    assert.equal(
      parse([entryOf({ before: [{ touch: '/run/a' }] })], { publish: 'symlink' }).length,
      1,
    )
  })
})

function faultsOf(document: unknown, defaults: Parameters<typeof parse>[1] = {}): string[] {
  try {
    parse(document, defaults)
  } catch (error) {
    if (!(error instanceof ListingError)) throw error
    return error.faults.map(({ message, pointer }) => `${pointer}: ${message}`)
  }
  assert.fail('it has no faults')
}
