// A publication whose blobs come one by one, as from a pack.

import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import type { StoredObject } from '../../src/git/object.js'
import type { Oid } from '../../src/git/oid.js'
import type { CommitSource, Publication } from '../../src/publish/publisher.js'
import fc from '../helpers/fast-check.js'
import { fileAt } from '../helpers/file-at.js'
import { fsError, withGate } from '../helpers/fs-faults.js'
import type { CommitFiles } from '../helpers/git-commit.js'
import type { MemoryTarget } from '../helpers/git-target.js'
import { intactCommit } from '../helpers/intact-commit.js'
import { begin, publish } from '../helpers/publish.js'
import { createSite, namesIn, type TestSite } from '../helpers/publish-site.js'
import { readTree } from '../helpers/same-tree.js'
import { IS_WHOLE } from '../helpers/seed.js'
import { tidyNow } from '../helpers/tidy-now.js'

const none = () => undefined

const FIRST: CommitFiles = { a: 'a', b: 'b', 'd/same': 'same', x: '1', gone: '' }
const SECOND: CommitFiles = {
  a: 'new',
  copy: 'new',
  b: { content: 'b', executable: true },
  'd/same': 'same',
  'd/e/f': 'f',
  x: { symlink: 'a' },
  empty: '',
}

interface Offers {
  blobs: Map<Oid, StoredObject>
  /** Reads only what `readable` lets through. */
  target: CommitSource
  read: Oid[]
}

/** The blobs of a target, and the target, which counts what it is asked for. */
function offersOf(test: TestSite, target: MemoryTarget): Offers {
  const oids = test.repo.git('ls-tree', '-r', '--format=%(objectname)', target.commit).split('\n')
  const blobs = new Map(oids.map((oid) => [oid, target.readBlob(oid)]))
  const read: Oid[] = []
  const readBlob = (oid: Oid) => {
    read.push(oid)
    return target.readBlob(oid)
  }
  return { blobs, read, target: { ...target, readBlob } }
}

for (const mode of ['in-place', 'symlink'] as const) {
  describe(`blobs that are offered, ${mode}`, () => {
    const create = (t: { after(cleanUp: () => unknown): void }) => createSite(t, { mode })

    test('in any order, twice or not at all, make the same tree', (t) => {
      const test = create(t)
      const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
      const { blobs, read, target } = offersOf(test, second)
      const oids = [...blobs.keys(), '1'.repeat(40), '2'.repeat(40)]
      const unknown: StoredObject = { type: 'blob', body: Buffer.from('unknown') }
      fc.assert(
        fc.property(fc.array(fc.constantFrom(...oids), { maxLength: 12 }), (offered) => {
          publish(test.site, first, none)
          tidyNow(test.site)
          const publication = begin(test.site, target, none)
          read.length = 0
          for (const oid of offered) publication.offer(oid, blobs.get(oid) ?? unknown)
          const published = publication.finish()
          // A standby may hold the second commit already.
          if (mode === 'in-place') assert.deepEqual(published, { filesWritten: 6, filesDeleted: 1 })
          assert.deepEqual(
            read.filter((oid) => offered.includes(oid)),
            [],
          )
          assert.equal(new Set(read).size, read.length)
          test.assertPublished(second)
          assert.equal(intactCommit(test.site), second.commit)
        }),
        { numRuns: IS_WHOLE ? 25 : 10 },
      )
    })

    test('are enough: nothing else is read, and nothing is seen before the end', (t) => {
      const test = create(t)
      const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
      test.publish(first)
      const { blobs, read, target } = offersOf(test, second)
      const publication = begin(test.site, target, none)
      for (const [oid, blob] of blobs) {
        publication.offer(oid, blob)
        test.assertPublished(first)
      }
      publication.finish()
      assert.deepEqual(read, [])
      test.assertPublished(second)
    })

    test('are given up without a trace', (t) => {
      const test = create(t)
      const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
      const { blobs, target } = offersOf(test, second)
      test.publish(first)
      tidyNow(test.site)
      const before = everything(test)
      for (let count = 0; count <= blobs.size; count++) {
        const publication = begin(test.site, target, none)
        for (const [oid, blob] of [...blobs].slice(0, count)) publication.offer(oid, blob)
        publication.abandon()
        publication.abandon()
        assert.deepEqual(everything(test), before)
      }
      assert.equal(intactCommit(test.site), first.commit)
      test.publish(second)
    })

    test('are given up the first time without more than an empty directory', (t) => {
      const test = create(t)
      const { blobs, target } = offersOf(test, test.commit(SECOND))
      const publication = begin(test.site, target, none)
      for (const [oid, blob] of blobs) publication.offer(oid, blob)
      publication.abandon()
      tidyNow(test.site)
      const left = [...readTree(test.volume)].filter(([, { kind }]) => kind !== 'directory')
      assert.deepEqual(left, [])
      test.publish(SECOND)
    })

    test('that fail give the publication up', (t) => {
      const test = create(t)
      const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
      const { blobs, target } = offersOf(test, second)
      test.publish(first)
      tidyNow(test.site)
      const before = everything(test)
      const steps: ((publication: Publication) => void)[] = [
        (publication) => {
          for (const [oid, blob] of blobs) publication.offer(oid, blob)
        },
        (publication) => publication.finish(),
      ]
      for (const step of steps) {
        const publication = begin(test.site, target, none)
        const failing = () =>
          withGate(
            ({ name }) => {
              if (name === 'writeSync') throw fsError('ENOSPC')
            },
            () => step(publication),
          )
        assert.throws(failing, { code: 'volume-full' })
        assert.deepEqual(everything(test), before)
        publication.abandon()
      }
      test.publish(second)
    })

    test('cannot be given up once they are being put in place', (t) => {
      const test = create(t)
      const [first, second] = [test.commit(FIRST), test.commit(SECOND)]
      test.publish(first)
      tidyNow(test.site)
      const publication = begin(test.site, second, none)
      let renames = 0
      const failing = () =>
        withGate(
          ({ name, paths }) => {
            const isApplied = name === 'renameSync' && /staging\/\d+$/.test(paths[0] ?? '')
            if (isApplied && ++renames === 2) throw fsError('EIO')
          },
          () => publication.finish(),
        )
      assert.throws(failing, { code: 'volume-failed' })
      publication.abandon()
      const third = test.commit({ ...FIRST, n: '' })
      test.publish(third)
      assert.equal(intactCommit(test.site), third.commit)
    })

    test('of a large file are shared with the file it came in', (t) => {
      const test = create(t)
      const content = Buffer.alloc(5_000_000, 'large')
      const second = test.commit({ large: content, run: { content, executable: true } })
      const incoming = path.join(test.outside, 'incoming')
      writeFileSync(incoming, content)
      const { blobs, target } = offersOf(test, second)
      const [oid = ''] = blobs.keys()
      const publication = begin(test.site, target, none)
      publication.offer(oid, {
        type: 'blob',
        oid,
        file: fileAt(incoming),
        size: content.length,
        isTemporary: true,
      })
      publication.finish()
      test.assertPublished(second)
      assert.deepEqual(readFileSync(incoming), content)
    })
  })
}

/** Whatever there is on the volume, with all that is hidden. */
function everything(test: TestSite) {
  const own = path.join(test.directory, '.git-autosync')
  const beside = path.join(test.volume, '.git-autosync')
  const below = [own, beside].filter(existsSync).flatMap((root) => [...readTree(root).entries()])
  return { below, names: namesIn(test.directory), visible: [...readTree(test.directory)] }
}
