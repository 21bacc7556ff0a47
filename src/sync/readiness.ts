// What the probes ask: which required entries have content in place, and whether all of
// them had at some time. An entry that is added while the service runs counts from its first
// content on, so that a slip in it takes no pod out of its Service.
import type { EntryRecords } from './state/records.js'

export class Readiness {
  readonly #listed: () => readonly EntryRecords[]
  #hasStarted = false
  /** What it was last seen to wait for: with thousands of entries, one is looked at and not all. */
  #waitsFor: EntryRecords | undefined

  /** `listed` gives the entries of the listing, each the same object while it is listed. */
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
    if (this.#hasStarted || (this.#waitsFor && isWaitedFor(this.#waitsFor))) return this.#hasStarted
    this.#waitsFor = this.#listed().find(isWaitedFor)
    this.#hasStarted = this.#waitsFor === undefined
    return this.#hasStarted
  }

  #withoutContent(): EntryRecords[] {
    return this.#required().filter(({ observed }) => !observed.hasContent)
  }

  #required(): EntryRecords[] {
    return this.#listed().filter(isRequired)
  }
}

function isWaitedFor(records: EntryRecords): boolean {
  const { desired, observed } = records
  return desired.listing === 'listed' && isRequired(records) && !observed.hasContent
}

function isRequired({ desired, observed }: EntryRecords): boolean {
  // Until it is given up there, an entry counts where it was before the number of shards changed.
  return desired.entry.required && !observed.waiting?.isOfOtherShard
}

function pathsOf(entries: readonly EntryRecords[]): string[] {
  return entries.map(({ desired }) => desired.entry.path)
}
