// What of a valid listing is most likely not meant.
import type { Fault } from '../base/document-fault.js'
import type { Entry, ListingDefaults } from './entry.js'

/** An interval below this, in milliseconds, asks more often than anybody needs. */
const SHORT_INTERVAL_MS = 1000

/** What to look at again of `entries`, and of the interval that they fall back on. */
export function findWarnings(
  entries: readonly Entry[],
  { intervalMs: defaultMs }: Pick<ListingDefaults, 'intervalMs'>,
): Fault[] {
  const own = entries.flatMap(({ intervalMs }, index) =>
    intervalMs === defaultMs ? [] : warn(`/${index}/interval`, intervalMs),
  )
  const fallback = warn('', defaultMs).map(({ message }) => `SCRAPE_INTERVAL ${message}`)
  return [...fallback.map((message) => ({ pointer: '', message })), ...own]
}

function warn(pointer: string, intervalMs: number): Fault[] {
  if (intervalMs >= SHORT_INTERVAL_MS) return []
  const message = `is ${intervalMs} ms, which asks the remote many times a second: if ${intervalMs} seconds are meant, write "${intervalMs}s"`
  return [{ pointer, message }]
}
