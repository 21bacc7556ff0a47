import assert from 'node:assert/strict'
import { readFileSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import type { Snapshot } from '../../../src/publish/snapshot/snapshot.js'
import {
  adoptStaged,
  cloneSnapshot,
  readSnapshot,
  type StoredSnapshot,
  stageSnapshot,
} from '../../../src/publish/snapshot/store.js'
import { snapshotAt } from '../../helpers/file-at.js'
import { recordCalls } from '../../helpers/fs-faults.js'
import { type TestScope, tempDir } from '../../helpers/git.js'
import { plain, snapshotOf } from '../../helpers/snapshots.js'
import { modelOf } from '../../helpers/tree-model.js'

const [FIRST, SECOND] = ['1', '2'].map((text) =>
  snapshotOf(modelOf({ a: text, d: modelOf({ e: 'y' }) })),
) as [Snapshot, Snapshot]

/** A state directory with a snapshot that was written a while ago. */
function createState(t: TestScope, snapshot = FIRST) {
  const directory = tempDir(t)
  const place = snapshotAt(directory)
  const file = path.join(directory, 'snapshot')
  const write = (next: Snapshot) => {
    stageSnapshot(place, next)
    adoptStaged(place)
  }
  const age = (seconds = 5) => {
    const then = Date.now() / 1000 - seconds
    utimesSync(file, then, then)
  }
  write(snapshot)
  age()
  return { place, file, write, age }
}

/** Writes what a snapshot differs by from the last one a while ago. */
function stageChanges(
  place: ReturnType<typeof snapshotAt>,
  next: Snapshot,
  last: ReturnType<typeof readSnapshot>,
) {
  // However large the share of it is that changed.
  stageSnapshot(place, next, last && { ...last, baseBytes: Number.MAX_SAFE_INTEGER })
  adoptStaged(place)
  const then = Date.now() / 1000 - 5
  utimesSync(path.join(place.stateDirectory, 'snapshot.changes'), then, then)
}

test('a snapshot that was read is not read again, also from where it was cloned to', (t) => {
  const { place } = createState(t)
  const other = snapshotAt(tempDir(t))
  const first = readSnapshot(place)
  assert.deepEqual(plain(first), plain(FIRST))
  const calls = recordCalls(() => assert.equal(readSnapshot(place), first))
  // The end of the snapshot, and a look for changes of it.
  assert.equal(calls.filter(({ name }) => name === 'readSync').length, 1)
  cloneSnapshot(place, other)
  assert.deepEqual(plain(readSnapshot(other)), plain(FIRST))
})

test('changes that were written are not read', (t) => {
  const { place } = createState(t)
  const next = snapshotOf(modelOf({ a: '1', b: '1'.repeat(9), d: modelOf({ e: 'z' }) }))
  const last = { ...readSnapshot(place), baseBytes: Number.MAX_SAFE_INTEGER } as StoredSnapshot
  stageSnapshot(place, next, last)
  adoptStaged(place)
  const other = snapshotAt(tempDir(t))
  cloneSnapshot(place, other)
  const calls = recordCalls(() => assert.equal(readSnapshot(place)?.trees, next.trees))
  // The end of the snapshot, and that of its changes.
  assert.equal(calls.filter(({ name }) => name === 'readSync').length, 2)
  assert.deepEqual(plain(readSnapshot(other)), plain(next))
})

test('nor are they taken for what another wrote in their place', (t) => {
  const { place } = createState(t)
  const last = { ...readSnapshot(place), baseBytes: Number.MAX_SAFE_INTEGER } as StoredSnapshot
  stageSnapshot(place, SECOND, last)
  adoptStaged(place)
  const file = path.join(place.stateDirectory, 'snapshot.changes')
  writeFileSync(file, readFileSync(file).subarray(0, -1))
  assert.equal(readSnapshot(place), undefined)
})

test('one that another took the place of is read again', (t) => {
  const { age, place, write } = createState(t)
  readSnapshot(place)
  write(SECOND)
  age()
  assert.deepEqual(plain(readSnapshot(place)), plain(SECOND))
})

test('one that was damaged since is none', (t) => {
  const { age, file, place } = createState(t)
  readSnapshot(place)
  const bytes = readFileSync(file)
  const at = bytes.length >> 1
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(file, bytes)
  age(4)
  assert.equal(readSnapshot(place), undefined)
})

test('one of another directory is read, though it has the same bytes', (t) => {
  const [one, other] = [createState(t), createState(t)]
  assert.notEqual(readSnapshot(one.place), readSnapshot(other.place))
})

test('changes that were read are not read again, and of others nothing is taken from them', (t) => {
  const { place, write } = createState(t)
  const base = readSnapshot(place)
  const next = snapshotOf(modelOf({ a: '1', b: '1'.repeat(9), d: modelOf({ e: 'z' }) }))
  stageChanges(place, next, base)
  const first = readSnapshot(place)
  assert.deepEqual(plain(first), plain(next))
  assert.equal(readSnapshot(place), first)
  stageChanges(place, SECOND, base)
  assert.deepEqual(plain(readSnapshot(place)), plain(SECOND))
  write(FIRST)
  assert.deepEqual(plain(readSnapshot(place)), plain(FIRST))
})
