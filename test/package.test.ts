// What is shipped: dependencies that run on the oldest Node that is promised, under
// permissive licences; schemas and an example that are valid; no path of a machine.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Ajv } from 'ajv'
import { readListing } from '../src/listing/listing.js'
import { git } from './helpers/git.js'

const require = createRequire(import.meta.url)
const { satisfies }: { satisfies(version: string, range: string): boolean } = require('semver')

const OLDEST_NODE = '20.19.0'
const PERMISSIVE = [
  'Unlicense',
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'Zlib',
]

/** Why a package may be shipped whose licence asks for more. */
const EXCEPTED = {
  'node_modules/openpgp':
    'LGPL: unchanged, in files of its own, so that anybody may put another version in their place',
}

/** Where people's and workplaces' files lie; `git` is the user of servers, `node` that of images. */
const MACHINE_PATH = /\/(?:Users|home)\/(?!git\/|node\/)\w[\w.-]*\/|\/root\/|\/dev\/shm\//

interface LockedPackage {
  version?: string
  dev?: boolean
  devOptional?: boolean
  license?: string
  engines?: { node?: string }
  resolved?: string
}

// Tests run in the repository's root, as npm does.
const manifest: { engines: { node: string }; license: string } = readJson('package.json')
const lock: { packages: Record<string, LockedPackage> } = readJson('package-lock.json')
const { '': root = {}, ...locked } = lock.packages

/** What is installed with the program, or a part of it. */
const production = Object.entries(locked).filter(
  ([place, { dev, devOptional, version }]) =>
    (!dev && !devOptional) || bundled().has(`${place.split('node_modules/').at(-1)}@${version}`),
)

describe('package-lock.json', () => {
  test('has production dependencies', () => {
    assert.ok(production.length > 20)
    assert.ok(production.length > bundled().size)
  })

  test('says of itself what package.json says', () => {
    assert.deepEqual([root.engines, root.license], [manifest.engines, manifest.license])
    assert.ok(satisfies(OLDEST_NODE, manifest.engines.node))
    assert.ok(!satisfies('20.18.3', manifest.engines.node))
  })

  test(`has no production dependency that needs a newer Node than ${OLDEST_NODE}`, () => {
    const needy = production.filter(
      ([, { engines }]) => !satisfies(OLDEST_NODE, engines?.node ?? '*'),
    )
    assert.deepEqual(Object.fromEntries(needy), {})
  })

  test('has no production dependency whose licence asks for more than a notice', () => {
    const strict = production.filter(([place, { license }]) => {
      return !(place in EXCEPTED) && !isPermissive(license ?? licensesIn(place))
    })
    assert.deepEqual(Object.fromEntries(strict), {})
  })

  test('takes every dependency from the public registry', () => {
    const foreign = Object.values(locked).filter(
      ({ resolved = 'https://registry.npmjs.org/' }) =>
        !resolved.startsWith('https://registry.npmjs.org/'),
    )
    assert.deepEqual(foreign, [])
  })
})

describe('what is shipped', () => {
  for (const file of [
    'src/listing/listing.schema.json',
    'src/credentials/file/credentials.schema.json',
  ]) {
    test(`${file} is a strict JSON Schema, and its examples are valid`, () => {
      const schema: { examples?: unknown[] } = readJson(file)
      const validate = new Ajv({
        strict: true,
        allowUnionTypes: true,
        strictRequired: false,
      }).compile(schema)
      for (const example of schema.examples ?? []) {
        assert.ok(validate(example), JSON.stringify(validate.errors))
      }
    })
  }

  test('the example is a valid listing of this very checkout', async () => {
    const defaults = { root: undefined, publish: 'in-place', intervalMs: 60_000 } as const
    const { entries } = await readListing('example/listing.json', defaults)
    assert.deepEqual(
      entries.map(({ directory, remote }) => [directory, remote.url]),
      [[path.resolve('example/repos/git-autosync'), pathToFileURL(process.cwd()).href]],
    )
  })

  test('no file holds the path of a machine', () => {
    const files = git('.', 'ls-files', '-z', '--cached', '--others', '--exclude-standard')
    const found = files.split('\0').flatMap((file) => machinePathsIn(file))
    assert.deepEqual(found, [])
  })
})

/** Names and versions of the packages that are parts of the program. */
function bundled(): Set<string> {
  const files = readdirSync('dist/bundled', { recursive: true, encoding: 'utf8' })
  const packages = files.filter((file) => path.basename(file) === 'package.json')
  return new Set(packages.map((file) => path.dirname(file)))
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** As packages said it before there was one field for it. */
function licensesIn(place: string): string | undefined {
  const { licenses } = readJson<{ licenses?: { type: string }[] }>(`${place}/package.json`)
  return licenses?.map(({ type }) => type).join(' OR ')
}

/** All of the licences of an AND, or any of an OR. */
function isPermissive(license = 'none'): boolean {
  const names = license.replace(/^\((.*)\)$/, '$1')
  if (names.includes(' OR ')) return names.split(' OR ').some((name) => isPermissive(name))
  return names.split(' AND ').every((name) => PERMISSIVE.includes(name))
}

function machinePathsIn(file: string): string[] {
  const text = existsSync(file) ? readFileSync(file, 'latin1') : ''
  const places = [process.cwd(), os.homedir()].filter((place) => place.split(path.sep).length > 2)
  const found = [MACHINE_PATH.exec(text)?.[0], ...places.filter((place) => text.includes(place))]
  return found.flatMap((place) => (place === undefined ? [] : `${file}: ${place}`))
}
