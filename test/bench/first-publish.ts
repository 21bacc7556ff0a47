// A tree published where nothing was, by a process that lives long, against a clone.
import { rmSync } from 'node:fs'
import path from 'node:path'
import { type BenchService, startBenchService } from './bench-service.js'
import { timeGit } from './run-git.js'
import { type BenchContext, delayRow, type Row, type Scenario } from './scenario.js'
import { alternate } from './statistics.js'

export const firstPublish: Scenario = {
  name: 'first-publish',
  async run(bench) {
    const service = await startBenchService(bench)
    const rows: Row[] = []
    for (const files of bench.sizes.firstPublishFiles) {
      rows.push(await measure(bench, service, files))
    }
    return [...rows, delayRow('first-publish', [await service.longestDelayMs()])]
  },
}

async function measure(bench: BenchContext, service: BenchService, files: number): Promise<Row> {
  const { directory, server, rounds, sizes } = bench
  const repo = await bench.sourceRepo(files)
  const url = `${server.url}/${repo.name}`
  const remove = (name: string) =>
    rmSync(path.join(directory, name), { recursive: true, force: true })

  const samples = await alternate(
    { rounds, warmUps: sizes.warmUps },
    {
      async ours(round) {
        const entry = `ours-${files}-${round}`
        service.list([{ path: entry, repo: url }])
        const durationMs = await service.publishedMs(entry, repo.head)
        service.list([])
        await service.untilAllPublished(0)
        remove(entry)
        return durationMs
      },
      async git(round) {
        const clone = `git-${files}-${round}`
        const durationMs = await timeGit(directory, 'clone', '-q', '--depth', '1', url, clone)
        remove(clone)
        return durationMs
      },
    },
  )
  return {
    what: `first publish of ${files.toLocaleString('en')} files / clone --depth 1`,
    unit: 'ms',
    ...samples,
    target: { ratio: 0.9 },
  }
}
