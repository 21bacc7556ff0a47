// Which objects of a repository are still of use: so many commits back from what is published, and all
// that refs and logs of somebody else lead to. Where history was cut off, none is followed further.
import path from 'node:path'
import { parentsOfCommit, targetOfTag, treeOfCommit } from '../../git/object.js'
import { isOid, type Oid } from '../../git/oid.js'
import { NAMING_TYPES } from '../../remote/disk/whole-object.js'
import { ABSENT, readUnless, UNREADABLE } from '../../volume/errnos.js'
import type { HistoryDepth } from '../snapshot/published-history.js'
import { cursorOf } from '../tree/tree-places.js'
import { headsUnderWay } from './heads-under-way.js'
import type { HistoryLayout } from './layout.js'
import type { RepositoryObjects } from './objects.js'
import { loggedByOthers } from './reflog.js'
import { readAllRefs, readOwn } from './refs.js'
import { readShallow } from './shallow.js'

const MAX_HEAD_BYTES = 4096

/** What is of use. */
export interface LiveObjects {
  oids: ReadonlySet<Oid>
  /** The commits of it at which history ends: by the listing, or as a parent is not of use. */
  shallow: Oid[]
}

export interface LiveOptions {
  depth: HistoryDepth
  /** Throws when the work is to be given up. */
  checkpoint: () => void
  /** Whatever has more is not walked to its end. */
  maxObjects: number
}

/** Where the walk starts: at what is published, and at what is somebody's. */
interface Roots {
  published: Set<Oid>
  others: Set<Oid>
}

/**
 * Finds what is of use, by commits, trees and tags; blobs are named by trees and not read. Undefined
 * where something is there that cannot be read, as it may lead to anything, or where there is too much.
 */
export function liveObjects(
  layout: HistoryLayout,
  objects: RepositoryObjects,
  options: LiveOptions,
): LiveObjects | undefined {
  if (!objects.isComplete) return undefined
  const live = readUnless(UNREADABLE, () => findLive(layout, objects, options))
  return objects.isComplete ? live : undefined
}

function findLive(
  layout: HistoryLayout,
  objects: RepositoryObjects,
  { checkpoint, depth, maxObjects }: LiveOptions,
): LiveObjects | undefined {
  const cut = new Set(readShallow(layout))
  const { others, published } = rootsOf(layout)
  const oids = new Set<Oid>()
  /** Of each commit, its parents. */
  const commits = new Map<Oid, Oid[]>()
  const isTooMuch = () => oids.size > maxObjects
  const walk = (roots: Iterable<Oid>, limit: number) => {
    // An object that is reached by a shorter way is walked on from again.
    const stepsTo = new Map<Oid, number>()
    let level = [...roots]
    for (let steps = 1; level.length > 0 && steps <= limit; steps++) {
      const next: Oid[] = []
      for (const oid of level) {
        if (isTooMuch()) return
        if (stepsTo.has(oid)) continue
        stepsTo.set(oid, steps)
        checkpoint()
        const object = objects.has(oid) ? objects.read(oid, NAMING_TYPES) : undefined
        if (!object) continue
        oids.add(oid)
        if (object.type === 'tag') level.push(targetOfTag(object.body))
        if (object.type === 'tree') addTree(oid, object.body)
        if (object.type !== 'commit') continue
        const parents = parentsOfCommit(object.body)
        commits.set(oid, parents)
        addTree(treeOfCommit(object.body))
        if (!cut.has(oid)) next.push(...parents)
      }
      level = next
    }
  }
  const addTree = (root: Oid, known?: Buffer) => {
    const pending = [root]
    for (let oid = pending.pop(); oid !== undefined; oid = pending.pop()) {
      if (isTooMuch()) return
      if (oids.has(oid) && !known) continue
      checkpoint()
      const body = known ?? (objects.has(oid) ? objects.read(oid, NAMING_TYPES).body : undefined)
      known = undefined
      if (!body) continue
      oids.add(oid)
      for (const entry = cursorOf({ oid, body }); entry.next(); ) {
        if (entry.kind === 'tree') pending.push(entry.oid)
        else if (entry.kind === 'blob') oids.add(entry.oid)
      }
    }
  }
  walk(published, depth === 'full' ? Number.POSITIVE_INFINITY : depth)
  walk(others, Number.POSITIVE_INFINITY)
  if (isTooMuch()) return undefined
  // An earlier worktree may be of use still that shows the parent of such an end.
  const isEnd = ([oid, parents]: [Oid, Oid[]]) =>
    cut.has(oid) || parents.some((parent) => !commits.has(parent))
  return { oids, shallow: [...commits].filter(isEnd).map(([oid]) => oid) }
}

/** Refs and HEADs of this service are what is published; the rest is somebody's. */
export function rootsOf(layout: HistoryLayout): Roots {
  const { repository, volume } = layout
  const roots: Roots = { published: new Set(), others: new Set() }
  const own = readOwn(layout)
  for (const [name, oid] of readAllRefs(layout)) {
    roots[own.get(name) === oid ? 'published' : 'others'].add(oid)
  }
  const worktrees = path.join(repository, 'worktrees')
  const names = readUnless(ABSENT, () => volume.names(worktrees)) ?? []
  for (const name of names) {
    const own = { ...layout, repository: path.join(worktrees, name) }
    for (const oid of readAllRefs(own).values()) roots.others.add(oid)
  }
  for (const directory of [repository, ...names.map((name) => path.join(worktrees, name))]) {
    const read = () => volume.readBytes(path.join(directory, 'HEAD'), MAX_HEAD_BYTES)
    const head = readUnless(ABSENT, read)?.toString('latin1').trim() ?? ''
    if (isOid(head)) roots.published.add(head)
    for (const oid of headsUnderWay(volume, directory)) roots.others.add(oid)
    for (const oid of loggedByOthers(layout, path.join(directory, 'logs'))) roots.others.add(oid)
  }
  return roots
}
