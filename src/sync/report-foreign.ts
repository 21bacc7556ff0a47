// What `clean` removed is told wherever it was: at a look at what is in place, or after a
// publication.
import type { Inspection } from '../publish/snapshot/inspection.js'
import type { EntryState } from './entry-state.js'
import type { Observe } from './events.js'

/** Tells what was removed that this service had not written, if anything was. */
export function reportForeign(
  { foreign }: Pick<Inspection, 'foreign'>,
  { labels }: EntryState,
  observe: Observe,
): void {
  if (!foreign) return
  const { count: files, paths: firstPaths } = foreign
  observe({ type: 'foreign-removed', ...labels, files, firstPaths })
}
