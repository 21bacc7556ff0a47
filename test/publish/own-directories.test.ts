import assert from 'node:assert/strict'
import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { openIncoming, openPublished, unpublish } from '../../src/publish/publication.js'
import { failsWith } from '../helpers/fails-with.js'
import { intactCommit } from '../helpers/intact-commit.js'
import { begin, publish } from '../helpers/publish.js'
import { createSite, type SiteOptions, type TestSite } from '../helpers/publish-site.js'
import { readTree } from '../helpers/same-tree.js'
import { tidyNow } from '../helpers/tidy-now.js'

const none = () => undefined

const CALLS: Record<string, (test: TestSite) => void> = {
  begin: (test) => begin(test.site, test.commit({ a: '2' }), none),
  openPublished: ({ site }) => openPublished(site),
  incoming: ({ site }) => openIncoming(site),
  inspect: ({ site }) => intactCommit(site),
  tidy: ({ site }) => tidyNow(site),
  unpublish: ({ site }) => unpublish(site),
}

const BESIDE = ['.git-autosync', '.git-autosync/site', '.git-autosync/site/incoming']
const WITHIN = ['site/.git-autosync', 'site/.git-autosync/staging', 'site/.git-autosync/incoming']
const ASIDE = ['.git-autosync/site/directory', '.git-autosync/site/directory/.git-autosync']

/** Below the volume: what is checked where that is published. */
const SITES: [SiteOptions, string[]][] = [
  [{ mode: 'in-place' }, [...BESIDE, ...ASIDE, ...WITHIN]],
  [{ mode: 'in-place', stateDirectory: true }, [...BESIDE, ...ASIDE, ...WITHIN]],
  [{ mode: 'symlink' }, [...BESIDE, ...ASIDE]],
  [{ mode: 'symlink', stateDirectory: true }, [...BESIDE, ...ASIDE]],
]

/** Moves a directory of this service outside, with what it would remove, and links it there. */
function linkOutside({ outside, volume }: TestSite, relative: string): void {
  const directory = path.join(volume, relative)
  mkdirSync(directory, { recursive: true })
  const target = path.join(outside, 'target')
  cpSync(directory, target, { recursive: true, verbatimSymlinks: true })
  rmSync(directory, { recursive: true })
  for (const own of ['', 'staging', 'site', 'incoming', 'directory', '.git-autosync/staging']) {
    mkdirSync(path.join(target, own), { recursive: true })
    writeFileSync(path.join(target, own, 'precious'), 'precious')
  }
  symlinkSync(target, directory)
}

for (const [options, directories] of SITES) {
  describe(`through a symlink, ${JSON.stringify(options)},`, () => {
    for (const relative of directories) {
      for (const [name, call] of Object.entries(CALLS)) {
        test(`at ${relative} ${name} does nothing`, (t) => {
          const test = createSite(t, options)
          test.publish({ a: '1' })
          linkOutside(test, relative)
          const before = [readTree(test.volume), readTree(test.outside)]
          const words = new RegExp(`${relative} is a symlink.*remove it`)
          assert.throws(() => call(test), failsWith('path-blocked', words))
          assert.deepEqual([readTree(test.volume), readTree(test.outside)], before)
        })
      }
    }
  })
}

describe('a directory of this service', () => {
  test('is not looked for behind a symlink of others', (t) => {
    const test = createSite(t)
    mkdirSync(path.join(test.outside, '.git-autosync/staging'), { recursive: true })
    symlinkSync(test.outside, test.directory)
    const before = readTree(test.outside)
    const target = test.commit({ a: '1' })
    assert.throws(() => publish(test.site, target, none), failsWith('path-blocked', /did not make/))
    assert.deepEqual(readTree(test.outside), before)
  })

  for (const mode of ['in-place', 'symlink'] as const) {
    test(`that is a file is left, and ${mode} goes on once it is removed`, (t) => {
      const test = createSite(t, { mode })
      const own = path.join(mode === 'in-place' ? test.directory : test.volume, '.git-autosync')
      mkdirSync(path.dirname(own), { recursive: true })
      writeFileSync(own, 'precious')
      const target = test.commit({ a: '1' })
      for (const call of Object.values(CALLS)) {
        assert.throws(() => call(test), failsWith('path-blocked', /is a file/))
      }
      renameSync(own, path.join(test.outside, 'moved'))
      test.publish(target)
    })
  }
})

describe('a symlink above a site', () => {
  /** A site below a symlink in the volume, once that is there. */
  function behindLink(t: Parameters<typeof createSite>[0]): TestSite {
    const test = createSite(t)
    test.site = {
      ...test.site,
      directory: path.join(test.volume, 'link/site'),
      root: test.volume,
    }
    return test
  }

  for (const [name, call] of Object.entries(CALLS)) {
    test(`that leads out of the root has ${name} refuse, and nothing is touched`, (t) => {
      const test = behindLink(t)
      symlinkSync(test.outside, path.join(test.volume, 'link'))
      assert.throws(
        () => call(test),
        failsWith('path-blocked', /link\/site leads to .*outside\/site .*outside ROOT/),
      )
      assert.deepEqual([...readTree(test.outside).keys()], [])
    })
  }

  test('that stays inside is followed, and so is one to the root', (t) => {
    const test = behindLink(t)
    mkdirSync(path.join(test.volume, 'real'))
    symlinkSync('real', path.join(test.volume, 'link'))
    const alias = path.join(test.outside, 'root')
    symlinkSync(test.volume, alias)
    publish({ ...test.site, root: alias }, test.commit({ a: '1' }), none)
    assert.ok(readTree(path.join(test.volume, 'real/site')).has('a'))
  })
})
