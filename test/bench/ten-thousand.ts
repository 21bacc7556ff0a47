// As many entries as one process is for: the memory they take, how long a look at all of them lasts,
// and that whoever looks at the service, or changes its listing, holds up nothing.
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../helpers/service.js'
import { startTinyRepos } from './bench-server.js'
import { startBenchService } from './bench-service.js'
import { residentBytes } from './proc.js'
import type { Row, Scenario } from './scenario.js'

const MIB = 1024 * 1024
const SWEEP_PATIENCE_MS = 10 * 60_000
/** What a probe may wait for. */
const LONGEST_TURN_MS = 50

export const tenThousand: Scenario = {
  name: 'ten-thousand',
  async run(bench) {
    const { rounds, scope, sizes } = bench
    const count = sizes.mostEntries
    const server = await startTinyRepos(scope)
    const service = await startBenchService({ ...bench, settings: { LOG_LEVEL: 'info' } })
    const entries = Array.from({ length: count }, (_, index) => {
      return { path: `ours/${index}`, repo: `${server.url}/repo-${index}` }
    })
    const startedAt = performance.now()
    service.list(entries)
    await service.untilPublications(count)
    const publishedMs = performance.now() - startedAt
    // Signs of life of so many leases never rest.
    const rest = () => sleep(sizes.restMs / 3)
    await rest()

    const sampled = new Map<string, number[]>()
    const sample = (name: string, value: number) =>
      sampled.set(name, [...(sampled.get(name) ?? []), value])
    for (let round = 0; round < rounds; round++) {
      sample('memory at rest', residentBytes(service.pid, 'VmRSS'))
      const before = await server.totals()
      await service.longestDelayMs()
      const now = Date.now()
      service.pollNow()
      await until(
        async () => (await server.totals()).requests - before.requests >= count,
        'every remote is asked',
        SWEEP_PATIENCE_MS,
      )
      sample('one sweep of polls', Date.now() - now)
      await rest()
      sample('turn of the sweep', await service.longestDelayMs())
      if (!(await service.isPolledSince(now))) throw new Error('not every entry was polled')
      for (const route of ['/metrics', '/status', '/']) {
        await rest()
        await service.longestDelayMs()
        await rest()
        const { answerMs, bytes } = await service.answerMs(route)
        sample(`${route} answers`, answerMs)
        sample(`turn of ${route}`, await service.longestDelayMs())
        sample(`${route} bytes`, bytes)
      }
      // Another one at the end, and one less.
      const changed = [...entries.slice(0, -1), { ...entries.at(-1), path: `ours/last-${round}` }]
      sample('listing reloaded', await service.reloadMs(changed))
      await rest()
      sample('turn of a reload', await service.longestDelayMs())
      await service.reloadMs(entries)
      await rest()
    }
    const what = `${count.toLocaleString('en')} entries`
    const row = (name: string, unit: Row['unit'], target?: number): Row => ({
      what: `${what}: ${name}`,
      unit,
      ours: sampled.get(name) ?? [],
      ...(target !== undefined && { target: { value: target } }),
    })
    return [
      { what: `${what}: first publish of all`, unit: 'ms', ours: [publishedMs] },
      row('memory at rest', 'bytes', 450 * MIB),
      { what: `${what}: peak memory`, unit: 'bytes', ours: [residentBytes(service.pid, 'VmHWM')] },
      row('one sweep of polls', 'ms', 40_000),
      row('turn of the sweep', 'ms'),
      row('/metrics answers', 'ms', 1000),
      row('turn of /metrics', 'ms', LONGEST_TURN_MS),
      row('/metrics bytes', 'bytes'),
      row('/status answers', 'ms', 1000),
      row('turn of /status', 'ms', LONGEST_TURN_MS),
      row('/ answers', 'ms'),
      row('turn of /', 'ms'),
      row('listing reloaded', 'ms', 2000),
      row('turn of a reload', 'ms'),
    ]
  },
}
