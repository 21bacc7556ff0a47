// A listing of any size, depth and content is taken or refused in words, at a bounded price.
import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, test } from 'node:test'
import { parseListing, readListingText } from '../../src/listing/listing.js'
import { formatFault, ListingError } from '../../src/listing/listing-error.js'
import { tempDir } from '../helpers/git.js'
import { assertLinear } from '../helpers/growth.js'
import { createSpecialFiles } from '../helpers/special-files.js'
import { DEFAULTS, FOLDER, parse, REPO } from './listing-harness.js'

function faultsOf(text: string): string[] {
  try {
    parseListing(text, FOLDER, DEFAULTS)
  } catch (error) {
    assert.ok(error instanceof ListingError, `${error}`)
    return error.faults.map(formatFault)
  }
  return []
}

describe('what nests deeply is refused at its place', () => {
  for (const [what, text, column] of [
    ['arrays', '['.repeat(50_000) + ']'.repeat(50_000), 33],
    ['objects', `[${'{"path":'.repeat(5000)}1${'}'.repeat(5000)}]`, 2 + 31 * 8],
    ['what is never closed', '[{"a":'.repeat(100_000), 16 * 6 + 1],
  ] as const) {
    test(what, () => {
      const words = `is not JSON: line 1, column ${column}: brackets are nested more than 32 deep`
      assert.deepEqual(faultsOf(text), [words])
    })
  }
})

test('brackets in strings do not nest', () => {
  const branch = '{'.repeat(40)
  const [entry] = parse([{ path: `a"\\${'['.repeat(40)}`, repo: REPO, branch }])
  assert.equal(entry?.path, `a"\\${'['.repeat(40)}`)
})

test('texts that are too long are faults', () => {
  const long = 'x'.repeat(5000)
  for (const field of ['path', 'repo', 'branch', 'tag', 'credential', 'interval']) {
    const entry = { path: 'a', repo: REPO, [field]: `${long}` }
    const [fault] = faultsOf(JSON.stringify([entry]))
    assert.match(fault ?? '', new RegExp(`^/0/${field}: is longer than \\d+ characters$`))
  }
  const deep = '/a'.repeat(200_000)
  assert.match(faultsOf(JSON.stringify([{ path: deep, repo: REPO }]))[0] ?? '', /is longer than/)
  const wide = 'ä'.repeat(3000)
  assert.deepEqual(faultsOf(JSON.stringify([{ path: wide, repo: REPO }])), [
    '/0/path: is longer than 4095 bytes, which no system takes',
  ])
})

test('a name that no volume takes is a fault, and the longest that one takes is none', () => {
  for (const name of ['x'.repeat(256), `a/${'ä'.repeat(128)}/b`]) {
    assert.deepEqual(faultsOf(JSON.stringify([{ path: name, repo: REPO }])), [
      '/0/path: has a name of more than 255 bytes, which no volume takes',
    ])
  }
  const [entry] = parse([{ path: 'x'.repeat(255), repo: REPO }])
  assert.equal(entry?.path.length, 255)
})

test('a path that somebody was to expand is a fault', () => {
  for (const path of [
    '~',
    '~/site',
    '~www/site',
    '$HOME/site',
    '/srv/$user/site',
    `/srv/${'$'}{SITE}`,
    '/srv/$(pwd)',
    '{{ .Values.path }}',
    '/srv/{{site}}',
  ]) {
    const faults = faultsOf(JSON.stringify([{ path, repo: REPO }]))
    assert.match(faults[0] ?? '', /^\/0\/path: has .*: write the path that is meant$/, path)
  }
  for (const path of [' site', 'site ', '/srv/site\n', '\tsite', '/srv/site\u00a0']) {
    assert.deepEqual(faultsOf(JSON.stringify([{ path, repo: REPO }])), [
      '/0/path: has white space before or after it: take it out',
    ])
  }
  for (const path of ['a~b', 'cash$', '5$/a', '{a}', 'a b/ c']) {
    assert.equal(parse([{ path, repo: REPO }])[0]?.path, path)
  }
})

test('a repo that somebody was to expand is a fault, and a password that looks like it is none', () => {
  const expand = `${'$'}{TOKEN}`
  for (const repo of [
    '~/repos/site',
    '$HOME/repos/site',
    `https://git.example.com/${expand}/site`,
    'https://{{ .Values.host }}/site.git',
    'https://git.example.com/$GROUP/site.git',
    `https://${expand}@git.example.com/site`,
    `https://me:${expand}@git.example.com/site`,
    'https://me:{{ .Values.token }}@git.example.com/site',
    'git@git.example.com:$GROUP/site.git',
    'file:///srv/$(hostname)/site',
  ]) {
    const faults = faultsOf(JSON.stringify([{ path: 'site', repo }]))
    assert.match(faults.join(), /^\/0\/repo: has [^:]*: write the address that is meant$/, repo)
  }
  for (const repo of [
    'https://me:pa$word@git.example.com/site',
    'https://me:a$(b{{c@git.example.com/site',
    'https://git.example.com/tfs/$/site',
    'git@git.example.com:~me/site',
    'https://git.example.com/~me/site',
  ]) {
    assert.deepEqual(faultsOf(JSON.stringify([{ path: 'site', repo }])), [], repo)
  }
})

test('odd values are faults', () => {
  for (const [entry, words] of [
    ['{"path": "a", "repo": "https://h/x", "__proto__": {"clean": true}}', /^\/0\/__proto__: is/],
    ['{"path": "a", "repo": "https://h/x", "interval": 1e999}', /^\/0\/interval: /],
    ['{"path": "a", "repo": "https://h/x", "interval": 1e300}', /^\/0\/interval: /],
    ['{"path": "a\\ud800", "repo": "https://h/x"}', /^\/0\/path: holds half a character/],
    ['{"path": "a", "repo": "https://h/x", "branch": "\\udc00"}', /^\/0\/branch: holds half/],
    ['{"path": "a", "repo": "https://h/\\ud800"}', /^\/0\/repo: holds half/],
    [`{${Array.from({ length: 201 }, (_, n) => `"f${n}": 1`)}}`, /^\/0: has more than 200 fields$/],
  ] as const) {
    assert.match(faultsOf(`[${entry}]`)[0] ?? '', words)
  }
})

test('of very many faults, the first are told', () => {
  for (const entry of [
    '{}',
    '1',
    '{"path":"a","path":"a","repo":"x"}',
    '{"path":"a","repo":"x"}',
  ]) {
    const faults = faultsOf(`[${Array.from({ length: 20_000 }, () => entry)}]`)
    assert.equal(faults.length, 1000, entry)
  }
})

test('paths that nest deeply are compared at a price of their length', () => {
  assertLinear(1, (size) => {
    for (let time = 0; time < 10; time++) {
      const directory = 'a/'.repeat(250 * size)
      parse(Array.from({ length: 20 }, (_, n) => ({ path: `${directory}${n}`, repo: REPO })))
    }
  })
})

test('what is no file to read as a listing is a fault', async (t) => {
  const folder = tempDir(t)
  const at = (name: string) => path.join(folder, name)
  createSpecialFiles(folder)
  for (const [name, words] of [
    ['pipe', /pipe is a pipe, not a regular file/],
    ['device', /device is a device, not a regular file/],
    ['directory', /directory is a directory, not a file/],
    ['sparse', /sparse is longer than 16 MiB/],
  ] as const) {
    await assert.rejects(readListingText(at(name)), { code: 'listing-invalid', message: words })
  }
})
