// What git-sync counts, by the names and labels that it has.

/** The counters, rendered as Prometheus reads them. */
export class SyncCounts {
  readonly #values = new Map<string, number>()

  constructor() {
    for (const status of ['success', 'error', 'noop']) this.synced(status, 0, 0)
    this.add('git_fetch_count_total', 0)
  }

  synced(status: string, seconds: number, by = 1): void {
    this.add(`git_sync_count_total{status="${status}"}`, by)
    this.add(`git_sync_duration_seconds_count{status="${status}"}`, by)
    this.add(`git_sync_duration_seconds_sum{status="${status}"}`, seconds)
  }

  add(series: string, by = 1): void {
    this.#values.set(series, (this.#values.get(series) ?? 0) + by)
  }

  render(): string {
    const lines: string[] = []
    const told = new Set<string>()
    for (const [series, value] of [...this.#values].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const [name = ''] = series.split('{')
      const family = name.replace(/^(git_sync_duration_seconds)_(?:count|sum)$/, '$1')
      if (!told.has(family))
        lines.push(`# TYPE ${family} ${family === name ? 'counter' : 'summary'}`)
      told.add(family)
      lines.push(`${series} ${value}`)
    }
    return `${lines.join('\n')}\n`
  }
}
