// What every entry is at, for people and scripts.
import type { FastifyInstance } from 'fastify'
import type { EntryStatus } from '../sync/status.js'
import { redactedJson } from './redacted-json.js'
import { streamed } from './streamed.js'

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

/** Another instance, and what it has of the listing. */
export interface OtherShard {
  index: number
  /** How many entries are its own. */
  entries: number
  /** Who was seen to work on some of them last; null where nobody was. */
  holder: string | null
}

/** An entry of the listing that another instance publishes. */
export interface EntryElsewhere {
  path: string
  /** The index of the instance. */
  shard: number
  /** Who was seen to work on it last; null where nobody was, or it is not looked at. */
  holder: string | null
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
  /** Which of several instances this is, and which are the others. */
  shard?: { index: number; total: number; others: readonly OtherShard[] }
  entries: ShownEntry[]
  /** With several instances: what is not this one's. */
  elsewhere?: EntryElsewhere[]
}

/** What is to be shown, which is made as it is asked for. */
export interface Shown<T> {
  path: string
  /** Another one once it may be shown otherwise; undefined where that may be at any time. */
  stamp: object | undefined
  show(): T
}

/** Of which each entry is made as it is asked for. */
export interface LazyReport extends Omit<StatusReport, 'entries' | 'elsewhere'> {
  entries: Iterable<Shown<ShownEntry>>
  elsewhere?: Iterable<EntryElsewhere>
}

export interface StatusSource {
  status(): LazyReport
}

/** Adds GET /status. */
export function addStatusRoute(app: FastifyInstance, source: StatusSource): void {
  app.get('/status', (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(streamed(jsonOf(source.status()))),
  )
}

function* jsonOf({ elsewhere, entries, ...rest }: LazyReport): Generator<string> {
  yield redactedJson(rest).slice(0, -1)
  yield* arrayOf('entries', entries, ({ show }) => show())
  if (elsewhere) yield* arrayOf('elsewhere', elsewhere, (entry) => entry)
  yield '}'
}

function* arrayOf<T>(
  name: string,
  items: Iterable<T>,
  shownOf: (item: T) => object,
): Generator<string> {
  yield `,"${name}":[`
  let separator = ''
  for (const item of items) {
    yield separator + redactedJson(shownOf(item))
    separator = ','
  }
  yield ']'
}
