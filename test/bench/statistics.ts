// What is made of samples, and how ours and git's are taken in turn.

/** The middle of the samples, or the mean of the two in the middle; NaN where there are none. */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/** The two sides of a comparison; each is told the number of the round, from 0. */
export interface Sides<O, G> {
  /** What both sides need, not measured. */
  prepare?(round: number): void | Promise<void>
  ours(round: number): Promise<O>
  git(round: number): Promise<G>
}

export interface Rounds {
  rounds: number
  /** Rounds that come first and do not count. */
  warmUps: number
}

/** Measures both sides in turn, each going first in every other round. */
export async function alternate<O, G>(
  { rounds, warmUps }: Rounds,
  sides: Sides<O, G>,
): Promise<{ ours: O[]; git: G[] }> {
  const ours: O[] = []
  const git: G[] = []
  for (let round = 0; round < warmUps + rounds; round++) {
    await sides.prepare?.(round)
    if (round % 2 === 0) ours.push(await sides.ours(round))
    git.push(await sides.git(round))
    if (round % 2 === 1) ours.push(await sides.ours(round))
  }
  return { ours: ours.slice(warmUps), git: git.slice(warmUps) }
}
