// The series of one entry, from its listing to its removal: counters begin at 0
// so that rates see the first event, and nothing stays behind. They are made when the first
// event comes, or somebody looks, as a listing of thousands would hold up everything else.
import { redact } from '../base/redact-patterns.js'
import type { EntryLabels } from '../sync/events.js'
import { type Metrics, POLL_RESULTS, SYNC_RESULTS } from './metric-definitions.js'

/** Creates and removes the series of entries, and moves their publication from oid to oid. */
export class EntryMetrics {
  readonly #metrics: Metrics
  /** Of every entry in the listing, the labels of its publication, if it has one. */
  readonly #publications = new Map<
    string,
    Record<'entry' | 'repo' | 'ref' | 'oid', string> | undefined
  >()

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
    if (this.#isNew.delete(entry)) return
    for (const result of POLL_RESULTS) this.#metrics.polls.remove({ entry, result })
    for (const result of SYNC_RESULTS) this.#metrics.syncs.remove({ entry, result })
    for (const metric of [...this.#plainCounters, ...this.#plainGauges]) metric.remove({ entry })
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
    const labels = { entry, repo: redact(repo), ref, oid }
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
