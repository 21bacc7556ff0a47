// The bundle: a start loads few files, and nothing that only some need; and its schemas, which are
// compiled beforehand, find what their compiler finds.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { build } from 'esbuild'
import { compileSchema } from '../src/base/compile-schema.js'
import fc from './helpers/fast-check.js'

/** What is on the way from a start to what is published from a repository on disk. */
const STARTS = {
  'the service': { entry: 'main.js', through: ['run'], most: 40, others: [] },
  'git-sync': {
    entry: 'git-sync.js',
    through: ['run'],
    most: 32,
    others: ['winston', 'commander'],
  },
  'a health check': { entry: 'main.js', through: [], most: 20, others: ['winston'] },
  'a worker': { entry: 'jobs.js', through: [], most: 12, others: ['piscina'] },
} as const

/** Only where it is asked for: by an entry, a remote, a key, or once there is less to do. */
const LATER = [
  'ajv/dist/compile',
  'chokidar',
  'fastify',
  'iconv-lite',
  'isomorphic-git',
  'openpgp',
  'pako',
  'pino',
  'prom-client',
  'ssh2',
  'undici',
]

describe('the bundle', () => {
  for (const [name, { entry, through, most, others }] of Object.entries(STARTS)) {
    test(`${name} loads few files, and nothing that can be loaded later`, () => {
      const files = loadedFrom(entry, through)
      assert.ok(files.length <= most, files.join(' '))
      const modules = files.flatMap(modulesIn)
      const needless = [...LATER, ...others].filter((needed) =>
        modules.some((module) => module.startsWith(`${needed}/`)),
      )
      assert.deepEqual(needless, [])
    })
  }

  test('semver is loaded by the first call of what src has of it', () => {
    const sources = loadedFrom('main.js', ['run']).flatMap(sourcesIn)
    const imports = readFileSync('src/git/version-range.ts', 'utf8').matchAll(
      /^import (?!type).+ from '(semver\/.+)'$/gm,
    )
    const names = [...imports].map(([, name]) => `later:${name}`)
    assert.ok(names.length > 0)
    for (const name of names) assert.ok(sources.includes(name), name)
  })

  test('imports no module of Node but by require', () => {
    const files = readdirSync('dist').filter((file) => file.endsWith('.js'))
    const imports = files.flatMap((file) => {
      const text = readFileSync(path.join('dist', file), 'utf8')
      return [...text.matchAll(/\b(?:from|import) ?["'](node:[\w/]+)["']/g)].map(([, name]) => name)
    })
    // By which the others are required.
    assert.deepEqual([...new Set(imports)], ['node:module'])
  })

  test('has each package whose licence asks for a notice, with it', () => {
    const bundled = new Set(
      readdirSync('dist')
        .filter((file) => file.endsWith('.js'))
        .flatMap(modulesIn)
        .map((module) => /^(?:@[^/]+\/)?[^/]+/.exec(module)?.[0] ?? ''),
    )
    assert.ok(bundled.size > 30)
    const noticed = readdirSync('dist/bundled', { recursive: true, encoding: 'utf8' })
    const folders = noticed.flatMap((file) =>
      path.basename(file) === 'package.json' ? [path.dirname(file)] : [],
    )
    const lacking = folders.filter(
      (folder) =>
        !noticed.some(
          (file) =>
            path.dirname(file) === folder && /^(?:licen[cs]e|copying)/i.test(path.basename(file)),
        ),
    )
    assert.deepEqual(lacking, [])
    for (const name of bundled) {
      assert.ok(
        folders.some((folder) => folder.startsWith(`${name}@`)),
        name,
      )
    }
  })
})

describe('schemas that are compiled beforehand', async () => {
  // Tests run in the repository's root, as npm does.
  const { compiledSchemas } = await import(path.resolve('scripts/compiled-schemas.js'))
  const { compileSchema: beforehand } = await imported(await compiledSchemas())

  for (const file of [
    'src/listing/listing.schema.json',
    'src/credentials/file/credentials.schema.json',
  ]) {
    test(`${file}: the same faults, in the same words`, () => {
      const schema = JSON.parse(readFileSync(file, 'utf8'))
      const [before, now] = [beforehand(schema), compileSchema(schema)]
      const told = new Set<string>()
      fc.assert(
        fc.property(documentsOf(schema), (document) => {
          assert.equal(before(document), now(document))
          assert.deepEqual(before.errors, now.errors)
          for (const { keyword } of now.errors ?? []) told.add(keyword)
        }),
        { numRuns: 1000 },
      )
      for (const keyword of ['additionalProperties', 'type', 'minLength', 'required']) {
        assert.ok(told.has(keyword), keyword)
      }
    })
  }
})

test('a schema that the bundle lacks is a fault', async () => {
  const { compiledSchemas } = await import(path.resolve('scripts/compiled-schemas.js'))
  const { compileSchema: beforehand } = await imported(await compiledSchemas())
  assert.throws(() => beforehand({ $id: 'other' }), /no schema of src is other/)
})

/** What a module exports that is not in a file; it may import packages. */
async function imported(contents: string): Promise<typeof import('../src/base/compile-schema.js')> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: process.cwd() },
    bundle: true,
    write: false,
    format: 'esm',
  })
  const [{ text } = { text: '' }] = outputFiles
  return import(`data:text/javascript,${encodeURIComponent(text)}`)
}

/** Documents of the fields that a schema knows, some with values that it takes. */
function documentsOf(schema: object): fc.Arbitrary<unknown> {
  const names = new Set<string>()
  const values = new Set<unknown>(['', 'x', 'a'.repeat(40), '1', 0, 7, -1, 1e9, true, false, null])
  JSON.stringify(schema, (key, value) => {
    if (key === 'properties') for (const name of Object.keys(value)) names.add(name)
    if (key === 'enum') for (const one of value) values.add(one)
    return value
  })
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom(...values),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...names, 'other'), tie('value'), { maxKeys: 4 }),
    ),
  }))
  return fc.array(value, { maxLength: 3 })
}

/** A file of dist, all that it imports at once, and that of what it comes to import of a name. */
function loadedFrom(entry: string, through: readonly string[]): string[] {
  const loaded = new Set<string>()
  const load = (file: string) => {
    if (loaded.has(file)) return
    loaded.add(file)
    const text = readFileSync(path.join('dist', file), 'utf8')
    for (const [, once, late = ''] of text.matchAll(
      /(?:\bfrom|\bimport)\s*"\.\/([^"]+)"|\bimport\("\.\/([^"]+)"\)/g,
    )) {
      if (once !== undefined) load(once)
      else if (through.some((name) => late.startsWith(`${name}-`))) load(late)
    }
  }
  load(entry)
  return [...loaded]
}

/** The modules of packages of which a file of dist has something. */
function modulesIn(file: string): string[] {
  return sourcesIn(file).flatMap((source) => {
    const [, name] = /.*node_modules\/(.+)/.exec(source) ?? []
    return name === undefined ? [] : [name]
  })
}

function sourcesIn(file: string): string[] {
  return JSON.parse(readFileSync(path.join('dist', `${file}.map`), 'utf8')).sources
}
