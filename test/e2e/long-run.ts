// What the long runs beside the tests share: a seed, what is told at the end, and the exit code.
import { type TestScope, withScope } from '../helpers/at-end.js'

/** What a run counted, by name, and what must not be. */
export interface LongRun {
  counts: Record<string, number>
  faults: readonly string[]
}

/**
 * Runs to the end, prints the report, and sets the exit code 1 where a fault was found. SIGTERM, of which
 * `run` is told, ends it earlier, with a report of what was seen; a second one ends it at once.
 */
export async function runAtLength(
  seed: number,
  run: (scope: TestScope, interrupted: AbortSignal) => Promise<LongRun>,
): Promise<void> {
  const startedAt = Date.now()
  const interrupted = new AbortController()
  process.once('SIGTERM', () => interrupted.abort())
  await withScope(async (scope) => {
    try {
      const { counts, faults } = await run(scope, interrupted.signal)
      const seconds = Math.round((Date.now() - startedAt) / 1000)
      const rows = { seed, seconds, ...counts, 'faults found': faults.length }
      for (const [name, value] of Object.entries(rows)) console.log(`${name.padEnd(60)}${value}`)
      for (const fault of faults) console.log(`FAULT ${fault}`)
      if (faults.length > 0) process.exitCode = 1
    } catch (error) {
      // What cannot be cleaned up after it would hide it.
      console.error(error)
      process.exitCode = 1
    }
  })
}

/** Counts whose names each begin alike. */
export function named(prefix: string, counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [`${prefix} ${name}`, count]),
  )
}
