// What GET /status answers.
import type { EntryStatus } from '../sync/status.js'

export interface StatusReport {
  build: { version: string; node: string }
  listing: {
    path: string
    /** Whether the file on disk is what is in force. */
    valid: boolean
    /** When the listing in force was taken on: ISO 8601. */
    loadedAt: string
    entries: number
  }
  entries: EntryStatus[]
}
