// The series of one entry, from its listing to its removal: counters begin at 0
// so that rates see the first event, and nothing stays behind. They are made when the first
// event comes, or somebody looks, as a listing of thousands would hold up everything else.
import { isDeepStrictEqual } from 'node:util'
import { redact } from '../base/redact-patterns.js'
import type { EntryLabels } from '../sync/events.js'
import { CONDITIONS } from '../sync/state/lifecycle.js'
import type { EntryStatus } from '../sync/status.js'
import { HOOK_RESULTS, type Metrics, POLL_RESULTS, SYNC_RESULTS } from './metric-definitions.js'

/** The longest ref that becomes a label, in characters: longer ones are cut. */
const MAX_REF_LENGTH = 255

interface Shown extends Pick<EntryStatus, 'state' | 'required' | 'webhooks'> {
  code: string | undefined
}

/** Creates and removes the series of entries, and moves their publication from oid to oid. */
export class EntryMetrics {
  readonly #metrics: Metrics
  /** Of every entry in the listing, the labels of its publication, if it has one. */
  readonly #publications = new Map<
    string,
    Record<'entry' | 'repo' | 'ref' | 'oid', string> | undefined
  >()

  /** What is shown of each entry. */
  readonly #shown = new Map<string, Shown>()
  /** Of each entry, the hooks that have series. */
  readonly #hooks = new Map<string, Set<string>>()
  /** Entries that have no series yet. */
  readonly #isNew = new Set<string>()

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  /** Whether the entry is in the listing; what an aborted sync still reports must not count. */
  has(entry: string): boolean {
    return this.#publications.has(entry)
  }

  add({ entry }: EntryLabels): void {
    if (this.has(entry)) return
    this.#publications.set(entry, undefined)
    this.#isNew.add(entry)
  }

  /** Entries whose series are still to be made, by {@link ensure}. */
  get withoutSeries(): Iterable<string> {
    return this.#isNew
  }

  /** Makes an entry's series, if it has none. */
  ensure(entry: string): void {
    if (!this.#isNew.delete(entry)) return
    for (const result of POLL_RESULTS) this.#metrics.polls.inc({ entry, result }, 0)
    for (const result of SYNC_RESULTS) this.#metrics.syncs.inc({ entry, result }, 0)
    for (const counter of this.#plainCounters) counter.inc({ entry }, 0)
    for (const gauge of this.#plainGauges) gauge.set({ entry }, 0)
  }

  remove({ entry }: EntryLabels): void {
    this.removePublication({ entry })
    this.#publications.delete(entry)
    this.#hide(entry)
    this.#removeHooks(entry)
    if (this.#isNew.delete(entry)) return
    for (const result of POLL_RESULTS) this.#metrics.polls.remove({ entry, result })
    for (const result of SYNC_RESULTS) this.#metrics.syncs.remove({ entry, result })
    for (const metric of [...this.#plainCounters, ...this.#plainGauges]) metric.remove({ entry })
  }

  /** Shows what an entry is at; it costs little where that is what is shown already. */
  show({ path: entry, state, error, required, webhooks }: EntryStatus): void {
    if (!this.has(entry)) return
    const now: Shown = { state, code: error?.code, required, webhooks }
    if (isDeepStrictEqual(this.#shown.get(entry), now)) return
    this.#hide(entry)
    this.#shown.set(entry, now)
    for (const each of CONDITIONS) {
      this.#metrics.entryState.set({ entry, state: each }, Number(each === state))
    }
    this.#metrics.entryRequired.set({ entry }, Number(required))
    if (error) this.#metrics.entryError.set({ entry, code: error.code }, 1)
    if (webhooks === 'missed') this.#metrics.entryWebhooksMissed.set({ entry }, 1)
  }

  #hide(entry: string): void {
    const shown = this.#shown.get(entry)
    if (!shown) return
    this.#shown.delete(entry)
    for (const state of CONDITIONS) this.#metrics.entryState.remove({ entry, state })
    this.#metrics.entryRequired.remove({ entry })
    this.#metrics.entryWebhooksMissed.remove({ entry })
    if (shown.code !== undefined) this.#metrics.entryError.remove({ entry, code: shown.code })
  }

  /** One attempt of a hook. */
  countHook(
    { entry, hook }: { entry: string; hook: string },
    result: (typeof HOOK_RESULTS)[number],
  ): void {
    const hooks = this.#hooks.get(entry) ?? new Set()
    this.#hooks.set(entry, hooks.add(hook))
    for (const each of HOOK_RESULTS) {
      this.#metrics.hookRuns.inc({ entry, hook, result: each }, Number(each === result))
    }
  }

  #removeHooks(entry: string): void {
    for (const hook of this.#hooks.get(entry) ?? []) {
      for (const result of HOOK_RESULTS) this.#metrics.hookRuns.remove({ entry, hook, result })
    }
    this.#hooks.delete(entry)
  }

  /** What failed before counts no more. */
  forgetFailures({ entry }: EntryLabels): void {
    if (this.has(entry) && !this.#isNew.has(entry)) {
      this.#metrics.consecutiveFailures.set({ entry }, 0)
    }
  }

  /** The directory equals `oid`, as the remote names it, at `nowMs`. */
  setSuccess(labels: EntryLabels, oid: string, nowMs: number): void {
    const { entry } = labels
    this.#metrics.lastSuccess.set({ entry }, nowMs / 1_000)
    this.#metrics.consecutiveFailures.set({ entry }, 0)
    this.setPublication(labels, oid)
  }

  /** `oid` is in place, whatever the remote names. */
  setPublication({ entry, repo, ref }: EntryLabels, oid: string): void {
    this.removePublication({ entry })
    // A remote chooses the name of its HEAD.
    const labels = { entry, repo: redact(repo), ref: ref.slice(0, MAX_REF_LENGTH), oid }
    this.#publications.set(entry, labels)
    this.#metrics.publicationInfo.set(labels, 1)
  }

  /** It is not known what is in place. */
  removePublication({ entry }: Pick<EntryLabels, 'entry'>): void {
    const labels = this.#publications.get(entry)
    if (!labels) return
    this.#metrics.publicationInfo.remove(labels)
    this.#publications.set(entry, undefined)
  }

  get #plainCounters() {
    const { fetchedBytes, filesWritten, filesDeleted, driftRepaired, fetchFallbacks } =
      this.#metrics
    return [fetchedBytes, filesWritten, filesDeleted, driftRepaired, fetchFallbacks]
  }

  get #plainGauges() {
    const { lastSuccess, consecutiveFailures } = this.#metrics
    return [lastSuccess, consecutiveFailures]
  }
}
