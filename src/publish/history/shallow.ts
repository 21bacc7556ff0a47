// Where history ends: git's list of commits whose parents need not be there. It is written before the
// refs that lead to them; one that was cut off before stays in it while its parents are missing.
import path from 'node:path'
import { parentsOfCommit } from '../../git/object.js'
import { isOid, type Oid } from '../../git/oid.js'
import { readUnless, UNREADABLE } from '../../volume/errnos.js'
import { withLock } from './git-lock.js'
import type { HistoryLayout } from './layout.js'
import type { RepositoryObjects } from './objects.js'
import { writeSharedText } from './write-whole.js'

const MAX_BYTES = 64 * 1024 * 1024

/** The commits at which history ends. */
export function readShallow({ repository, volume }: HistoryLayout): Oid[] {
  const file = path.join(repository, 'shallow')
  const text = readUnless(UNREADABLE, () => volume.readFile(file, MAX_BYTES))?.toString('latin1')
  return (text ?? '').split('\n').filter(isOid)
}

/** Writes where history ends, or that it does nowhere. */
export function writeShallow(layout: HistoryLayout, oids: Iterable<Oid>): void {
  const { repository, volume } = layout
  const file = path.join(repository, 'shallow')
  const lines = [...new Set(oids)].sort().map((oid) => `${oid}\n`)
  if (lines.length > 0) writeSharedText(layout, file, lines.join(''))
  else if (volume.stat(file)) withLock(layout, file, () => volume.removeFile(file))
}

/** Of commits where history ended before, those where it still does. */
export function stillShallow(oids: readonly Oid[], objects: RepositoryObjects): Oid[] {
  return oids.filter((oid) => {
    const commit = objects.commitIfAny(oid)
    return commit && !parentsOfCommit(commit.body).every((parent) => objects.has(parent))
  })
}
