// A target, and the real packs of its repository to unpack there.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { UNLIMITED } from '../../src/git/limits.js'
import type { Oid } from '../../src/git/oid.js'
import { unpack } from '../../src/worker/receive.js'
import type { Unpacked, UnpackOptions } from '../../src/worker/unpacked.js'
import { commitStore } from './commit-store.js'
import type { TestScope } from './git.js'
import type { CommitFiles } from './git-commit.js'
import { memoryOf } from './memory.js'
import { packObjects } from './packs.js'
import { createSite, namesIn, type SiteOptions, type TestSite } from './publish-site.js'
import { readTree, treeDifferences } from './same-tree.js'
import { split } from './spilled-packs.js'

export interface UnpackSite extends TestSite {
  /** A commit of these files. */
  commitOf(files: CommitFiles): Oid
  /** Everything that a commit, or what leads to one, needs. */
  fullPack(want: Oid): Buffer
  /** What `want` needs on top of `have`, with deltas against what `have` has. */
  thinPack(want: Oid, have: Oid): Buffer
  /** Unpacks, and publishes, with the defaults of the tests. */
  unpack(pack: Buffer, options: Partial<UnpackOptions> & { want: Oid }): Promise<Unpacked>
  assertCommit(commit: Oid): void
  /** What is beside the published files, for work under way. */
  leftOvers(): string[]
}

/** By the oids of what they hold and of what they build on. */
const packs = new Map<string, Buffer>()

/** Creates an empty target whose packs come from real git, which makes each but once in a process. */
export function createUnpackSite(t: TestScope, options: SiteOptions = {}): UnpackSite {
  const test = createSite(t, options)
  const store = commitStore(options.objectFormat ?? 'sha1')
  const own =
    test.site.mode === 'symlink'
      ? path.join(test.volume, '.git-autosync', 'site')
      : test.at('.git-autosync')
  const pack = (revisions: string, ...args: string[]): Buffer => {
    const made = packs.get(revisions) ?? packObjects(test.repo, revisions, '--revs', ...args)
    packs.set(revisions, made)
    // Some tests damage theirs.
    return Buffer.from(made)
  }
  return {
    ...test,
    commitOf: (files) => store.commitOf(files),
    fullPack: (want) => pack(`${want}\n`),
    thinPack: (want, have) => pack(`${want}\n^${have}\n`, '--thin', '--shallow'),
    unpack: (pack, more) =>
      unpack(chunksOf(split(pack, [4000])), {
        target: test.site,
        have: undefined,
        memoryBytes: 1 << 20,
        limits: UNLIMITED,
        memory: memoryOf(),
        checkpoint: () => undefined,
        ...more,
      }),
    assertCommit(commit) {
      assert.deepEqual(treeDifferences(readTree(test.directory), test.checkout({ commit })), [])
    },
    leftOvers: () =>
      ['incoming', 'staging']
        .filter((name) => existsSync(path.join(own, name)))
        .concat((namesIn(own) ?? []).filter((name) => name.endsWith('.new'))),
  }
}

/** Bytes as they come from a remote; then the failure, where there is one. */
export async function* chunksOf(chunks: readonly Buffer[], error?: Error): AsyncGenerator<Buffer> {
  yield* chunks
  if (error) throw error
}
