// What the probes ask: which required entries have content in place, and whether all of
// them had at some time.
import type { EntryState } from './entry-state.js'

export class Readiness {
  readonly #listed: () => readonly EntryState[]
  #hasStarted = false

  /** `listed` gives the entries of the listing. */
  constructor(listed: () => readonly EntryState[]) {
    this.#listed = listed
  }

  /** The paths of required entries without content in place. */
  missing(): string[] {
    return this.#required()
      .filter(({ hasContent }) => !hasContent)
      .map(({ entry }) => entry.path)
  }

  /** By the paths of required entries that another instance publishes: which one. */
  waiting(): Record<string, string> {
    return Object.fromEntries(
      this.#required().flatMap(({ entry, waiting }) =>
        waiting ? [[entry.path, waiting.error.message]] : [],
      ),
    )
  }

  /** Whether every required entry had content in place at some time that was looked at. */
  hasStarted(): boolean {
    this.#hasStarted ||= this.missing().length === 0
    return this.#hasStarted
  }

  #required(): EntryState[] {
    return this.#listed().filter(({ entry }) => entry.required)
  }
}
