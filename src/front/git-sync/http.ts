// What git-sync serves: whether there is content yet, at every path, and metrics.
import http from 'node:http'
import { UsageError } from './command-line.js'

/** What is counted, by the names and labels that git-sync has. */
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

export interface HttpSource {
  isReady(): boolean
  /** Undefined where metrics are not served. */
  metrics: (() => Promise<string>) | undefined
}

/** Serves at `host:port`, or at `:port` of every address; throws where it cannot. */
export async function serve(bind: string, { isReady, metrics }: HttpSource): Promise<http.Server> {
  const [, host = '', port] = /^(.*):(\d+)$/.exec(bind) ?? []
  if (port === undefined)
    throw new UsageError(
      `invalid flag: --http-bind must be host:port or :port, not ${JSON.stringify(bind)}`,
      1,
    )
  const server = http.createServer(async (request, response) => {
    request.resume()
    if (metrics && request.url?.split('?')[0] === '/metrics') {
      response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8')
      await metrics().then(
        (text) => response.end(text),
        () => response.writeHead(500).end(),
      )
    } else if (isReady()) response.end()
    else
      response
        .writeHead(503, { 'content-type': 'text/plain; charset=utf-8' })
        .end('repo is not ready\n')
  })
  server.unref()
  const address = host.replace(/^\[|\]$/g, '')
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port: Number(port), ...(address && { host: address }) }, resolve)
  })
  return server
}
