// The package as npm makes it: it holds what runs and nothing else, and installs to a command.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import { fileScope } from './helpers/file-scope.js'
import { tempDir } from './helpers/git.js'

interface Packed {
  filename: string
  files: { path: string }[]
}

interface LockedPackage {
  dev?: boolean
  devOptional?: boolean
}

// Tests run in the repository's root, as npm does.
const manifest: { version: string; bin: object; dependencies: object; private?: boolean } =
  readJson('package.json')
const lock: { packages: Record<string, LockedPackage> } = readJson('package-lock.json')

describe('the package', () => {
  const directory = tempDir(fileScope())
  let packed: Packed
  before(() => {
    packed = pack(directory)
  })

  test('holds what runs, and nothing else', () => {
    const files = packed.files.map((file) => file.path)
    const isProgram = (file: string) => /^dist\/(?:bundled\/.*|[^/]+\.(?:c?js|json))$/.test(file)
    const others = files.filter((file) => !isProgram(file))
    assert.deepEqual(others.sort(), ['LICENSE', 'README.md', 'package.json'])
    for (const file of ['main.js', 'git-sync.js', 'jobs.js', 'listing.schema.json']) {
      assert.ok(files.includes(`dist/${file}`), file)
    }
    assert.equal(manifest.private, undefined)
  })

  test('installs to commands: one checks a listing, one is git-sync', () => {
    writeProject(directory, packed.filename)
    npm(directory, 'ci', '--omit=optional', '--no-audit', '--no-fund', '--prefer-offline')
    writeFileSync(path.join(directory, 'x.json'), '[{"path": "site", "repo": "/srv/site.git"}]')
    const said = npm(directory, 'exec', '--no', '--', 'git-autosync', 'validate', 'x.json')
    assert.match(said, /x\.json: valid, 1 entry/)
    const once = [`--repo=${path.resolve('.')}`, '--root=root', '--link=link', '--one-time']
    npm(directory, 'exec', '--no', '--', 'git-sync', ...once)
    const { name } = readJson<{ name: string }>(path.join(directory, 'root/link/package.json'))
    assert.equal(name, 'git-autosync')
  })
})

function pack(destination: string): Packed {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination]
  const [packed] = JSON.parse(execFileSync('npm', args, { encoding: 'utf8' })) as Packed[]
  assert.ok(packed)
  return packed
}

/** A project with the package alone, locked to the dependencies that are tested, and npm has by now. */
function writeProject(directory: string, tarball: string): void {
  const { '': _, ...locked } = lock.packages
  const production = Object.entries(locked).filter(
    ([, { dev, devOptional }]) => !dev && !devOptional,
  )
  const { version, bin, dependencies } = manifest
  const packages = {
    '': { dependencies: { 'git-autosync': `file:${tarball}` } },
    'node_modules/git-autosync': { version, resolved: `file:${tarball}`, bin, dependencies },
    ...Object.fromEntries(production),
  }
  const files = {
    'package.json': packages[''],
    'package-lock.json': { lockfileVersion: 3, packages },
  }
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(path.join(directory, name), JSON.stringify(content))
  }
}

function npm(cwd: string, ...args: string[]): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: 'pipe' })
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8'))
}
