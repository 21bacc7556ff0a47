// What the probes ask: which required entries have content in place, and whether all of
// them had at some time. An entry that is added while the service runs counts from its first
// content on, so that a slip in it takes no pod out of its Service.
import type { EntryRecords } from './state/records.js'

export class Readiness {
  readonly #listed: () => readonly EntryRecords[]
  #hasStarted = false

  /** `listed` gives the entries of the listing. */
  constructor(listed: () => readonly EntryRecords[]) {
    this.#listed = listed
  }

  /** The paths of required entries without content in place, but for late ones. */
  missing(): string[] {
    return pathsOf(this.#withoutContent().filter(({ desired }) => !desired.isLate))
  }

  /** By the paths of required entries that another instance publishes: which one. */
  waiting(): Record<string, string> {
    return Object.fromEntries(
      this.#required().flatMap(({ desired, observed: { hasContent, waiting } }) =>
        waiting && (hasContent || !desired.isLate)
          ? [[desired.entry.path, waiting.error.message]]
          : [],
      ),
    )
  }

  /** The paths of required entries without content, late ones among them, until it has started. */
  starting(): string[] {
    return this.hasStarted() ? [] : pathsOf(this.#withoutContent())
  }

  /** Whether every required entry had content in place at some time that was looked at. */
  hasStarted(): boolean {
    this.#hasStarted ||= this.#required().every(({ observed }) => observed.hasContent)
    return this.#hasStarted
  }

  #withoutContent(): EntryRecords[] {
    return this.#required().filter(({ observed }) => !observed.hasContent)
  }

  #required(): EntryRecords[] {
    return this.#listed().filter(
      ({ desired, observed }) =>
        // Until it is given up there, an entry counts where it was before the number of shards changed.
        desired.entry.required && !observed.waiting?.isOfOtherShard,
    )
  }
}

function pathsOf(entries: readonly EntryRecords[]): string[] {
  return entries.map(({ desired }) => desired.entry.path)
}
