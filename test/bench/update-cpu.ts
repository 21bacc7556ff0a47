// One file of many changes every two seconds, and nobody scrapes the service: what processor time an
// update takes, with what it takes to wait for the next, against a fetch and a reset.
import { mkdtempSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startBenchService } from './bench-service.js'
import { cpuMs, endedChildrenCpuMs } from './proc.js'
import { runGit } from './run-git.js'
import type { BenchContext, Row, Scenario } from './scenario.js'
import { alternate } from './statistics.js'

const PUBLISH = ['in-place', 'symlink'] as const
const TARGET_MS = 60
const INTERVAL_MS = 2_000

export const updateCpu: Scenario = {
  name: 'update-cpu',
  async run(bench) {
    const rows: Row[] = []
    for (const publish of PUBLISH) rows.push(await measure(bench, publish))
    return rows
  },
}

async function measure(bench: BenchContext, publish: (typeof PUBLISH)[number]): Promise<Row> {
  const { rounds, scope, server, sizes } = bench
  const repo = await bench.sourceRepo(sizes.updateFiles)
  const url = `${server.url}/${repo.name}`
  const directory = mkdtempSync(path.join(bench.directory, 'update-'))
  const service = await startBenchService({ directory, scope, isScraped: false })
  service.list([{ path: 'ours', repo: url, publish }])
  await service.publishedMs('ours', repo.head)
  await service.untilAtRest()
  await runGit(directory, ['clone', '-q', '--depth', '1', url, 'clone'])
  const clone = path.join(directory, 'clone')

  const samples = await alternate(
    { rounds, warmUps: sizes.warmUps },
    {
      async ours() {
        const before = cpuMs(service.pid)
        for (let update = 0; update < sizes.cpuUpdates; update++) {
          const next = sleep(INTERVAL_MS)
          repo.changeOneFile()
          service.pollNow()
          await service.publishedMs('ours', repo.head)
          await next
        }
        return (cpuMs(service.pid) - before) / sizes.cpuUpdates
      },
      async git() {
        const before = endedChildrenCpuMs()
        await runGit(clone, ['fetch', '-q', '--depth', '1'])
        await runGit(clone, ['reset', '-q', '--hard', 'FETCH_HEAD'])
        return endedChildrenCpuMs() - before
      },
    },
  )
  await service.stop()
  return {
    what: `1 of ${repo.files.toLocaleString('en')} changes, ${publish}, every 2 s: CPU / fetch + reset`,
    unit: 'ms',
    ...samples,
    target: { value: TARGET_MS },
  }
}
