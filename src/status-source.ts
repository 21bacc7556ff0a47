// What the probes, /status and the page show of the service. Neither what a server or a program echoed
// nor what a commit holds is shown with a secret in it.
import type { Clock } from './base/clock.js'
import { cutSentence } from './base/cut-text.js'
import type { Redactor } from './base/known-secrets.js'
import type { AfterHooks, HookFailure } from './hooks/after-hooks.js'
import type { ListingInForce } from './listing-in-force.js'
import type { ServerSource } from './server/server.js'
import type { FailingHook, Shown, ShownEntry, StatusReport } from './server/status-route.js'
import type { Sharding } from './sharding.js'
import type { EntryStatus } from './sync/status.js'
import type { Synchronizer } from './sync/synchronizer.js'

export interface StatusSourceOptions {
  build: Pick<StatusReport['build'], 'version' | 'revision'>
  synchronizer: Pick<Synchronizer, 'count' | 'eachEntry' | 'readiness'>
  listing: Pick<ListingInForce, 'state'>
  redactor: Redactor
  hooks: Pick<AfterHooks, 'failuresOf'>
  clock: Clock
  /** Undefined where this is the only instance. */
  sharding?: Pick<Sharding, 'status'> | undefined
}

/** Creates what the routes of the server show. */
export function createStatusSource({
  build,
  synchronizer,
  listing,
  redactor,
  hooks,
  clock,
  sharding,
}: StatusSourceOptions): Pick<ServerSource, 'starting' | 'missing' | 'waiting' | 'status'> {
  function* shownEntries(): Generator<Shown<ShownEntry>> {
    for (const { path, show, stamp } of synchronizer.eachEntry()) {
      const failures = hooks.failuresOf(path)
      yield {
        path,
        stamp: failures.length > 0 ? undefined : stamp,
        show() {
          const failingHooks = failures.map((failure) => shown(failure, redactor, clock))
          return { ...withoutSecrets(show(), redactor), failingHooks }
        },
      }
    }
  }
  return {
    starting: () => synchronizer.readiness.starting(),
    missing: () => synchronizer.readiness.missing(),
    waiting: () => synchronizer.readiness.waiting(),
    status() {
      const { faults, ...inForce } = listing.state
      const redacted = faults && { faults: faults.map((fault) => redactor.redact(fault)) }
      const others = sharding?.status()
      const count = synchronizer.count + (others?.elsewhere.length ?? 0)
      return {
        build: { ...build, node: process.version },
        listing: { ...inForce, ...redacted, entries: count },
        ...others,
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
