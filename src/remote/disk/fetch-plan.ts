// What a pack must hold: the wanted commits with their trees, without anything that the commits reach
// which the client has already.
import { type GitObject, targetOfTag, treeOfCommit } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import { TreeCursor } from '../../git/tree.js'
import type { WholeMemory } from '../../git/whole-objects.js'
import type { FetchRequest } from '../remote-session.js'
import { walkCommits } from './commit-walk.js'
import type { ObjectStore } from './object-store.js'
import { NAMING_TYPES } from './whole-object.js'

/** What it takes to know an object, in bytes: its oid as text, in a set and a list. */
const OBJECT_BYTES = 128

/**
 * The objects in the order of the pack: tags and commits, trees, and blobs. `haves` that the
 * store does not know are ignored.
 */
export function planFetch(store: ObjectStore, request: FetchRequest, memory: WholeMemory): Oid[][] {
  const { haves, wants, withoutBlobs = false } = request
  const read = (oid: Oid) => store.read(oid, NAMING_TYPES)
  const readIfAny = (oid: Oid) => (store.has(oid) ? read(oid) : undefined)
  const { edge, lacking } = walkCommits(request, readIfAny, memory)
  const seen = new Set<Oid>()
  // What a partial or damaged repository lacks of them is known to the client all the same.
  for (const have of [...haves, ...edge]) collect(have, { seen, read: readIfAny, memory })
  const wanted = new Set(wants)
  const starts = new Set([...wants, ...lacking])
  const found = [...starts].map((start) => collect(start, { seen, read, memory }))
  return [
    found.flatMap(({ heads }) => heads),
    found.flatMap(({ trees }) => trees),
    found.flatMap(({ blobs }) => (withoutBlobs ? blobs.filter((oid) => wanted.has(oid)) : blobs)),
  ]
}

interface Found {
  heads: Oid[]
  trees: Oid[]
  blobs: Oid[]
}

/** Where objects are collected. */
interface Collection {
  /** What was found so far. */
  seen: Set<Oid>
  read: (oid: Oid) => GitObject | undefined
  memory: WholeMemory
}

/** Collects what `start` reaches without parents and is not in `seen`, and adds it there. */
function collect(start: Oid, { memory, read, seen }: Collection): Found {
  const found: Found = { heads: [], trees: [], blobs: [] }
  const add = (oid: Oid, list: Oid[]) => {
    if (seen.has(oid)) return false
    seen.add(oid)
    list.push(oid)
    return true
  }
  const pending = [start]
  // Objects are not verified: what leads to itself must end, too.
  const visited = new Set<Oid>()
  for (let oid = pending.pop(); oid !== undefined; oid = pending.pop()) {
    if (visited.has(oid) || (seen.has(oid) && oid !== start)) continue
    visited.add(oid)
    const object = read(oid)
    if (!object) continue
    const { type, body } = object
    switch (type) {
      case 'tag':
        add(oid, found.heads)
        pending.push(targetOfTag(body))
        break
      case 'commit':
        add(oid, found.heads)
        pending.push(treeOfCommit(body))
        break
      case 'blob':
        add(oid, found.blobs)
        break
      case 'tree': {
        if (!add(oid, found.trees)) break
        /** What it names that is still to be looked into. */
        const below = new Set<Oid>()
        for (const entry = new TreeCursor(body, oid.length / 2); entry.next(); ) {
          if (entry.kind === 'blob') add(entry.oid, found.blobs)
          else if (entry.kind === 'tree' && !seen.has(entry.oid)) below.add(entry.oid)
          memory.hold('plan', (seen.size + pending.length + below.size) * OBJECT_BYTES)
        }
        // The first of them comes next.
        for (const tree of [...below].reverse()) pending.push(tree)
      }
    }
  }
  return found
}
