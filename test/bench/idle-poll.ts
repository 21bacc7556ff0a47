// Many remotes at which nothing changes: what a look at each costs, against `git ls-remote`.
import { type BenchService, startBenchService } from './bench-service.js'
import { cpuMs, endedChildrenCpuMs } from './proc.js'
import { runGit } from './run-git.js'
import { type BenchContext, delayRow, type Scenario } from './scenario.js'
import { createSmallRepos } from './small-repos.js'
import { alternate } from './statistics.js'

export const idlePoll: Scenario = {
  name: 'idle-poll',
  async run(bench) {
    const { directory, server, rounds, sizes } = bench
    const { idleRemotes, idleSweeps, idleGitRuns } = sizes
    const urls = createSmallRepos(bench.repos, 'idle', idleRemotes).map(
      (name) => `${server.url}/${name}`,
    )
    // As users run it: at the default level, an idle poll writes no line.
    const service = await startBenchService({ ...bench, settings: { LOG_LEVEL: 'info' } })
    service.list(urls.map((repo, index) => ({ path: `ours/${index}`, repo })))
    await service.untilAllPublished(urls.length)
    const delaysMs = [await service.longestDelayMs()]

    const samples = await alternate(
      { rounds, warmUps: sizes.warmUps },
      {
        async ours() {
          const polls = idleSweeps * urls.length
          const before = cpuMs(service.pid)
          const { requests } = await server.during(async () => {
            for (let sweep = 0; sweep < idleSweeps; sweep++) await pollAll(bench, service, urls)
          })
          return { cpuMs: (cpuMs(service.pid) - before) / polls, requests: requests / polls }
        },
        async git(round) {
          const before = endedChildrenCpuMs()
          const { requests } = await server.during(async () => {
            for (let run = 0; run < idleGitRuns; run++) {
              const url = urls[(round * idleGitRuns + run) % urls.length] ?? ''
              await runGit(directory, ['ls-remote', '-q', url, 'HEAD'])
            }
          })
          const usedMs = endedChildrenCpuMs() - before
          return { cpuMs: usedMs / idleGitRuns, requests: requests / idleGitRuns }
        },
      },
    )
    const what = `idle poll, ${urls.length} remotes`
    return [
      {
        what: `${what}: CPU / ls-remote`,
        unit: 'ms',
        ours: samples.ours.map((sample) => sample.cpuMs),
        git: samples.git.map((sample) => sample.cpuMs),
        target: { value: 1.5, ratio: 0.1 },
      },
      {
        what: `${what}: requests`,
        unit: 'count',
        ours: samples.ours.map(({ requests }) => requests),
        git: samples.git.map(({ requests }) => requests),
        target: { value: 1 },
      },
      delayRow('idle-poll', [...delaysMs, await service.longestDelayMs()]),
    ]
  },
}

/** Polls every remote once; what came of it is looked up only after the CPU time was read. */
async function pollAll(
  { server }: BenchContext,
  service: BenchService,
  urls: readonly string[],
): Promise<void> {
  const before = await server.totals()
  service.pollNow()
  await server.untilServed(before, urls.length)
}
