// More and more entries, each with a remote of its own, of one small commit: their first publication, a
// poll of all, and a start with all in place. What serves them costs next to nothing.
import { rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { commitOf, objectOf, treeOf } from '../../helpers/hostile-objects.js'
import { startPackServer } from '../../helpers/pack-server.js'
import { assemblePack } from '../../helpers/packs.js'
import { until } from '../../helpers/service.js'
import { startBenchService } from '../bench-service.js'
import { cpuMs, residentBytes } from '../proc.js'
import type { BenchContext } from '../scenario.js'
import { median } from '../statistics.js'
import type { Sample } from './figures.js'
import { readyMs } from './ready.js'

const MIB = 1024 * 1024
const PATIENCE_MS = 10 * 60_000
/** It rests several times for the time that others rest once. */
const RESTS = 10

/** Measures one size. */
export async function measureEntries(bench: BenchContext, entries: number): Promise<Sample> {
  const server = await startPackServer(bench.scope)
  const file = objectOf('blob', 'text\n')
  const tree = treeOf([['file', file]])
  const commit = commitOf(tree)
  server.serve({ want: commit.oid, pack: assemblePack([commit, tree, file]) })
  const service = await startBenchService({ ...bench, settings: { LOG_LEVEL: 'info' } })
  const startedAt = performance.now()
  service.list(
    Array.from({ length: entries }, (_, n) => ({
      path: `ours/${n}`,
      repo: `${server.url}/${n}.git`,
      branch: 'main',
    })),
  )
  // What is added while it runs keeps nobody from being ready.
  await service.untilPublications(entries)
  const all = performance.now() - startedAt
  // Signs of life of ten thousand leases never rest.
  const rest = () => sleep(bench.sizes.restMs / RESTS)
  await rest()
  const [sweepsMs, polls]: [number[], number[]] = [[], []]
  for (let round = 0; round < bench.rounds; round++) {
    const before = cpuMs(service.pid)
    const wanted = server.requests + entries
    const polledAt = performance.now()
    service.pollNow()
    // Not by /status, which costs time that is ours.
    await until(() => server.requests >= wanted, 'every remote is asked', PATIENCE_MS)
    sweepsMs.push(performance.now() - polledAt)
    await rest()
    polls.push((cpuMs(service.pid) - before) / entries)
  }
  const allRest = residentBytes(service.pid, 'VmRSS') / MIB
  await service.stop()
  const allAgain = await readyMs(bench)
  rmSync(path.join(bench.directory, 'ours'), { recursive: true })
  return { all, allAgain, allRest, sweep: median(sweepsMs), pollCpu: median(polls) }
}
