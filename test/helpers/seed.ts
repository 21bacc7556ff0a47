// What all that tests make at random follows from, so that what failed fails again.

/** Whether every point of a sweep is tried, and other random input each time, as by `npm run sweeps`. */
export const IS_WHOLE = process.env['SWEEPS'] === 'whole'

/** SEED of the environment, which the runner prints; without it always the same, but in sweeps. */
export const SEED = seedFrom(process.env['SEED'] ?? (IS_WHOLE ? undefined : '20240101'))

/** The seed that is given, or one of the moment. */
export function seedFrom(given: string | undefined): number {
  const seed = given === undefined ? Date.now() % 1_000_000 : Number(given)
  if (!Number.isSafeInteger(seed)) throw new Error(`a seed must be a whole number: ${given}`)
  return seed
}
