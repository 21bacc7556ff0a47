// What is counted of each entry, from its listing to its removal, and the series that Prometheus
// reads of it. They are written as they are read: for ten thousand entries, a quarter of a million
// would be held otherwise. Counters begin at 0 so that rates see the first event, and nothing stays.
import { redact } from '../base/redact-patterns.js'
import type { EntryLabels } from '../sync/events.js'
import { CONDITIONS } from '../sync/state/lifecycle.js'
import type { EntryStatus } from '../sync/status.js'
import { HOOK_RESULTS, POLL_RESULTS, SYNC_RESULTS } from './metric-definitions.js'

/** The longest ref that becomes a label, in characters: longer ones are cut. */
const MAX_REF_LENGTH = 255

/** So many entries are written in one piece. */
const ENTRIES_A_PIECE = 100

/** What is shown of an entry as it is now. */
type ShownState = Pick<EntryStatus, 'state' | 'required' | 'webhooks'> & {
  code: string | undefined
}

interface PublishedLabels extends Pick<EntryLabels, 'repo' | 'ref'> {
  oid: string
}

/** What is counted of one entry. */
export interface EntryCounts {
  /** How its path stands in each of its series. */
  readonly label: string
  readonly polls: Record<(typeof POLL_RESULTS)[number], number>
  readonly syncs: Record<(typeof SYNC_RESULTS)[number], number>
  fetchedBytes: number
  filesWritten: number
  filesDeleted: number
  driftRepaired: number
  fetchFallbacks: number
  /** Seconds since the epoch. */
  lastSuccess: number
  consecutiveFailures: number
  /** What is published; undefined while that is not known. */
  publication: PublishedLabels | undefined
  /** Of each of its hooks that ran. */
  hooks: Map<string, Record<(typeof HOOK_RESULTS)[number], number>> | undefined
}

/** A metric that has series for each entry. */
export interface EntryMetric {
  name: string
  type: 'counter' | 'gauge'
  help: string
  /** Beside `entry`. */
  labelNames: readonly string[]
  /** Of an entry: further labels, as they are written, and the value; in order. */
  samples(counts: EntryCounts, shown: ShownState | undefined): Iterable<readonly [string, number]>
}

/** Every metric of entries. Names and labels are the contract with dashboards. */
// biome-ignore format: a table
export const ENTRY_METRICS: readonly EntryMetric[] = [
  counter('polls_total', 'Polls of an entry, by result.', ['result'], ({ polls }) => byLabel('result', POLL_RESULTS, polls)),
  counter('syncs_total', 'Cycles of an entry, by result.', ['result'], ({ syncs }) => byLabel('result', SYNC_RESULTS, syncs)),
  counter('fetched_bytes_total', 'Pack bytes received, counted as they come.', [], ({ fetchedBytes }) => [['', fetchedBytes]]),
  counter('files_written_total', 'Files written by publications.', [], ({ filesWritten }) => [['', filesWritten]]),
  counter('files_deleted_total', 'Files deleted by publications, and by `clean`.', [], ({ filesDeleted }) => [['', filesDeleted]]),
  counter('drift_repaired_total', 'Paths put right after drift.', [], ({ driftRepaired }) => [['', driftRepaired]]),
  counter('fetch_fallbacks_total', 'Fetches of everything, as a fetch of what changed was not enough.', [], ({ fetchFallbacks }) => [['', fetchFallbacks]]),
  counter('hook_runs_total', 'Attempts of hooks, each by its place in the entry, by result.', ['hook', 'result'], hookSamples),
  gauge('last_success_timestamp_seconds', 'When the directory was last known to equal the remote; 0 where it never was.', [], ({ lastSuccess }) => [['', lastSuccess]]),
  gauge('consecutive_failures', 'Failures since the last success.', [], ({ consecutiveFailures }) => [['', consecutiveFailures]]),
  gauge('entry_state', '1 for the state that an entry is in.', ['state'], (_, shown) =>
    shown ? CONDITIONS.map((state) => [STATE_LABELS[state], Number(state === shown.state)]) : []),
  gauge('entry_error', '1 while an entry has an error, by its code.', ['code'], (_, shown) =>
    shown?.code === undefined ? [] : [[labelOf('code', shown.code), 1]]),
  gauge('entry_required', '1 where readiness depends on an entry.', [], (_, shown) => shown ? [['', Number(shown.required)]] : []),
  gauge('entry_webhooks_missed', '1 while webhooks of an entry, which used to come, do not.', [], (_, shown) =>
    shown?.webhooks === 'missed' ? [['', 1]] : []),
  gauge('publication_info', 'What is published, as labels.', ['repo', 'ref', 'oid'], ({ publication }) =>
    publication === undefined ? [] : [[publicationLabels(publication), 1]]),
]

const STATE_LABELS = Object.fromEntries(
  CONDITIONS.map((state) => [state, labelOf('state', state)]),
) as Record<EntryStatus['state'], string>

/** The counts of all entries of the listing. */
export class EntryMetrics {
  readonly #counts = new Map<string, EntryCounts>()

  /** Undefined where the listing has no such entry: what an aborted sync still reports does not count. */
  of(entry: string): EntryCounts | undefined {
    return this.#counts.get(entry)
  }

  add({ entry }: EntryLabels): void {
    if (this.#counts.has(entry)) return
    this.#counts.set(entry, {
      label: labelOf('entry', entry),
      polls: { unchanged: 0, changed: 0, failed: 0 },
      syncs: { unchanged: 0, published: 0, failed: 0 },
      fetchedBytes: 0,
      filesWritten: 0,
      filesDeleted: 0,
      driftRepaired: 0,
      fetchFallbacks: 0,
      lastSuccess: 0,
      consecutiveFailures: 0,
      publication: undefined,
      hooks: undefined,
    })
  }

  remove({ entry }: EntryLabels): void {
    this.#counts.delete(entry)
  }

  /** The text of all series, in pieces, with what each entry is at now. */
  async *render(statuses: Iterable<EntryStatus>): AsyncGenerator<string> {
    const shown = new Map<EntryCounts, ShownState>()
    for (const { error, path, required, state, webhooks } of statuses) {
      const counts = this.of(path)
      if (counts) shown.set(counts, { state, code: error?.code, required, webhooks })
      // Others have a turn.
      if (shown.size % ENTRIES_A_PIECE === 0) yield ''
    }
    for (const { help, name, samples, type } of ENTRY_METRICS) {
      yield `\n# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
      let text = ''
      let count = 0
      for (const counts of this.#counts.values()) {
        for (const [labels, value] of samples(counts, shown.get(counts))) {
          text += `${name}{${counts.label}${labels === '' ? '' : `,${labels}`}} ${value}\n`
        }
        if (++count % ENTRIES_A_PIECE > 0) continue
        yield text
        text = ''
      }
      yield text
    }
  }
}

/** One attempt of a hook. */
export function countHook(
  counts: EntryCounts,
  hook: string,
  result: (typeof HOOK_RESULTS)[number],
): void {
  counts.hooks ??= new Map()
  const runs = counts.hooks.get(hook) ?? { succeeded: 0, failed: 0 }
  runs[result]++
  counts.hooks.set(hook, runs)
}

function publicationLabels({ oid, ref, repo }: PublishedLabels): string {
  // A remote chooses the name of its HEAD.
  const cutRef = ref.slice(0, MAX_REF_LENGTH)
  return [labelOf('repo', redact(repo)), labelOf('ref', cutRef), labelOf('oid', oid)].join()
}

function* hookSamples({ hooks }: EntryCounts): Generator<[string, number]> {
  for (const [hook, runs] of hooks ?? []) {
    for (const [labels, count] of byLabel('result', HOOK_RESULTS, runs)) {
      yield [`${labelOf('hook', hook)},${labels}`, count]
    }
  }
}

function byLabel<T extends string>(
  name: string,
  values: readonly T[],
  counts: Record<T, number>,
): [string, number][] {
  return values.map((value) => [`${name}="${value}"`, counts[value]])
}

/** https://prometheus.io/docs/instrumenting/exposition_formats/ */
function labelOf(name: string, value: string): string {
  return `${name}="${value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`))}"`
}

function counter(...metric: [string, string, string[], EntryMetric['samples']]): EntryMetric {
  return entryMetric('counter', ...metric)
}

function gauge(...metric: [string, string, string[], EntryMetric['samples']]): EntryMetric {
  return entryMetric('gauge', ...metric)
}

function entryMetric(
  type: EntryMetric['type'],
  name: string,
  help: string,
  labelNames: string[],
  samples: EntryMetric['samples'],
): EntryMetric {
  return { name: `git_autosync_${name}`, type, help, labelNames, samples }
}
