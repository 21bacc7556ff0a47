// Tidies a site as if every grace time were over.
import { type Site, tidy } from '../../src/publish/publication.js'

/** Removes what is not needed, and prepares a standby. */
export function tidyNow(site: Site): void {
  tidy(site, { graceMs: 0, now: Date.now(), checkpoint: () => undefined })
}
