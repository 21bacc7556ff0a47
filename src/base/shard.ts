// Which of several instances takes what, by rendezvous hashing: a key gives each instance a weight
// of its own, and the heaviest takes it. So nobody has to be asked, and where the number of instances
// changes by one, only what the new or the gone one takes moves.
// https://en.wikipedia.org/wiki/Rendezvous_hashing
import { createHash } from 'node:crypto'

/** One of `total` instances; the first has the index 0. */
export interface Shard {
  index: number
  total: number
}

/** More than anybody needs, and few enough to be weighed for each of thousands of keys. */
const MOST_SHARDS = 1000

/** `index/total`, as `0/3`. Throws a RangeError whose message says what is wrong. */
export function parseShard(text: string): Shard {
  if (/\$[({]/.test(text)) {
    throw new RangeError(
      `holds a variable that was not filled in: ${JSON.stringify(text)}; Kubernetes fills in $(NAME) only where NAME stands before it in env`,
    )
  }
  const shard = readShard(text.trim())
  if (shard) return shard
  throw new RangeError(
    `must be index/total, as 0/3: the index counts from 0 and is less than the total, which is ${MOST_SHARDS} at most, not ${JSON.stringify(text)}`,
  )
}

/** As {@link parseShard}; undefined where it is none. */
export function readShard(text: unknown): Shard | undefined {
  const [, index, total] = /^(\d{1,4})\/(\d{1,4})$/.exec(String(text)) ?? []
  const shard = { index: Number(index), total: Number(total) }
  return shard.index < shard.total && shard.total <= MOST_SHARDS ? shard : undefined
}

/** The inverse of {@link parseShard}. */
export function formatShard({ index, total }: Shard): string {
  return `${index}/${total}`
}

/**
 * The index of the instance of `total` that takes `key`, and of the one that is next where that is
 * away. All instances have to agree, whatever their versions: this never changes.
 */
export function shardsOf(
  key: string,
  total: number,
): { owner: number; deputy: number | undefined } {
  const digest = createHash('sha256').update(key).digest()
  const seeds = [digest.readUInt32LE(0), digest.readUInt32LE(4)] as const
  let [owner, deputy]: [number, number | undefined] = [0, undefined]
  let [most, second] = [weightOf(seeds, 0), -1]
  for (let index = 1; index < total; index++) {
    const weight = weightOf(seeds, index)
    if (weight > most) [owner, deputy, most, second] = [index, owner, weight, most]
    else if (weight > second) [deputy, second] = [index, weight]
  }
  return { owner, deputy }
}

function weightOf([first, second]: readonly [number, number], index: number): number {
  return mix(mix(first ^ Math.imul(index + 1, 0x9e3779b1)) ^ second) >>> 0
}

/** The finalizer of MurmurHash3, after which each bit depends on all. */
function mix(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
