// A site behind whose files a repository is kept, fed by real git's own answers to shallow fetches,
// and looked at by real git.
import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Oid } from '../../src/git/oid.js'
import { type CompletePack, KeptPack } from '../../src/pack/kept-pack.js'
import { ensureRepository } from '../../src/publish/history/create.js'
import { joinPacks } from '../../src/publish/history/join.js'
import { directoryHistory, type HistoryLayout } from '../../src/publish/history/layout.js'
import { RepositoryObjects } from '../../src/publish/history/objects.js'
import { adoptPacks } from '../../src/publish/history/packs.js'
import { type Settlement, settle } from '../../src/publish/history/settle.js'
import type {
  HistoryDepth,
  PublishedHistory,
} from '../../src/publish/snapshot/published-history.js'
import type { Snapshot } from '../../src/publish/snapshot/snapshot.js'
import { readSnapshot } from '../../src/publish/snapshot/store.js'
import { directoryLayout, type HeldTarget } from '../../src/publish/target.js'
import { toBytePath } from '../../src/volume/byte-path.js'
import { fileAt, volumeAt } from './file-at.js'
import { git, type TestScope } from './git.js'
import { gitTarget } from './git-target.js'
import { packReader } from './packs.js'
import { publish } from './publish.js'
import { createSite, type SiteOptions, type TestSite } from './publish-site.js'
import { shallowFetch } from './shallow-fetch.js'

export interface HistorySite extends TestSite {
  readonly layout: HistoryLayout
  /** Fetches what is lacking for a commit, and publishes it with so much history. */
  follow(commit: Oid, depth: HistoryDepth): Promise<Settlement>
  /** What is remembered of what is published. */
  snapshot(): Snapshot
  /** Settles what is published. */
  settle(): Settlement
  /** Like {@link HistorySite.follow}, but that the repository is not settled. */
  publishUnsettled(commit: Oid, depth: HistoryDepth): Promise<void>
  /** Joins packs, where that is worth it. */
  join(depth: HistoryDepth): boolean
  /** What the object store takes, in bytes. */
  storeBytes(): number
  /** Real git in what is published. */
  git(...args: string[]): string
  /** Asserts what every look by real git must find. */
  assertRepository(commit: Oid, depth: HistoryDepth): void
}

const URL = 'https://git.example.com/site.git'

export function createHistorySite(t: TestScope, options: SiteOptions = {}): HistorySite {
  const test = createSite(t, options)
  const held = (): HeldTarget => ({
    ...test.site,
    volume: volumeAt(test.volume),
    path: toBytePath(test.directory),
  })
  const objectFormat = options.objectFormat ?? 'sha1'
  let last: { commit: Oid; shallow: readonly Oid[] } | undefined
  let files = 0
  const createFile = () => fileAt(path.join(test.outside, String(files++)))
  const own: HistorySite = {
    ...test,
    get layout() {
      return directoryHistory(directoryLayout(held()))
    },
    async follow(commit: Oid, depth: HistoryDepth): Promise<Settlement> {
      await own.publishUnsettled(commit, depth)
      return own.settle()
    },
    async publishUnsettled(commit: Oid, depth: HistoryDepth): Promise<void> {
      const answer = shallowFetch(test.repo, {
        want: commit,
        depth,
        have: last?.commit,
        shallow: last?.shallow ?? [],
      })
      await ensureRepository(own.layout, { url: URL, objectFormat })
      const pack = await keepPack(own.layout, answer.pack, { createFile, objectFormat })
      adoptPacks(own.layout, pack ? [pack] : [])
      const history: PublishedHistory = {
        depth,
        url: URL,
        branch: 'refs/heads/main',
        refs: { 'refs/heads/main': commit, 'refs/remotes/origin/main': commit },
        shallow: answer.shallow,
      }
      publish(test.site, { ...gitTarget(test.repo, commit), history }, () => undefined)
      last = { commit, shallow: answer.shallow }
    },
    snapshot(): Snapshot {
      const snapshot = readSnapshot(directoryLayout(held()))
      assert.ok(snapshot)
      return snapshot
    },
    settle: () => settle(own.layout, { root: test.directory }, own.snapshot(), 1_700_000_000_000),
    join: (depth: HistoryDepth) =>
      joinPacks(own.layout, { depth, objectFormat, checkpoint: () => undefined }),
    storeBytes: () => bytesBelow(path.join(test.directory, '.git/objects')),
    git: (...args: string[]) => git(test.directory, ...args),
    assertRepository(commit: Oid, depth: HistoryDepth) {
      assert.equal(own.git('rev-parse', 'HEAD'), commit)
      assert.equal(own.git('status', '--porcelain'), '')
      assert.equal(own.git('fsck', '--full'), '')
      const max = depth === 'full' ? [] : [`--max-count=${depth}`]
      const expected = test.repo.git('rev-list', ...max, commit).split('\n')
      if (depth === 'full') assert.deepEqual(own.git('rev-list', 'HEAD').split('\n'), expected)
      else
        assert.equal(
          own.git('rev-list', '--first-parent', 'HEAD').split('\n').length <= depth,
          true,
        )
    },
  }
  return own
}

/** What all files below a directory take, in bytes. */
export function bytesBelow(directory: string): number {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  const stats = names.map((name) => statSync(path.join(directory, name)))
  return stats.reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0)
}

/** Keeps a pack that came, as the worker does. */
export async function keepPack(
  layout: HistoryLayout,
  bytes: Buffer,
  {
    createFile,
    objectFormat,
  }: { createFile: () => ReturnType<typeof fileAt>; objectFormat: 'sha1' | 'sha256' },
): Promise<CompletePack | undefined> {
  const objects = new RepositoryObjects(layout, objectFormat)
  const kept = new KeptPack({ createFile, objectFormat, checkpoint: () => undefined })
  const findBase = (oid: Oid) => objects.readIfAny(oid)
  const reader = packReader({
    objectFormat,
    createFile,
    findBase,
    onBytes: (piece) => kept.write(piece),
  })
  try {
    for (let start = 0; start < bytes.length; start += 4000) {
      await reader.write(bytes.subarray(start, start + 4000))
    }
    await reader.finish()
    return await kept.complete(reader.entries, (oid) => findBase(oid) ?? assert.fail(oid))
  } finally {
    kept.close()
    reader.close()
    objects.close()
  }
}
