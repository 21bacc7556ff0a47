// Commits for tests to publish, of which real git checks out each but once in a process: the same
// files are the same commit, and many tests publish them.
import { rmSync } from 'node:fs'
import path from 'node:path'
import { treeOfCommit } from '../../src/git/object.js'
import type { ObjectFormat, Oid } from '../../src/git/oid.js'
import { type CommitFiles, commitFiles } from './git-commit.js'
import { type MemoryTarget, memoryTarget, readObjects } from './git-target.js'
import { checkedOutTree, type Tree } from './same-tree.js'
import { makeScratchDirectory } from './scratch.js'
import { createRepo, type TestRepo } from './test-repo.js'

const stores = new Map<ObjectFormat, CommitStore>()

/** The store of this process; it lasts until its end. */
export function commitStore(objectFormat: ObjectFormat): CommitStore {
  const store = stores.get(objectFormat) ?? new CommitStore(objectFormat)
  stores.set(objectFormat, store)
  return store
}

class CommitStore {
  /** Holds all of them; it is not to be written to by tests. */
  readonly repo: TestRepo
  readonly #objects = new Map<Oid, ReadonlyMap<Oid, Buffer>>()
  readonly #checkouts = new Map<Oid, Tree>()

  constructor(objectFormat: ObjectFormat) {
    const directory = makeScratchDirectory()
    process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
    this.repo = createRepo(path.join(directory, 'repo.git'), { bare: true, objectFormat })
  }

  /** A commit of exactly these files, without a parent. */
  commitOf(files: CommitFiles): Oid {
    return commitFiles(this.repo, files)
  }

  /** A target of its own for what may be published already. */
  targetOf(commit: Oid): MemoryTarget {
    const objects = this.#objects.get(commit) ?? readObjects(this.repo, commit)
    this.#objects.set(commit, objects)
    return memoryTarget(commit, treeOfCommit(objects.get(commit) as Buffer), objects)
  }

  /** What git checks out of a commit, which is in this repository. */
  checkout(commit: Oid, { dir }: TestRepo = this.repo): Tree {
    const tree = this.#checkouts.get(commit) ?? checkedOutTree(dir, commit)
    this.#checkouts.set(commit, tree)
    return tree
  }
}
