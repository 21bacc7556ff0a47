// A site in a fresh directory, and a real repository whose commits are published there.
import assert from 'node:assert/strict'
import { existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { ObjectFormat } from '../../src/git/oid.js'
import type { Published } from '../../src/publish/publisher.js'
import type { PublishMode, Target } from '../../src/publish/target.js'
import { commitStore } from './commit-store.js'
import { createRepo, type TestRepo, type TestScope, tempDir } from './git.js'
import type { CommitFiles } from './git-commit.js'
import type { MemoryTarget } from './git-target.js'
import { publish } from './publish.js'
import { readTree, type Tree, treeDifferences } from './same-tree.js'

export interface SiteOptions {
  /** @default 'in-place' */
  mode?: PublishMode
  /** Keeps state apart from what is published. @default false */
  stateDirectory?: boolean
  /** @default 'sha1' */
  objectFormat?: ObjectFormat
}

export interface TestSite {
  /** A bare repository that has all these commits, and no refs. */
  readonly repo: TestRepo
  /** An empty directory beside the volume. */
  readonly outside: string
  readonly volume: string
  /** The published path. */
  readonly directory: string
  site: Target
  /** The target of a new commit of these files. */
  commit(files: CommitFiles): MemoryTarget
  /** Publishes, and compares what is there with git's checkout. */
  publish(target: MemoryTarget | CommitFiles): Published
  assertPublished(target: MemoryTarget): void
  /** What git checks out of a target's commit. */
  checkout(target: Pick<MemoryTarget, 'commit'>): Tree
  /** A path below the published one. */
  at(relative: string): string
}

export function createSite(t: TestScope, options: SiteOptions = {}): TestSite {
  const { mode = 'in-place', stateDirectory = false, objectFormat = 'sha1' } = options
  const base = tempDir(t)
  const store = commitStore(objectFormat)
  let repo: TestRepo | undefined
  const [outside, volume] = [path.join(base, 'outside'), path.join(base, 'volume')]
  mkdirSync(outside)
  mkdirSync(volume)
  const directory = path.join(volume, 'site')
  const stateDir = stateDirectory ? path.join(base, 'state') : undefined
  const test: TestSite = {
    get repo() {
      repo ??= borrowingRepo(path.join(base, 'repo.git'), store.repo, objectFormat)
      return repo
    },
    outside,
    volume,
    directory,
    site: { directory, mode, stateRoot: stateDir },
    commit: (files) => store.targetOf(store.commitOf(files)),
    publish(given) {
      const target = isTarget(given) ? given : test.commit(given)
      const published = publish(test.site, target, () => undefined)
      test.assertPublished(target)
      return published
    },
    checkout: ({ commit }) => store.checkout(commit, repo),
    assertPublished(target) {
      assert.deepEqual(treeDifferences(readTree(directory), test.checkout(target)), [])
    },
    at: (relative) => path.join(directory, relative),
  }
  return test
}

/** A repository that has every object of another one. */
function borrowingRepo(directory: string, from: TestRepo, objectFormat: ObjectFormat): TestRepo {
  const repo = createRepo(directory, { bare: true, objectFormat })
  const alternates = path.join(directory, 'objects/info/alternates')
  writeFileSync(alternates, `${path.join(from.gitDir, 'objects')}\n`)
  return repo
}

function isTarget(given: MemoryTarget | CommitFiles): given is MemoryTarget {
  return typeof given['readTree'] === 'function'
}

/** What tells one file from another, and whether it was touched. */
export function identity(file: string): { ino: number; mtimeMs: number } {
  const { ino, mtimeMs } = lstatSync(file)
  return { ino, mtimeMs }
}

/** The names in a directory, sorted; undefined where there is none. */
export function namesIn(directory: string): string[] | undefined {
  return existsSync(directory) ? readdirSync(directory).sort() : undefined
}
