// The README's tables say what the program does, and its JSON examples are taken.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { parseListing } from '../src/listing/listing.js'
import { createServer } from '../src/server/server.js'
import { createCredentialsParser } from '../src/transport/credentials-file.js'
import { atEnd } from './helpers/at-end.js'
import { README_TABLES, readTable, withTables } from './helpers/readme-tables.js'
import { serverSource } from './helpers/test-server.js'

const DEFAULTS = { root: undefined, publish: 'in-place', intervalMs: 60_000 } as const

describe('README.md', () => {
  // Tests run in the repository's root, as npm does.
  const readme = readFileSync('README.md', 'utf8')

  for (const [name, render] of Object.entries(README_TABLES)) {
    test(`has the table of ${name} as the source has it`, () => {
      assert.equal(readTable(readme, name), render(), 'npm run docs writes it anew')
    })
  }

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
    const app = createServer(serverSource(), assert.ifError)
    atEnd(t, () => app.close())
    const routes = [...readme.matchAll(/^\| `GET (\/\w+)`/gm)].map(([, route]) => route ?? '')
    assert.ok(routes.length >= 5)
    for (const url of routes) assert.equal((await app.inject(url)).statusCode, 200, url)
  })

  test('links only to files and headings that there are', () => {
    const headings = [...readme.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => `#${slug(text)}`)
    for (const [, target = ''] of readme.matchAll(/\]\(([^)]+)\)/g)) {
      if (target.startsWith('https://')) continue
      assert.ok(target.startsWith('#') ? headings.includes(target) : existsSync(target), target)
    }
  })
})

describe('the tables', () => {
  test('are written between their markers, and nothing else changes', () => {
    const empty = Object.keys(README_TABLES)
      .map((name) => `before\n<!-- ${name}:begin --><!-- ${name}:end -->\nafter\n`)
      .join('')
    const written = withTables(empty)
    assert.equal(withTables(written), written)
    for (const [name, render] of Object.entries(README_TABLES)) {
      assert.equal(readTable(written, name), render())
    }
    assert.equal(written.match(/^before\n<!--/gm)?.length, Object.keys(README_TABLES).length)
  })

  test('cannot be written without markers', () => {
    assert.throws(() => withTables('no table here'), /lacks the markers of settings/)
  })
})

/** The contents of every fenced block of a language. */
function blocksOf(markdown: string, language: string): string[] {
  const fences = markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)
  return [...fences].filter(([, name]) => name === language).map(([, , text = '']) => text)
}

/** As GitHub names the anchor of a heading. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}
