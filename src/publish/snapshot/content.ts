// Of each file, the oid of the bytes as they are published, where a conversion makes them other
// ones than those of its blob. Nothing at all where no file of the tree is converted.
import type { Oid } from '../../git/oid.js'
import type { TreeDiff } from '../tree/tree-diff.js'

/** Empty, or one binary oid for each file in pre-order: zeros where the blob itself is published. */
export type PublishedContent = Buffer

/** No file of the tree is converted. */
export const ALL_AS_STORED: PublishedContent = Buffer.alloc(0)

/** The oid of the bytes of a converted file; undefined where its blob is published as it is. */
export function contentOf(content: PublishedContent, index: number, like: Oid): Oid | undefined {
  if (content.length === 0) return undefined
  const size = like.length / 2
  const oid = content.toString('hex', index * size, (index + 1) * size)
  return /[^0]/.test(oid) ? oid : undefined
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
