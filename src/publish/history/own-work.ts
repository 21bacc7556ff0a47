// What would be lost by the next publication, and is kept: commits that somebody made on a HEAD without
// a branch get a ref; what this service itself leaves behind stays in the log of HEAD until packs are
// joined, so that nothing dangles.
import path from 'node:path'
import { parentsOfCommit } from '../../git/object.js'
import { isOid, type Oid, objectFormatOf } from '../../git/oid.js'
import { ABSENT, readUnless, UNREADABLE } from '../../volume/errnos.js'
import type { PublishedHistory } from '../snapshot/published-history.js'
import { headsUnderWay, NO_WORK } from './heads-under-way.js'
import type { HistoryLayout } from './layout.js'
import { type RepositoryObjects, withObjects } from './objects.js'
import { readLog, writeLog } from './reflog.js'
import { keepCommit, type Refs, readAllRefs, readOwn } from './refs.js'

const MAX_HEAD_BYTES = 4096

/** Gives a ref to the commit at the HEAD in `directory`, where it is none of those that were published. */
export function keepHead(
  layout: HistoryLayout,
  directory: string,
  published: (oid: Oid) => boolean,
): void {
  const oid = ownHead(layout, directory, published)
  if (oid !== undefined) keepCommit(layout, oid)
}

/**
 * {@link keepHead} of a checkout that goes, and so with what commands under way in it lead to, and refs
 * that it has for itself alone, as those of a bisect. Returns whether all of that can be read; else it is
 * to stay.
 */
export function keepCheckout(
  layout: HistoryLayout,
  directory: string,
  published: (oid: Oid) => boolean,
): boolean {
  const led = readUnless(UNREADABLE, () => [
    ...headsUnderWay(layout.volume, directory, NO_WORK),
    ...readAllRefs({ ...layout, repository: directory }).values(),
  ])
  const isHeadRead = readUnless(UNREADABLE, () => headIn(layout, directory, ABSENT) ?? '')
  if (!led || isHeadRead === undefined) return false
  keepHead(layout, directory, published)
  const own = new Set(readOwn(layout).values())
  const isLogged = isPublished(layout)
  const others = [...new Set(led)].filter(
    (oid) => !published(oid) && !own.has(oid) && !isLogged(oid),
  )
  for (const format of new Set(others.map(objectFormatOf))) {
    withObjects(layout, format, (objects) => {
      for (const oid of others) {
        if (objectFormatOf(oid) === format && objects.has(oid)) keepCommit(layout, oid)
      }
    })
  }
  return true
}

/** The commit that somebody made on the HEAD in `directory`, without a branch. */
export function ownHead(
  layout: HistoryLayout,
  directory: string,
  published: (oid: Oid) => boolean,
): Oid | undefined {
  const oid = headIn(layout, directory, UNREADABLE)
  if (oid === undefined || !isOid(oid) || published(oid)) return undefined
  const isThere = withObjects(layout, objectFormatOf(oid), (objects) => objects.hasCommit(oid))
  return isThere ? oid : undefined
}

/** What HEAD says; what the volume answers with one of `codes` counts as none. */
function headIn({ volume }: HistoryLayout, directory: string, codes: readonly string[]) {
  const read = () => volume.readBytes(path.join(directory, 'HEAD'), MAX_HEAD_BYTES)
  return readUnless(codes, read)?.toString('latin1').trim()
}

/** Whether the log says that this service published a commit. */
export function isPublished(layout: HistoryLayout): (oid: Oid) => boolean {
  const oids = new Set(readLog(layout)?.flatMap(({ isOwn, oid }) => (isOwn ? [oid] : [])))
  return (oid) => oids.has(oid)
}

/** What was settled before, and what is now. */
export interface Succession {
  /** The refs that this service wrote before. */
  earlier: Refs
  history: PublishedHistory
  objects: RepositoryObjects
}

/**
 * Notes objects to which no ref leads any more: what refs were, and what is right behind the ends of the
 * history. Before all else in the log, as `HEAD@{1}` is what was published.
 */
export function noteLeftBehind(
  layout: HistoryLayout,
  { earlier, history, objects }: Succession,
  now: number,
): void {
  const lines = readLog(layout)
  if (!lines) return
  const known = new Set([...Object.values(history.refs), ...lines.map(({ oid }) => oid)])
  const beyond = history.shallow.flatMap((oid) => parentsIn(oid, objects))
  const left = new Set([...earlier.values(), ...beyond.filter((oid) => objects.has(oid))])
  const rest = `git-autosync <git-autosync@localhost> ${Math.floor(now / 1000)} +0000\tleft behind`
  const more = [...left]
    .filter((oid) => !known.has(oid))
    .map((oid) => ({ old: '0'.repeat(oid.length), oid, rest, isOwn: true }))
  if (more.length > 0) writeLog(layout, [...more, ...lines])
}

function parentsIn(oid: Oid, objects: RepositoryObjects): Oid[] {
  const commit = objects.commitIfAny(oid)
  return commit ? parentsOfCommit(commit.body) : []
}
