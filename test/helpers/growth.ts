// How the cost of work grows with its size: told by a ratio of CPU time, which a busy machine
// does not change much, and never by a clock on the wall.
import assert from 'node:assert/strict'

/** How much larger the larger size is; and how much more it may cost where cost grows linearly. */
const STEP = 8
const MOST = 3 * STEP
/** So often it is tried again: what a busy machine adds to all of them, cost does not grow by. */
const TRIES = 6
/** Less CPU time than this says nothing, in milliseconds. */
const LEAST_MS = 5

/** Throws where `work` on `size` costs much more than its share of the work on 8 times as much. */
export function assertLinear(size: number, work: (size: number) => void, what = ''): void {
  // Compiled, and its memory grown.
  work(size)
  const least = { small: Number.POSITIVE_INFINITY, large: Number.POSITIVE_INFINITY }
  const most = () => MOST * Math.max(LEAST_MS, least.small)
  for (let tries = 0; tries < TRIES && !(least.large < most()); tries++) {
    least.small = Math.min(
      least.small,
      cpuMsOfNow(() => work(size)),
    )
    least.large = Math.min(
      least.large,
      cpuMsOfNow(() => work(STEP * size)),
    )
  }
  const { large, small } = least
  assert.ok(large < most(), `${what}: ${small} ms for ${size}, ${large} ms for 8 times that`)
}

/** The CPU time of this process, its threads included, while `work` is done, in milliseconds. */
export async function cpuMsOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

function cpuMsOfNow(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
