// What a listing's paths lead to on disk: symlinks make no two entries one, and lead nowhere
// that a path itself must not.
import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { ListingDefaults } from '../../src/listing/entry.js'
import { readListing } from '../../src/listing/listing.js'
import { formatFault, ListingError } from '../../src/listing/listing-error.js'
import { type TestScope, tempDir } from '../helpers/git.js'

/** A folder with a listing in `config`, and with the given directories and links. */
function create(t: TestScope, directories: string[], links: Record<string, string> = {}) {
  const dir = tempDir(t)
  for (const name of ['config', ...directories]) {
    mkdirSync(path.join(dir, name), { recursive: true })
  }
  for (const [name, target] of Object.entries(links)) symlinkSync(target, path.join(dir, name))
  return {
    dir,
    async read(paths: string[], more: Partial<ListingDefaults> = {}) {
      const listing = path.join(dir, 'config/listing.json')
      const repo = 'https://git.example.com/a.git'
      const entries = paths.map((each) => ({ path: path.join(dir, each), repo }))
      writeFileSync(listing, JSON.stringify(entries))
      const defaults = { root: undefined, publish: 'in-place', intervalMs: 60_000 } as const
      return readListing(listing, { ...defaults, ...more })
    },
    async faults(paths: string[], more?: Partial<ListingDefaults>): Promise<string[]> {
      const error = await this.read(paths, more).catch((reason: unknown) => reason)
      assert.ok(error instanceof ListingError, 'the listing was accepted')
      return error.faults.map((fault) => formatFault(fault).replaceAll(dir, ''))
    },
  }
}

test('two entries must not be one directory by way of a symlink', async (t) => {
  const site = create(t, ['data/sub'], { alias: 'data', deep: 'data/sub' })
  assert.deepEqual(await site.faults(['data/x', 'alias/x']), [
    '/1/path: is the same directory as /0/path: entries must not share files, and a symlink makes these do',
  ])
  assert.deepEqual(await site.faults(['deep/not/there/yet', 'alias/sub']), [
    '/0/path: lies inside the directory of /1/path: entries must not share files, and a symlink makes these do',
  ])
})

test('entries apart are fine, whatever symlinks lead to them, also where a path is one', async (t) => {
  const site = create(t, ['data', 'other'], { alias: 'data', published: 'data' })
  const paths = ['data/x', 'alias/y', 'published', 'other', 'nothing/here/yet']
  const { entries } = await site.read(paths)
  assert.deepEqual(
    entries.map(({ directory }) => directory),
    paths.map((each) => path.join(site.dir, each)),
  )
})

test('no symlink leads out of ROOT, which may be one itself', async (t) => {
  const site = create(t, ['data', 'outside'], {
    root: 'data',
    'data/escape': '../outside',
    'data/inside': '.',
  })
  const root = path.join(site.dir, 'root')
  assert.deepEqual(await site.faults(['root/ok', 'root/escape/x'], { root }), [
    '/1/path: leads to /outside/x through a symlink, outside ROOT (/data)',
  ])
  assert.equal((await site.read(['root/inside/x', 'root/ok'], { root })).entries.length, 2)
  // What is published replaces a symlink, and does not follow it.
  assert.equal((await site.read(['root/escape'], { root })).entries.length, 1)
})

test('no symlink leads over the listing, the state, or what this service keeps', async (t) => {
  const site = create(t, ['state', 'x/.git-autosync/y'], {
    up: '.',
    own: 'x/.git-autosync/y',
  })
  assert.deepEqual(await site.faults(['up/config', 'own/z']), [
    '/0/path: leads to /config through a symlink, which has the listing in it',
    '/1/path: leads to /x/.git-autosync/y/z through a symlink, where this service keeps its own files',
  ])
  assert.deepEqual(
    await site.faults(['up/state'], { stateDirectory: path.join(site.dir, 'state/deep') }),
    ['/0/path: leads to /state through a symlink, which has STATE_DIR in it'],
  )
})
