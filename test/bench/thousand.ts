// Many entries, each of a repository of its own: the memory it takes, and how long a look
// at all of them lasts.

import { until } from '../helpers/service.js'
import { startBenchService } from './bench-service.js'
import { residentBytes } from './proc.js'
import { delayRow, type Scenario } from './scenario.js'
import { createSmallRepos } from './small-repos.js'

const MIB = 1024 * 1024
const SWEEP_PATIENCE_MS = 120_000

export const thousand: Scenario = {
  name: 'thousand',
  async run(bench) {
    const { server, rounds, sizes } = bench
    const urls = createSmallRepos(bench.repos, 'many', sizes.manyEntries).map(
      (name) => `${server.url}/${name}`,
    )
    const service = await startBenchService({ ...bench, settings: { LOG_LEVEL: 'info' } })
    const startedAt = performance.now()
    service.list(urls.map((repo, index) => ({ path: `ours/${index}`, repo })))
    await service.untilAllPublished(urls.length)
    const publishedMs = performance.now() - startedAt
    const delaysMs = [await service.longestDelayMs()]

    const sweepsMs: number[] = []
    const restingBytes: number[] = []
    for (let round = 0; round < rounds; round++) {
      restingBytes.push(residentBytes(service.pid, 'VmRSS'))
      const before = await server.totals()
      const now = Date.now()
      service.pollNow()
      // Looking at /status of so many costs time that is ours: only once they can be done.
      await until(
        async () => (await server.totals()).requests - before.requests >= urls.length,
        'every remote is asked',
        SWEEP_PATIENCE_MS,
      )
      await until(() => service.isPolledSince(now), 'every entry is polled', SWEEP_PATIENCE_MS)
      sweepsMs.push(Date.now() - now)
      await service.untilAtRest()
      delaysMs.push(await service.longestDelayMs())
    }
    const what = `${urls.length.toLocaleString('en')} entries`
    const peakBytes = residentBytes(service.pid, 'VmHWM')
    return [
      { what: `${what}: first publish of all`, unit: 'ms', ours: [publishedMs] },
      {
        what: `${what}: memory at rest`,
        unit: 'bytes',
        ours: restingBytes,
        target: { value: 250 * MIB },
      },
      { what: `${what}: peak memory`, unit: 'bytes', ours: [peakBytes] },
      { what: `${what}: one sweep of polls`, unit: 'ms', ours: sweepsMs, target: { value: 8000 } },
      delayRow('thousand', delaysMs),
    ]
  },
}
