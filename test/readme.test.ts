// What the documents say is what the program does: tables are the source's, examples are taken,
// no link leads nowhere. The README stays one screen that leads to each of them.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { systemClock } from '../src/base/clock.js'
import { namedIn } from '../src/base/file-name.js'
import { createCredentialsParser } from '../src/credentials/file/parser.js'
import { parseListing } from '../src/listing/listing.js'
import { createServer } from '../src/server/server.js'
import { atEnd } from './helpers/at-end.js'
import { DOCUMENTS, readPart, withParts } from './helpers/documents.js'
import { git } from './helpers/git.js'
import { anchorsOf, blocksOf, linksOf } from './helpers/markdown.js'
import { serverSource } from './helpers/test-server.js'

const DEFAULTS = { root: undefined, publish: 'in-place', intervalMs: 60_000 } as const

// Tests run in the repository's root, as npm does.
const documents = git('.', 'ls-files', '-z', '--cached', '--others', '--exclude-standard', '*.md')
  .split('\0')
  .filter((file) => file !== '' && existsSync(file))

test('README.md is one screen, and leads to the rest', () => {
  const readme = read('README.md')
  assert.ok(readme.split('\n').length <= 150)
  const targets = linksOf(readme).map(({ target }) => target)
  for (const file of documents.filter((name) => name.startsWith('docs/'))) {
    assert.ok(targets.includes(file), file)
  }
})

describe('the documents', () => {
  for (const file of documents) {
    test(`${file} links to what there is`, () => {
      for (const { target, heading } of linksOf(read(file))) {
        if (/^\w+:/.test(target)) continue
        const linked = target === '' ? file : path.join(path.dirname(file), target)
        assert.ok(existsSync(linked), target)
        if (heading !== '')
          assert.ok(anchorsOf(read(linked)).includes(heading), `${target}#${heading}`)
      }
    })
  }

  test('have links to look at, and headings to lead to', () => {
    assert.deepEqual(linksOf('a [b](c.md#d), `[e](f)`\n```\n[g](h)\n```\n'), [
      { target: 'c.md', heading: 'd' },
    ])
    assert.deepEqual(anchorsOf('# A `b`, c\n## D\n```sh\n# e\n```\n## D\n'), ['a-b-c', 'd', 'd-1'])
    assert.ok(anchorsOf(read('docs/choosing.md')).includes('how-a-consumer-notices-a-change'))
  })
  for (const [file, parts] of Object.entries(DOCUMENTS)) {
    const text = read(file)
    for (const [name, render] of Object.entries(parts)) {
      test(`${file} has ${name} as the source has it`, () => {
        assert.equal(readPart(text, name), render(), 'npm run docs writes it anew')
      })
    }
  }

  test('are written between their markers, and nothing else changes', () => {
    const parts = { one: () => 'first', two: () => 'second' }
    const marked = (name: string, text: string) =>
      `before\n<!-- ${name}:begin -->${text}<!-- ${name}:end -->\nafter\n`
    const written = marked('one', '\nfirst\n') + marked('two', '\nsecond\n')
    assert.equal(withParts(marked('one', '') + marked('two', 'old'), parts), written)
    assert.equal(withParts(written, parts), written)
    assert.equal(readPart(written, 'two'), 'second')
  })

  test('cannot be written without markers', () => {
    assert.throws(() => withParts('nothing here', { one: () => '' }), /lacks the markers of one/)
  })
})

describe('the examples in the documents', () => {
  test('of a listing and of a credentials file are valid', () => {
    const parseCredentials = createCredentialsParser()
    const [listing = '', ...others] = blocksOf(read('README.md'), 'json')
    assert.ok(parseListing(listing, '/data', DEFAULTS).length > 0)
    assert.deepEqual(others, [])
    const [credentials = ''] = blocksOf(read('docs/reference/credentials.md'), 'json')
    assert.ok(parseCredentials(credentials, namedIn('/', 'credentials.json')).length > 0)
  })

  test('of hooks are valid', () => {
    const examples = blocksOf(read('docs/hooks.md'), 'json')
    assert.ok(examples.length > 5)
    for (const listing of examples) {
      assert.equal(parseListing(listing, '/data', { ...DEFAULTS, runHooks: true }).length, 1)
    }
  })

  test("of an editor's settings name the schemas by their ids", () => {
    const [settings = ''] = blocksOf(read('docs/reference/listing.md'), 'json')
    const { 'json.schemas': schemas }: { 'json.schemas': { url: string }[] } = JSON.parse(settings)
    for (const { url } of schemas) {
      const [, file = ''] = url.split('/main/')
      assert.equal(JSON.parse(read(file)).$id, url)
    }
    assert.equal(schemas.length, 2)
  })

  test('of a log line have the form that is logged', () => {
    const [line = ''] = blocksOf(read('docs/reference/logs.md'), 'jsonl')
    const { timestamp, level, message } = JSON.parse(line)
    assert.deepEqual([level, message], ['info', 'published'])
    assert.ok(!Number.isNaN(Date.parse(timestamp)))
  })

  test('of routes are those that there are', async (t) => {
    const app = createServer(serverSource(), {
      clock: systemClock,
      maxConnections: 10,
      onError: assert.ifError,
    })
    atEnd(t, () => app.close())
    const http = read('docs/reference/http.md')
    const routes = [...http.matchAll(/^\| `GET (\/\w+)`/gm)].map(([, route]) => route ?? '')
    assert.ok(routes.length >= 5)
    await app.ready()
    for (const url of routes) assert.ok(app.hasRoute({ method: 'GET', url }), url)
  })
})

function read(file: string): string {
  return readFileSync(file, 'utf8')
}
