// One file of many changes: what it costs to find that out and to publish it, against a
// fetch, with and without a reset, in a clone that is there already.
import path from 'node:path'
import { git } from '../helpers/git-command.js'
import { startBenchService } from './bench-service.js'
import { timeGit } from './run-git.js'
import { type BenchContext, delayRow, type Row, type Scenario } from './scenario.js'
import { alternate } from './statistics.js'

interface Mode {
  publish: 'in-place' | 'symlink'
  /** The most that is allowed, as a share of git's time with and without the reset. */
  ofReset: number
  ofFetch: number
}

export const updateInPlace = scenarioOf({ publish: 'in-place', ofReset: 0.15, ofFetch: 1 })
export const updateSymlink = scenarioOf({ publish: 'symlink', ofReset: 0.2, ofFetch: 1.2 })

function scenarioOf(mode: Mode): Scenario {
  return { name: `update-${mode.publish}`, run: (bench) => run(bench, mode) }
}

async function run(bench: BenchContext, mode: Mode): Promise<Row[]> {
  const { directory, server, rounds, sizes } = bench
  const repo = await bench.sourceRepo(sizes.updateFiles)
  const url = `${server.url}/${repo.name}`
  const clone = path.join(directory, 'clone')
  const service = await startBenchService(bench)
  service.list([{ path: 'ours', repo: url, publish: mode.publish }])
  await service.publishedMs('ours', repo.head)
  await timeGit(directory, 'clone', '-q', '--depth', '1', url, clone)

  const samples = await alternate(
    { rounds, warmUps: sizes.warmUps },
    {
      async prepare() {
        repo.changeOneFile()
        await service.untilAtRest()
      },
      async ours() {
        const { result, ...served } = await server.during(() => {
          service.pollNow()
          return service.publishedMs('ours', repo.head)
        })
        await service.untilAtRest()
        return { ms: result, ...served }
      },
      async git() {
        const { result: fetchMs, ...served } = await server.during(() =>
          timeGit(clone, 'fetch', '-q', '--depth', '1'),
        )
        const resetMs = await timeGit(clone, 'reset', '-q', '--hard', 'FETCH_HEAD')
        const head = git(clone, 'rev-parse', 'HEAD')
        if (head !== repo.head) throw new Error(`git is at ${head}, not at ${repo.head}`)
        return { fetchMs, ms: fetchMs + resetMs, ...served }
      },
    },
  )
  const { name } = scenarioOf(mode)
  return [...rowsOf(samples, mode), delayRow(name, [await service.longestDelayMs()])]

  function rowsOf({ ours, git }: typeof samples, { publish, ofReset, ofFetch }: Mode): Row[] {
    const what = `1 of ${repo.files.toLocaleString('en')} changes, ${publish}`
    const oursMs = ours.map(({ ms }) => ms)
    return [
      {
        what: `${what} / fetch + reset`,
        unit: 'ms',
        ours: oursMs,
        git: git.map(({ ms }) => ms),
        target: { ratio: ofReset },
      },
      {
        what: `${what} / fetch alone`,
        unit: 'ms',
        ours: oursMs,
        git: git.map(({ fetchMs }) => fetchMs),
        target: { ratio: ofFetch },
      },
      {
        what: `${what}: bytes received`,
        unit: 'bytes',
        ours: ours.map(({ bytesOut }) => bytesOut),
        git: git.map(({ bytesOut }) => bytesOut),
        target: { ratio: 1.1 },
      },
      {
        what: `${what}: requests`,
        unit: 'count',
        ours: ours.map(({ requests }) => requests),
        git: git.map(({ requests }) => requests),
        target: { value: 2 },
      },
    ]
  }
}
