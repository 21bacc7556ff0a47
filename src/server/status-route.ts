// What every entry is at, for people and scripts.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { EntryStatus } from '../sync/status.js'
import { redactedJson } from './redacted-json.js'

/** A hook in `after` that fails, and is tried again. */
export interface FailingHook {
  /** Its place in the entry, as `after/0`. */
  hook: string
  code: string
  message: string
  consecutiveFailures: number
  /** ISO 8601; null while it is at work. */
  nextAttempt: string | null
}

/** What is shown of an entry. */
export interface ShownEntry extends EntryStatus {
  failingHooks: readonly FailingHook[]
}

/** What it answers. */
export interface StatusReport {
  build: { version: string; revision: string; node: string }
  listing: {
    path: string
    /** Whether the file on disk is what is in force. */
    valid: boolean
    /** What is wrong with the file on disk, while it is not valid. */
    faults?: string[]
    /** When the listing in force was loaded: ISO 8601. */
    loadedAt: string
    entries: number
  }
  entries: ShownEntry[]
}

/** Of which each entry is made as it is asked for. */
export interface LazyReport extends Omit<StatusReport, 'entries'> {
  entries: Iterable<ShownEntry>
}

export interface StatusSource {
  status(): LazyReport
}

/** How many entries are written before others have a turn. */
const ENTRIES_A_TURN = 100

/** Adds GET /status. */
export function addStatusRoute(app: FastifyInstance, source: StatusSource): void {
  app.get('/status', async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(await jsonOf(source.status())),
  )
}

/** With pauses: that of ten thousand entries is long. */
async function jsonOf({ entries, ...rest }: LazyReport): Promise<string> {
  const texts: string[] = []
  for (const entry of entries) {
    texts.push(redactedJson(entry))
    if (texts.length % ENTRIES_A_TURN === 0) await nextTurn()
  }
  return `${redactedJson(rest).slice(0, -1)},"entries":[${texts.join()}]}`
}
