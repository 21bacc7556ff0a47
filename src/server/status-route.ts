// What every entry is at, for people and scripts.
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

export interface StatusSource {
  status(): StatusReport
}

/** Adds GET /status. */
export function addStatusRoute(app: FastifyInstance, source: StatusSource): void {
  app.get('/status', (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(redactedJson(source.status())),
  )
}
