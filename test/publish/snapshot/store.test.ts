import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { carryContent } from '../../../src/publish/snapshot/carry.js'
import { decodeChanges, encodeChanges, isForBase } from '../../../src/publish/snapshot/changes.js'
import {
  ALL_AS_STORED,
  decodeSnapshot,
  encodeSnapshot,
  type Snapshot,
} from '../../../src/publish/snapshot/snapshot.js'
import {
  adoptStaged,
  cloneSnapshot,
  discardStaged,
  hasStaged,
  markForRecheck,
  readForRecheck,
  readSnapshot,
  removeSnapshot,
  stageSnapshot,
} from '../../../src/publish/snapshot/store.js'
import fc from '../../helpers/fast-check.js'
import { snapshotAt } from '../../helpers/file-at.js'
import { fsError, withGate } from '../../helpers/fs-faults.js'
import { tempDir } from '../../helpers/git.js'
import { plain, snapshotOf } from '../../helpers/snapshots.js'
import { trees } from '../../helpers/tree-arbitrary.js'
import { modelOf } from '../../helpers/tree-model.js'

const SMALL = snapshotOf(modelOf({ a: 'x', d: modelOf({ e: 'y' }) }))
const many = (changed: string) =>
  modelOf(
    Object.fromEntries(
      Array.from({ length: 50 }, (_, n) => [
        `d${n}`,
        modelOf(
          Object.fromEntries(
            Array.from({ length: 20 }, (_, m) => [`f${m}`, n + m === 3 ? changed : `${n} ${m}`]),
          ),
        ),
      ]),
    ),
  )
const [FIRST, SECOND, THIRD] = ['one', 'two', 'three'].map((text, at) =>
  snapshotOf(many(text), (field) => (field % 4000 < 8 ? at : field)),
) as [Snapshot, Snapshot, Snapshot]

/** It has too little in common with the others. */
const OTHER = snapshotOf(many('one'), (field) => -field)

/** What attributes made of files: a number for each, 0 where nothing; and the bodies, likewise. */
const numbers = fc.array(fc.nat(2), { maxLength: 12 })
const converted = fc.record({ files: numbers, bodies: numbers })

function withAttributes(
  snapshot: Snapshot,
  { files, bodies }: { files: readonly number[]; bodies: readonly number[] },
): Snapshot {
  const count = snapshot.trees[0]?.files ?? 0
  const oids = files.slice(0, count).map((byte) => Buffer.alloc(20, byte).toString('hex'))
  const changed = new Map(oids.map((oid, index) => [index, /[^0]/.test(oid) ? oid : undefined]))
  const attributes = bodies.map((byte, index) => ({
    directory: `\xfc/${index}`,
    oid: `${byte}`.repeat(40).slice(0, 40),
    body: Buffer.from([byte, 10, 0xff]),
  }))
  const like = snapshot.commit
  return {
    ...snapshot,
    attributes,
    content: carryContent(ALL_AS_STORED, [], count, { like, changed }),
  }
}

describe('snapshot changes', () => {
  test('lead from what attributes made of files to what they make of them now', () => {
    const model = fc.tuple(trees, trees, converted, converted)
    fc.assert(
      fc.property(model, ([from, to, before, after]) => {
        const base = { ...withAttributes(snapshotOf(from), before), checksum: 'abcd' }
        const next = withAttributes(snapshotOf(to), after)
        assert.deepEqual(plain(decodeSnapshot(encodeSnapshot(next))), plain(next))
        assert.deepEqual(
          plain(decodeChanges(encodeChanges(next, base), base) as Snapshot),
          plain(next),
        )
      }),
    )
  })

  test('of what attributes make of few files are small', () => {
    const all = Array.from({ length: 1000 }, (_, index) => index % 250)
    const base = { ...withAttributes(FIRST, { files: all, bodies: all }), checksum: 'abcd' }
    const files = all.with(7, 250)
    const changes = encodeChanges(withAttributes(FIRST, { files, bodies: all }), base)
    assert.ok(changes.length < 1000, `${changes.length} bytes`)
    assert.deepEqual(decodeChanges(changes, base)?.attributes, base.attributes)
  })

  test('lead from any snapshot to any other', () => {
    const model = fc.tuple(trees, trees, fc.array(fc.double(), { maxLength: 40 }))
    fc.assert(
      fc.property(model, ([from, to, numbers]) => {
        const base = { ...snapshotOf(from), checksum: 'abcd' }
        const next = snapshotOf(to, (field) => numbers[field] ?? field / 3)
        const bytes = encodeChanges(next, base)
        assert.equal(isForBase(bytes, base), true)
        assert.deepEqual(plain(decodeChanges(bytes, base) as Snapshot), plain(next))
      }),
    )
  })

  test('have the summary of their own commit, also where none is known', () => {
    const base = { ...FIRST, checksum: 'abcd' }
    const summary = { subject: '日本', author: 'another', committedAt: null }
    for (const next of [
      { ...SECOND, summary },
      { ...SECOND, summary: undefined },
    ]) {
      assert.deepEqual(decodeChanges(encodeChanges(next, base), base)?.summary, next.summary)
    }
  })

  test('of another base, or with any byte changed, are not taken for right', () => {
    const base = { ...FIRST, checksum: 'abcd' }
    const bytes = encodeChanges(SECOND, base)
    assert.equal(isForBase(bytes, { ...base, checksum: 'ef01' }), false)
    for (let index = 0; index < bytes.length; index++) {
      const damaged = Buffer.from(bytes)
      damaged[index]! ^= 0x10
      assert.equal(isForBase(damaged, base), undefined, `byte ${index}`)
    }
  })
})

describe('a stored snapshot', () => {
  test('is read as it was written, and none where there is none', (t) => {
    const directory = tempDir(t)
    assert.equal(readSnapshot(snapshotAt(directory)), undefined)
    write(directory, SMALL)
    assert.deepEqual(plain(readSnapshot(snapshotAt(directory))), plain(SMALL))
    writeFileSync(path.join(directory, 'snapshot'), '')
    assert.equal(readSnapshot(snapshotAt(directory)), undefined)
  })

  test('of many files takes less than half of itself on disk, and counts only while it is whole', (t) => {
    const directory = tempDir(t)
    const file = path.join(directory, 'snapshot')
    const names = Array.from({ length: 130_000 }, (_, n) => [`f${n}`, `${n}`] as const)
    const large = snapshotOf(modelOf(Object.fromEntries(names)), (field) => field / 3)
    write(directory, large)
    const written = readFileSync(file)
    assert.ok(written.length < encodeSnapshot(large).length / 2, `${written.length} bytes`)
    assert.deepEqual(plain(readSnapshot(snapshotAt(directory))), plain(large))
    for (const at of [0, 10, 100, written.length >>> 1, written.length - 30, written.length - 1]) {
      const damaged = Buffer.from(written)
      damaged[at]! ^= 0x10
      writeFileSync(file, damaged)
      assert.equal(readSnapshot(snapshotAt(directory)), undefined, `byte ${at}`)
      assert.equal(hasStaged(snapshotAt(directory)), false)
    }
    writeFileSync(file, written.subarray(0, -100))
    assert.equal(readSnapshot(snapshotAt(directory)), undefined)
  })

  test('that cannot be read is a fault, not none', (t) => {
    const directory = tempDir(t)
    write(directory, SMALL)
    withGate(
      ({ name }) => {
        if (name === 'readSync') throw fsError('EIO')
      },
      () => assert.throws(() => readSnapshot(snapshotAt(directory)), { code: 'EIO' }),
    )
  })

  test('is never what is no file, which the next one takes the place of', (t) => {
    for (const put of [
      (file: string) => mkdirSync(path.join(file, 'full'), { recursive: true }),
      (file: string) => symlinkSync('/dev/zero', file),
      (file: string) => execFileSync('mkfifo', [file]),
    ]) {
      const directory = tempDir(t)
      for (const name of ['snapshot', 'snapshot.next', 'snapshot.changes', 'snapshot.doubted']) {
        put(path.join(directory, name))
      }
      assert.equal(readSnapshot(snapshotAt(directory)), undefined)
      assert.equal(readForRecheck(snapshotAt(directory)), undefined)
      assert.equal(hasStaged(snapshotAt(directory)), false)
      write(directory, SMALL)
      assert.deepEqual(plain(readSnapshot(snapshotAt(directory))), plain(SMALL))
      markForRecheck(snapshotAt(directory))
      assert.deepEqual(plain(readForRecheck(snapshotAt(directory))), plain(SMALL))
    }
  })

  test('takes no summary of an earlier commit for that of the next', (t) => {
    const directory = tempDir(t)
    write(directory, FIRST)
    write(directory, { ...SECOND, summary: undefined })
    assert.equal(readSnapshot(snapshotAt(directory))?.summary, undefined)
    assert.deepEqual(readdirSync(directory).sort(), ['snapshot', 'snapshot.changes'])
  })

  test('is followed by its changes, as long as they are few', (t) => {
    const directory = tempDir(t)
    write(directory, FIRST)
    const { size, ino } = statSync(path.join(directory, 'snapshot'))
    for (const next of [SECOND, THIRD, FIRST, SECOND]) {
      write(directory, next)
      assert.deepEqual(plain(readSnapshot(snapshotAt(directory))), plain(next))
      assert.equal(statSync(path.join(directory, 'snapshot')).ino, ino)
      assert.ok(statSync(path.join(directory, 'snapshot.changes')).size < size / 8)
    }
    write(directory, OTHER)
    assert.deepEqual(plain(readSnapshot(snapshotAt(directory))), plain(OTHER))
    assert.deepEqual(readdirSync(directory), ['snapshot'])
  })

  test('is the earlier one until the next takes its place', (t) => {
    for (const next of [SECOND, OTHER]) {
      const directory = tempDir(t)
      write(directory, FIRST)
      assert.equal(hasStaged(snapshotAt(directory)), false)
      stageSnapshot(snapshotAt(directory), next, readSnapshot(snapshotAt(directory)))
      assert.equal(hasStaged(snapshotAt(directory)), true)
      assert.deepEqual(plain(readSnapshot(snapshotAt(directory))), plain(FIRST))
      discardStaged(snapshotAt(directory))
      assert.equal(hasStaged(snapshotAt(directory)), false)
      assert.throws(() => adoptStaged(snapshotAt(directory)), { code: 'ENOENT' })
    }
  })

  test('counts as none where its changes are damaged', (t) => {
    const directory = tempDir(t)
    write(directory, FIRST)
    write(directory, SECOND)
    const changes = path.join(directory, 'snapshot.changes')
    writeFileSync(changes, readFileSync(changes).subarray(1))
    assert.equal(readSnapshot(snapshotAt(directory)), undefined)
  })

  test('takes no changes to another one for its own', (t) => {
    const directory = tempDir(t)
    write(directory, FIRST)
    write(directory, SECOND)
    const changes = readFileSync(path.join(directory, 'snapshot.changes'))
    write(directory, OTHER)
    // As after an interruption between the two.
    writeFileSync(path.join(directory, 'snapshot.changes'), changes)
    assert.deepEqual(plain(readSnapshot(snapshotAt(directory))), plain(OTHER))
    writeFileSync(path.join(directory, 'snapshot.changes.next'), changes)
    assert.equal(hasStaged(snapshotAt(directory)), false)
  })

  test('marked for a recheck is still known, with its changes', (t) => {
    const directory = tempDir(t)
    write(directory, FIRST)
    write(directory, SECOND)
    markForRecheck(snapshotAt(directory))
    markForRecheck(snapshotAt(directory))
    assert.equal(readSnapshot(snapshotAt(directory)), undefined)
    assert.deepEqual(plain(readForRecheck(snapshotAt(directory))), plain(SECOND))
    removeSnapshot(snapshotAt(directory))
    assert.deepEqual(readdirSync(directory), [])
  })

  test('is shared with a clone, which lives on without it', (t) => {
    const directory = tempDir(t)
    const [one, other] = [path.join(directory, 'one'), path.join(directory, 'other')]
    mkdirSync(one)
    mkdirSync(other)
    write(one, FIRST)
    write(one, SECOND)
    cloneSnapshot(snapshotAt(one), snapshotAt(other))
    assert.equal(statSync(path.join(one, 'snapshot')).nlink, 2)
    write(one, THIRD)
    rmSync(path.join(one, 'snapshot'))
    assert.deepEqual(plain(readSnapshot(snapshotAt(other))), plain(SECOND))
  })
})

function write(directory: string, snapshot: Snapshot): void {
  stageSnapshot(snapshotAt(directory), snapshot, readSnapshot(snapshotAt(directory)))
  adoptStaged(snapshotAt(directory))
}
