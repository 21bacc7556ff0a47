// What the probes ask: which required entries have content in place, and whether all of
// them had at some time.
import type { EntryRecords } from './state/records.js'

export class Readiness {
  readonly #listed: () => readonly EntryRecords[]
  #hasStarted = false

  /** `listed` gives the entries of the listing. */
  constructor(listed: () => readonly EntryRecords[]) {
    this.#listed = listed
  }

  /** The paths of required entries without content in place. */
  missing(): string[] {
    return this.#required()
      .filter(({ observed }) => !observed.hasContent)
      .map(({ desired }) => desired.entry.path)
  }

  /** By the paths of required entries that another instance publishes: which one. */
  waiting(): Record<string, string> {
    return Object.fromEntries(
      this.#required().flatMap(({ desired, observed: { waiting } }) =>
        waiting ? [[desired.entry.path, waiting.error.message]] : [],
      ),
    )
  }

  /** Whether every required entry had content in place at some time that was looked at. */
  hasStarted(): boolean {
    this.#hasStarted ||= this.missing().length === 0
    return this.#hasStarted
  }

  #required(): EntryRecords[] {
    return this.#listed().filter(({ desired }) => desired.entry.required)
  }
}
