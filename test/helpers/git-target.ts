// A commit to publish, with its objects straight from a real repository.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { inflateSync } from 'node:zlib'
import { treeOfCommit } from '../../src/git/object.js'
import type { Oid } from '../../src/git/oid.js'
import { decodeTree, MODE } from '../../src/git/tree.js'
import type { CommitSource } from '../../src/publish/publisher.js'
import type { TestRepo } from './test-repo.js'

/** A target of objects in memory, and how often each kind was read. */
export interface MemoryTarget extends CommitSource {
  readonly reads: { trees: number; blobs: number }
}

/** The target of a commit. */
export function gitTarget(repo: TestRepo, commit: Oid): MemoryTarget {
  const objects = readObjects(repo, commit)
  const tree = treeOfCommit(objects.get(commit) as Buffer)
  return memoryTarget(commit, tree, objects)
}

/** The target of objects by oid. Reading any other one throws. */
export function memoryTarget(
  commit: Oid,
  tree: Oid,
  objects: ReadonlyMap<Oid, Buffer>,
): MemoryTarget {
  const reads = { trees: 0, blobs: 0 }
  const read = (oid: Oid): Buffer => {
    const body = objects.get(oid)
    if (!body) throw new Error(`the test has no object ${oid}`)
    return body
  }
  return {
    commit,
    tree,
    reads,
    hasTree: (oid) => objects.has(oid),
    readTree(oid) {
      reads.trees++
      return read(oid)
    },
    readBlob(oid) {
      reads.blobs++
      return { type: 'blob', body: read(oid) }
    },
  }
}

/** A commit and every object of its tree. */
export function readObjects(repo: TestRepo, commit: Oid): ReadonlyMap<Oid, Buffer> {
  return looseObjects(repo, commit) ?? printedObjects(repo, commit)
}

/** As git's files have them, which takes no process; undefined where they do not have all. */
function looseObjects({ gitDir }: TestRepo, commit: Oid): ReadonlyMap<Oid, Buffer> | undefined {
  const objects = new Map<Oid, Buffer>()
  const add = (oid: Oid) => {
    const file = path.join(gitDir, 'objects', oid.slice(0, 2), oid.slice(2))
    const stored = inflateSync(readFileSync(file))
    const body = stored.subarray(stored.indexOf(0) + 1)
    objects.set(oid, body)
    return body
  }
  const addTree = (tree: Oid) => {
    for (const { mode, oid } of decodeTree(add(tree), commit.length / 2)) {
      if (objects.has(oid) || mode === MODE.gitlink) continue
      if (mode === MODE.tree) addTree(oid)
      else add(oid)
    }
  }
  try {
    addTree(treeOfCommit(add(commit)))
    return objects
  } catch {
    // In a pack, or in another repository; or no tree that is decoded, as some tests are about.
    return undefined
  }
}

/** As `git cat-file --batch` prints them. */
function printedObjects(repo: TestRepo, commit: Oid): ReadonlyMap<Oid, Buffer> {
  const args = ['rev-list', '--objects', '--no-object-names', '--no-walk', commit]
  const oids = repo.gitBytes(args)
  const output = repo.gitBytes(['cat-file', '--batch'], { input: oids })
  const objects = new Map<Oid, Buffer>()
  for (let position = 0; position < output.length; ) {
    const bodyStart = output.indexOf(0x0a, position) + 1
    const [oid = '', , bytes] = output.toString('latin1', position, bodyStart).split(' ')
    const bodyEnd = bodyStart + Number(bytes)
    objects.set(oid, output.subarray(bodyStart, bodyEnd))
    position = bodyEnd + 1
  }
  return objects
}
