// What is remembered of files goes over from one snapshot to the next: of those that stay, what
// was remembered before; of those that were staged, what was found out then. What was published
// of a file is, where a conversion made other bytes of its blob, the oid of those.
import type { Oid } from '../../git/oid.js'
import type { TreeDiff } from '../tree/tree-diff.js'
import type { TreeFile } from '../tree/tree-places.js'
import { FileStats } from './file-stats.js'
import { ALL_AS_STORED, contentOf, type PublishedContent, type Snapshot } from './snapshot.js'

/** What was found out of the files of one commit, by their place in its tree. */
export class FileRecords {
  readonly #stats = new FileStats(0)
  /** Of each converted file, the oid of its bytes. */
  readonly contents = new Map<number, Oid>()

  /** Remembers a file whose bytes have this oid, and its {@link statFields}. */
  keep({ index, oid: stored }: TreeFile, oid: Oid, status: ArrayLike<number>): void {
    this.#stats.set(index, status)
    if (oid !== stored) this.contents.set(index, oid)
  }

  /** {@link STAT_FIELDS} numbers of a file: zeros where it was neither staged nor found right. */
  statOf(index: number): Float64Array {
    return this.#stats.at(index)
  }

  /** Whether a file was staged, or found right. */
  has(index: number): boolean {
    return this.statOf(index).some((field) => field !== 0)
  }

  /** Those of the first `count` files. */
  statsOf(count: number): FileStats {
    return this.#stats.first(count)
  }
}

/** The snapshot of a commit whose diff starts from `before`, and whose files were staged. */
export function nextSnapshot(
  before: Snapshot | undefined,
  next: Pick<Snapshot, 'commit' | 'summary' | 'signature' | 'attributes' | 'history' | 'origin'>,
  { trees, kept, writes }: TreeDiff,
  staged: FileRecords,
): Snapshot {
  const count = trees[0]?.files ?? 0
  if (!before && staged.contents.size === 0) {
    return { ...next, trees, stats: staged.statsOf(count), content: ALL_AS_STORED }
  }
  const stats = before ? before.stats.carry(kept, count) : new FileStats(count)
  const changed = new Map<number, Oid | undefined>()
  for (const { index } of writes) {
    const stat = staged.statOf(index)
    if (staged.has(index)) stats.set(index, stat)
    changed.set(index, staged.contents.get(index))
  }
  const content = carryContent(before?.content ?? ALL_AS_STORED, kept, count, {
    like: next.commit,
    changed,
  })
  return { ...next, trees, stats, content }
}

/**
 * Runs of unchanged files take their records to their new place among `count` files; `changed` has
 * those of others, by their new place.
 */
export function carryContent(
  content: PublishedContent,
  kept: TreeDiff['kept'],
  count: number,
  { like, changed }: { like: Oid; changed: ReadonlyMap<number, Oid | undefined> },
): PublishedContent {
  if (content.length === 0 && ![...changed.values()].some(Boolean)) return ALL_AS_STORED
  const size = like.length / 2
  const carried = Buffer.alloc(count * size)
  for (const { from, to, count } of content.length === 0 ? [] : kept) {
    content.copy(carried, to * size, from * size, (from + count) * size)
  }
  for (const [index, oid] of changed) {
    if (oid === undefined) carried.fill(0, index * size, (index + 1) * size)
    else carried.write(oid, index * size, 'hex')
  }
  return carried.some((byte) => byte !== 0) ? carried : ALL_AS_STORED
}

/** The records of `content` that are other ones than in `carried`. */
export function contentBeyond(
  carried: PublishedContent,
  content: PublishedContent,
  like: Oid,
): Map<number, Oid | undefined> {
  const beyond = new Map<number, Oid | undefined>()
  if (carried.equals(content)) return beyond
  const size = like.length / 2
  const bytes = Math.max(carried.length, content.length)
  const [before, after] = [carried, content].map((some) =>
    some.length > 0 ? some : Buffer.alloc(bytes),
  )
  for (let start = 0; start < bytes; start += size) {
    const end = start + size
    if (after?.compare(before as Buffer, start, end, start, end) === 0) continue
    beyond.set(start / size, contentOf(content, start / size, like))
  }
  return beyond
}
