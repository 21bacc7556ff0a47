// What would be lost by the next publication, and is kept: commits that somebody made on a HEAD without
// a branch get a ref; what this service itself leaves behind stays in the log of HEAD until packs are
// joined, so that nothing dangles.
import path from 'node:path'
import { parentsOfCommit } from '../../git/object.js'
import { isOid, type Oid, objectFormatOf } from '../../git/oid.js'
import { readUnless, UNREADABLE } from '../../volume/errnos.js'
import type { HistoryLayout } from './layout.js'
import { RepositoryObjects } from './objects.js'
import { readLog, writeLog } from './reflog.js'
import { KEPT } from './refs.js'
import { writeText } from './write-whole.js'

const MAX_HEAD_BYTES = 4096

/** Gives a ref to the commit at the HEAD in `directory`, where it is none of those that were published. */
export function keepHead(
  layout: HistoryLayout,
  directory: string,
  published: (oid: Oid) => boolean,
): void {
  const { repository, volume } = layout
  const oid = ownHead(layout, directory, published)
  if (oid === undefined) return
  writeText(volume, repository, path.join(repository, `${KEPT}${oid}`), `${oid}\n`)
}

/** The commit that somebody made on the HEAD in `directory`, without a branch. */
export function ownHead(
  layout: HistoryLayout,
  directory: string,
  published: (oid: Oid) => boolean,
): Oid | undefined {
  const { volume } = layout
  const read = () => volume.readFile(path.join(directory, 'HEAD'), MAX_HEAD_BYTES)
  const oid = readUnless(UNREADABLE, read)?.toString('latin1').trim()
  if (oid === undefined || !isOid(oid) || published(oid)) return undefined
  const objects = new RepositoryObjects(layout, objectFormatOf(oid))
  const isThere = objects.readIfAny(oid)?.type === 'commit'
  objects.close()
  return isThere ? oid : undefined
}

/** Whether the log says that this service published a commit. */
export function isPublished(layout: HistoryLayout): (oid: Oid) => boolean {
  const oids = new Set(readLog(layout)?.flatMap(({ isOwn, oid }) => (isOwn ? [oid] : [])))
  return (oid) => oids.has(oid)
}

/** What is in the repository right behind the ends of a history, `shallow`. */
export function cutOff(layout: HistoryLayout, shallow: readonly Oid[]): Oid[] {
  const [first] = shallow
  if (first === undefined) return []
  const objects = new RepositoryObjects(layout, objectFormatOf(first))
  try {
    return shallow.flatMap((oid) => {
      const commit = objects.readIfAny(oid)
      if (commit?.type !== 'commit') return []
      return parentsOfCommit(commit.body).filter((parent) => objects.has(parent))
    })
  } finally {
    objects.close()
  }
}

/** Notes objects to which no ref leads any more; before all else, as `HEAD@{1}` is what was published. */
export function logLeftBehind(layout: HistoryLayout, oids: Iterable<Oid>, now: number): void {
  const lines = readLog(layout)
  if (!lines) return
  const known = new Set(lines.map(({ oid }) => oid))
  const left = [...new Set(oids)].filter((oid) => !known.has(oid))
  if (left.length === 0) return
  const rest = `git-autosync <git-autosync@localhost> ${Math.floor(now / 1000)} +0000\tleft behind`
  const more = left.map((oid) => ({ old: '0'.repeat(oid.length), oid, rest, isOwn: true }))
  writeLog(layout, [...more, ...lines])
}
