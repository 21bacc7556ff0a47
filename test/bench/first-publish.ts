// A tree published where nothing was, by a process that lives long, against a clone.
import { type BenchService, startBenchService } from './bench-service.js'
import { publishAndClone } from './first-publications.js'
import { timeGit } from './run-git.js'
import { type BenchContext, delayRows, type Row, type Scenario } from './scenario.js'

export const firstPublish: Scenario = {
  name: 'first-publish',
  async run(bench) {
    const service = await startBenchService(bench)
    const rows: Row[] = []
    for (const files of bench.sizes.firstPublishFiles) {
      rows.push(...(await measure(bench, service, files)))
    }
    return rows
  },
}

async function measure(bench: BenchContext, service: BenchService, files: number): Promise<Row[]> {
  const repo = await bench.sourceRepo(files)
  const url = `${bench.server.url}/${repo.name}`
  const { ours, git } = await publishAndClone(bench, service, {
    entry: (name) => ({ path: name, repo: url }),
    head: repo.head,
    clone: (name) => timeGit(bench.directory, 'clone', '-q', '--depth', '1', url, name),
  })
  const what = `first publish of ${files.toLocaleString('en')} files`
  const delaysMs = ours.map(({ delayMs }) => delayMs)
  return [
    {
      what: `${what} / clone --depth 1`,
      unit: 'ms',
      ours: ours.map(({ ms }) => ms),
      git: git.map(({ ms }) => ms),
      target: { ratio: 0.9 },
    },
    ...delayRows(what, delaysMs),
  ]
}
