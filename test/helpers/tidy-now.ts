// Tidies a site as if every grace time were over.
import { tidy } from '../../src/publish/publication.js'
import type { Target } from '../../src/publish/target.js'

/** Removes what is not needed, and prepares a standby. */
export function tidyNow(site: Target): void {
  tidy(site, { graceMs: 0, now: Date.now(), checkpoint: () => undefined })
}
