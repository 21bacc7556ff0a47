import assert from 'node:assert/strict'
import { lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { unpublish } from '../../../src/publish/publication.js'
import type { Target } from '../../../src/publish/target.js'
import { type FsCall, fsError, withGate } from '../../helpers/fs-faults.js'
import type { CommitFiles } from '../../helpers/git-commit.js'
import type { MemoryTarget } from '../../helpers/git-target.js'
import { intactCommit } from '../../helpers/intact-commit.js'
import { begin, publish } from '../../helpers/publish.js'
import { createSite, namesIn, type TestSite } from '../../helpers/publish-site.js'
import { tidyNow } from '../../helpers/tidy-now.js'
import { namesBesideLink } from '../../helpers/worktree-site.js'

const none = () => undefined

const FIRST: CommitFiles = { a: '1', 'd/b': '2', 'd/c': '3', l: { symlink: 'a' } }
const SECOND: CommitFiles = { a: '1', 'd/b': 'new', e: { content: '4', executable: true } }

for (const stateDirectory of [false, true]) {
  describe(`from one mode to the other, with state ${stateDirectory ? 'in STATE_DIR' : 'beside'}`, () => {
    const create = (t: { after(cleanUp: () => unknown): void }): TestSite =>
      createSite(t, { mode: 'symlink', stateDirectory })

    test('a directory of this service becomes a link, and again a directory', (t) => {
      const test = create(t)
      const asDirectory = { ...test.site, mode: 'in-place' } as const
      const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
      for (let round = 0; round < 2; round++) {
        publish(asDirectory, first, none)
        assert.ok(lstatSync(test.directory).isDirectory())
        test.assertPublished(first)
        assert.equal(intactCommit(asDirectory), first.commit)
        tidyNow(asDirectory)
        assert.equal(intactCommit(asDirectory), first.commit)
        assert.deepEqual(namesIn(test.volume), ['site'])
        assert.equal(intactCommit(test.site), undefined)

        publish(test.site, second, none)
        assert.ok(lstatSync(test.directory).isSymbolicLink())
        test.assertPublished(second)
        assert.equal(intactCommit(test.site), second.commit)
        tidyNow(test.site)
        assert.equal(intactCommit(test.site), second.commit)
        assert.deepEqual(
          namesIn(path.join(test.volume, '.git-autosync/site')),
          namesBesideLink(second.commit, test.site),
        )
        assert.equal(intactCommit(asDirectory), undefined)
      }
      unpublish(asDirectory)
      assert.deepEqual(namesIn(test.volume), [])
      if (test.site.stateRoot) assert.deepEqual(namesIn(test.site.stateRoot), [])
    })

    test('a directory of this service that was edited becomes a link all the same', (t) => {
      const test = create(t)
      const asDirectory = { ...test.site, mode: 'in-place' } as const
      publish(asDirectory, test.commit(FIRST), none)
      writeFileSync(test.at('d/b'), 'edited')
      assert.equal(intactCommit(asDirectory), undefined)
      test.publish(SECOND)
    })

    test('a path is missing for no longer than one call, in both directions', (t) => {
      const test = create(t)
      const asDirectory = { ...test.site, mode: 'in-place' } as const
      const missing = (site: Target, target: MemoryTarget): string[] => {
        const names: string[] = []
        const look = ({ name }: FsCall) => {
          // What closes a directory leaves everything as it is.
          if (name === 'closeSync') return
          if (!lstatSync(test.directory, { throwIfNoEntry: false })) names.push(name)
        }
        withGate(look, () => publish(site, target, none))
        return names
      }
      const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
      publish(asDirectory, first, none)
      assert.deepEqual(missing(test.site, second), ['renameSync'])
      assert.deepEqual(missing(asDirectory, first), ['renameSync'])
    })

    test('what made way returns at once where nothing can take its place', (t) => {
      const test = create(t)
      const asDirectory = { ...test.site, mode: 'in-place' } as const
      const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
      publish(asDirectory, first, none)
      const failing = (site: Target, target: MemoryTarget) =>
        withGate(
          ({ name, paths }) => {
            const isTaken = paths[1] === test.directory && !paths[0]?.endsWith('/directory')
            if (name === 'renameSync' && isTaken) throw fsError('ENOSPC')
          },
          () => publish(site, target, none),
        )
      assert.throws(() => failing(test.site, second), { code: 'volume-full' })
      test.assertPublished(first)
      assert.equal(intactCommit(asDirectory), first.commit)
      publish(test.site, second, none)
      test.assertPublished(second)
    })

    test('a foreign file that comes while the link is made is not lost', (t) => {
      const test = create(t)
      publish({ ...test.site, mode: 'in-place' }, test.commit(FIRST), none)
      const second = test.commit(SECOND)
      const publication = begin(test.site, second, none)
      writeFileSync(test.at('d/foreign'), 'foreign')
      assert.throws(() => publication.finish(), { code: 'path-blocked' })
      tidyNow(test.site)
      assert.equal(readFileSync(test.at('d/foreign'), 'utf8'), 'foreign')
      rmSync(test.at('d/foreign'))
      test.publish(second)
      tidyNow(test.site)
      assert.deepEqual(
        namesIn(path.join(test.volume, '.git-autosync/site')),
        namesBesideLink(second.commit, test.site),
      )
    })

    test('what was left of an older change of mode is not mixed in', (t) => {
      const test = create(t)
      const asDirectory = { ...test.site, mode: 'in-place' } as const
      test.publish(FIRST)
      const cut = () =>
        withGate(
          ({ name, paths }) => {
            if (name === 'unlinkSync' && paths[0] === test.directory) throw fsError('EIO')
          },
          () => publish(asDirectory, test.commit({ ...FIRST, old: 'old' }), none),
        )
      assert.throws(cut, { code: 'volume-failed' })
      test.site = asDirectory
      test.publish(SECOND)
    })

    test('a mount point cannot become a link, and is told so', (t) => {
      const test = create(t)
      publish({ ...test.site, mode: 'in-place' }, test.commit(FIRST), none)
      for (const code of ['EBUSY', 'EXDEV']) {
        const mounted = () =>
          withGate(
            ({ name, paths }) => {
              if (name === 'renameSync' && paths[0] === test.directory) throw fsError(code)
            },
            () => publish(test.site, test.commit(SECOND), none),
          )
        assert.throws(mounted, { code: 'path-blocked', message: /mount point/ })
      }
      assert.equal(readFileSync(test.at('d/b'), 'utf8'), '2')
    })
  })
}
