// What a pack must hold: the wanted commits with their trees, without anything that the commits reach
// which the client has already.
import { type GitObject, targetOfTag, treeOfCommit } from '../../git/object.js'
import type { Oid } from '../../git/oid.js'
import { decodeNames } from '../../git/tree.js'
import type { FetchRequest } from '../remote-session.js'
import { walkCommits } from './commit-walk.js'
import type { ObjectStore } from './object-store.js'

/**
 * The objects in the order of the pack: tags and commits, trees, and blobs. `haves` that the
 * store does not know are ignored.
 */
export function planFetch(store: ObjectStore, request: FetchRequest): Oid[][] {
  const { haves, wants, withoutBlobs = false } = request
  const readIfAny = (oid: Oid) => (store.has(oid) ? store.readNames(oid) : undefined)
  const { edge, lacking } = walkCommits(request, readIfAny)
  const seen = new Set<Oid>()
  // What a partial or damaged repository lacks of them is known to the client all the same.
  for (const have of [...haves, ...edge]) collect(have, seen, readIfAny)
  const wanted = new Set(wants)
  const starts = new Set([...wants, ...lacking])
  const found = [...starts].map((start) => collect(start, seen, (oid) => store.readNames(oid)))
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

/** Collects what `start` reaches without parents and is not in `seen`, and adds it there. */
function collect(start: Oid, seen: Set<Oid>, read: (oid: Oid) => GitObject | undefined): Found {
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
        const names = decodeNames(body, oid.length / 2)
        for (const { kind, oid: content } of names) if (kind === 'blob') add(content, found.blobs)
        // The first of them comes next.
        for (const { kind, oid: tree } of names.reverse()) {
          if (kind === 'tree' && !seen.has(tree)) pending.push(tree)
        }
      }
    }
  }
  return found
}
