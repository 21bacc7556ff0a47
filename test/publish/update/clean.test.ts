// What `clean` removes, and what it never does.
import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { inspect } from '../../../src/publish/publication.js'
import type { SetAside } from '../../../src/publish/target.js'
import { mountPointsBelow, parseMountinfo } from '../../../src/volume/mount-points.js'
import { fsError, withGate } from '../../helpers/fs-faults.js'
import { tempDir } from '../../helpers/git.js'
import { publish } from '../../helpers/publish.js'
import { createSite, identity, namesIn, type TestSite } from '../../helpers/publish-site.js'
import { readTree } from '../../helpers/same-tree.js'

const none = () => undefined
const FILES = { a: '1', 'd/b': '2', 'lost+found': 'own' }

function litter({ at, outside }: TestSite): void {
  writeFileSync(at('foreign'), 'foreign')
  writeFileSync(at('d/foreign'), 'foreign')
  mkdirSync(at('x/y/z'), { recursive: true })
  writeFileSync(at('x/y/file'), 'foreign')
  mkdirSync(at('d/empty'))
  writeFileSync(path.join(outside, 'kept'), 'kept')
  symlinkSync(outside, at('link'))
}

for (const mode of ['in-place', 'symlink'] as const) {
  describe(`clean, ${mode}`, () => {
    test('removes what others put there, at each look and at each publication', (t) => {
      const test = createSite(t, { mode })
      test.site = { ...test.site, clean: true }
      const first = test.commit(FILES)
      test.publish(first)
      const before = identity(test.at('d/b'))
      litter(test)
      const { foreign: found, ...survey } = inspect(test.site)
      assert.deepEqual(survey, { commit: first.commit, drift: undefined })
      assert.equal(found?.count, 4)
      assert.deepEqual(found.paths.sort(), ['d/foreign', 'foreign', 'link', 'x/y/file'])
      test.assertPublished(first)
      assert.deepEqual(identity(test.at('d/b')), before)
      litter(test)
      const { foreign } = test.publish({ ...FILES, a: '2' })
      // In a new worktree there is nothing of others.
      assert.equal(foreign?.count, mode === 'in-place' ? 4 : undefined)
      assert.deepEqual(namesIn(test.outside), ['kept'])
    })

    test('is not what happens without it', (t) => {
      const test = createSite(t, { mode })
      const first = test.commit(FILES)
      test.publish(first)
      litter(test)
      assert.deepEqual(inspect(test.site), { commit: first.commit, drift: undefined })
      assert.equal(readFileSync(test.at('x/y/file'), 'utf8'), 'foreign')
    })
  })
}

describe('clean, of what cannot be removed,', () => {
  /** Work while the volume answers so to whoever removes a file, or reads a directory. */
  const refusing = <T>(code: string, refused: string, work: () => T): T => {
    let result: T | undefined
    withGate(
      ({ name, paths: [at = ''] }) => {
        const isRefused = name === 'unlinkSync' || name === 'readdirSync'
        if (isRefused && path.resolve(at) === refused) throw fsError(code)
      },
      () => {
        result = work()
      },
    )
    return result as T
  }

  for (const code of ['EACCES', 'EPERM', 'EBUSY', 'EROFS']) {
    for (const refused of ['cache/f', 'cache']) {
      test(`goes on past ${refused} where the volume answers ${code}, and tells of it`, (t) => {
        const test = createSite(t)
        const told: SetAside[] = []
        test.site = { ...test.site, clean: true, onSetAside: (found) => told.push(found) }
        test.publish(FILES)
        const second = test.commit({ ...FILES, a: '2' })
        const untidy = () => {
          mkdirSync(test.at('cache'), { recursive: true })
          for (const name of ['a-foreign', 'cache/f', 'z-foreign']) {
            writeFileSync(test.at(name), 'foreign')
          }
        }
        untidy()
        const published = refusing(code, test.at(refused), () => publish(test.site, second, none))
        assert.deepEqual(published.foreign?.paths.sort(), ['a-foreign', 'z-foreign'])
        untidy()
        const { commit, drift, foreign } = refusing(code, test.at(refused), () =>
          inspect(test.site),
        )
        assert.deepEqual([commit, drift, foreign?.count], [second.commit, undefined, 2])
        assert.ok(existsSync(test.at('cache/f')))
        // A mount point is meant to stay.
        const count = code === 'EBUSY' && refused === 'cache/f' ? 0 : 2
        const paths = told.map(({ kind, path }) => [kind, path])
        assert.deepEqual(paths, Array(count).fill(['foreign', test.at(refused)]))
        for (const { reason } of told) assert.match(reason, new RegExp(code))
      })
    }
  }

  for (const code of ['EIO', 'ESTALE', 'ENOSPC']) {
    test(`fails where the volume does: ${code}`, (t) => {
      const test = createSite(t)
      test.site = { ...test.site, clean: true, onSetAside: () => assert.fail('nothing is refused') }
      test.publish(FILES)
      writeFileSync(test.at('foreign'), 'foreign')
      const look = () => refusing(code, test.at('foreign'), () => inspect(test.site))
      assert.throws(look, {
        name: 'SyncError',
        code: code === 'ENOSPC' ? 'volume-full' : 'volume-failed',
      })
    })
  }
})

describe('clean', () => {
  const create = (t: { after(cleanUp: () => unknown): void }): TestSite => {
    const test = createSite(t)
    test.site = { ...test.site, clean: true }
    return test
  }

  test('makes way for a file where a directory of others stands', (t) => {
    const test = create(t)
    mkdirSync(test.at('a/b'), { recursive: true })
    writeFileSync(test.at('a/b/foreign'), 'foreign')
    test.publish(FILES)
  })

  test('removes nothing before the new commit is in place', (t) => {
    const test = create(t)
    test.publish(FILES)
    litter(test)
    const target = test.commit({ ...FILES, a: '2' })
    const readBlob = () => assert.fail('no blob')
    assert.throws(() => publish(test.site, { ...target, readBlob }, none))
    assert.equal(readFileSync(test.at('foreign'), 'utf8'), 'foreign')
  })

  test('leaves what is not published alone: it says nothing of what is foreign', (t) => {
    const test = create(t)
    mkdirSync(test.directory)
    writeFileSync(test.at('foreign'), 'foreign')
    inspect(test.site)
    assert.deepEqual(namesIn(test.directory), ['foreign'])
  })

  test('leaves the state of this service, also where STATE_DIR lies inside', (t) => {
    const test = create(t)
    test.site = { ...test.site, stateRoot: test.at('state') }
    const target = test.commit(FILES)
    publish(test.site, target, none)
    assert.ok(existsSync(test.at('state')))
    assert.equal(inspect(test.site).commit, target.commit)
    mkdirSync(test.at('d/.git-autosync'))
    inspect(test.site)
    assert.ok(existsSync(test.at('d/.git-autosync')))
  })

  test('replaces a directory with files of others by a link', (t) => {
    const test = create(t)
    test.publish(FILES)
    writeFileSync(test.at('foreign'), 'foreign')
    test.site = { ...test.site, mode: 'symlink' }
    test.publish({ ...FILES, a: '2' })
    assert.ok(lstatSync(test.directory).isSymbolicLink())
  })

  test('leaves lost+found at the root of a volume, and whatever is mounted', (t) => {
    const root = tempDir(t)
    mkdirSync(path.join(root, 'with blank'))
    mkdirSync(path.join(root, 'plain'))
    const line = (at: string) => `36 35 98:0 / ${at} rw,noatime master:1 - ext3 /dev/root rw`
    const mountinfo = `${line(`${root}/with\\040blank`)}\n${line('/')}\n`
    assert.deepEqual(parseMountinfo(mountinfo), [`${root}/with blank`, '/'])
    const isMountPoint = mountPointsBelow(root, mountinfo)
    const found = ['', 'with blank', 'plain'].map((name) => isMountPoint(name))
    assert.deepEqual(found, [false, true, false])
    assert.equal(mountPointsBelow(root, line(root))(''), true)
    // Without the list, another volume's number tells.
    assert.equal(mountPointsBelow('/', '')('proc'), true)
  })

  test('removes also what cannot be read', (t) => {
    const test = create(t)
    const target = test.commit(FILES)
    test.publish(target)
    writeFileSync(test.at('foreign'), 'foreign')
    chmodSync(test.at('foreign'), 0)
    assert.deepEqual(inspect(test.site).foreign, { count: 1, paths: ['foreign'] })
    assert.deepEqual([...readTree(test.directory).keys()].sort(), ['a', 'd', 'd/b', 'lost+found'])
  })
})
