// What the documents say is what the program does, the README's JSON examples are taken, and
// no link leads nowhere.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { createCredentialsParser } from '../src/credentials/file/parser.js'
import { parseListing } from '../src/listing/listing.js'
import { createServer } from '../src/server/server.js'
import { atEnd } from './helpers/at-end.js'
import { DOCUMENTS, readPart, withParts } from './helpers/readme-tables.js'
import { serverSource } from './helpers/test-server.js'

const DEFAULTS = { root: undefined, publish: 'in-place', intervalMs: 60_000 } as const

describe('README.md', () => {
  // Tests run in the repository's root, as npm does.
  const readme = readFileSync('README.md', 'utf8')

  test('has a listing and a credentials file that are valid', () => {
    const parseCredentials = createCredentialsParser()
    const [listing, credentials, ...others] = blocksOf(readme, 'json')
    assert.ok(parseListing(listing ?? '', '/data', DEFAULTS).length > 0)
    assert.ok(parseCredentials(credentials ?? '', 'credentials.json').length > 0)
    assert.deepEqual(others, [])
  })

  test('has a log line of the form that is logged', () => {
    const [line = ''] = blocksOf(readme, 'jsonl')
    const { timestamp, level, message } = JSON.parse(line)
    assert.deepEqual([level, message], ['info', 'published'])
    assert.ok(!Number.isNaN(Date.parse(timestamp)))
  })

  test('names only routes that there are', async (t) => {
    const app = createServer(serverSource(), { maxConnections: 10, onError: assert.ifError })
    atEnd(t, () => app.close())
    const routes = [...readme.matchAll(/^\| `GET (\/\w+)`/gm)].map(([, route]) => route ?? '')
    assert.ok(routes.length >= 5)
    for (const url of routes) assert.equal((await app.inject(url)).statusCode, 200, url)
  })
})

describe('the documents', () => {
  for (const [file, parts] of Object.entries(DOCUMENTS)) {
    const text = readFileSync(file, 'utf8')
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

/** The contents of every fenced block of a language. */
function blocksOf(markdown: string, language: string): string[] {
  const fences = markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)
  return [...fences].filter(([, name]) => name === language).map(([, , text = '']) => text)
}
