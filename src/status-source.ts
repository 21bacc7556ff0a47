// What the probes, /status and the page show of the service. Neither what a server or a program echoed
// nor what a commit holds is shown with a secret in it.
import type { Clock } from './base/clock.js'
import { cutSentence } from './base/cut-text.js'
import type { Redactor } from './base/known-secrets.js'
import type { AfterHooks, HookFailure } from './hooks/after-hooks.js'
import type { ListingInForce } from './listing-in-force.js'
import type { ServerSource } from './server/server.js'
import type { FailingHook, ShownEntry, StatusReport } from './server/status-route.js'
import type { EntryStatus } from './sync/status.js'
import type { Synchronizer } from './sync/synchronizer.js'

export interface StatusSourceOptions {
  build: Pick<StatusReport['build'], 'version' | 'revision'>
  synchronizer: Pick<Synchronizer, 'count' | 'eachStatus' | 'readiness'>
  listing: Pick<ListingInForce, 'state'>
  redactor: Redactor
  hooks: Pick<AfterHooks, 'failuresOf'>
  clock: Clock
}

/** Creates what the routes of the server show. */
export function createStatusSource({
  build,
  synchronizer,
  listing,
  redactor,
  hooks,
  clock,
}: StatusSourceOptions): Pick<ServerSource, 'starting' | 'missing' | 'waiting' | 'status'> {
  function* shownEntries(): Generator<ShownEntry> {
    for (const entry of synchronizer.eachStatus()) {
      const failures = hooks.failuresOf(entry.path)
      const failingHooks = failures.map((failure) => shown(failure, redactor, clock))
      yield { ...withoutSecrets(entry, redactor), failingHooks }
    }
  }
  return {
    starting: () => synchronizer.readiness.starting(),
    missing: () => synchronizer.readiness.missing(),
    waiting: () => synchronizer.readiness.waiting(),
    status() {
      const { faults, ...inForce } = listing.state
      const redacted = faults && { faults: faults.map((fault) => redactor.redact(fault)) }
      return {
        build: { ...build, node: process.version },
        listing: { ...inForce, ...redacted, entries: synchronizer.count },
        entries: shownEntries(),
      }
    },
  }
}

function withoutSecrets(entry: EntryStatus, redactor: Redactor): EntryStatus {
  const { author, error, subject } = entry
  return {
    ...entry,
    subject: subject && redactor.redact(subject),
    author: author && redactor.redact(author),
    error: error && { ...error, message: redactor.redact(error.message) },
  }
}

function shown(
  { attempts, error, hook, nextAt }: HookFailure,
  redactor: Redactor,
  clock: Clock,
): FailingHook {
  return {
    hook,
    code: error.code,
    message: redactor.redact(cutSentence(error.message)),
    consecutiveFailures: attempts,
    nextAttempt: nextAt === undefined ? null : new Date(clock.wallTime(nextAt)).toISOString(),
  }
}
