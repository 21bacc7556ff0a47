// A fresh process, as each pod has one: from its start to what is published from a small repository,
// for both programs, and what memory the service keeps when there is nothing left to do.
import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { GIT_SYNC, MAIN } from '../helpers/program.js'
import { startService, until, writeListing } from '../helpers/service.js'
import { type Fresh, gitSyncOnce, ONCE, runFresh } from './fresh-process.js'
import { residentBytes, untilAtRest } from './proc.js'
import { timeGit } from './run-git.js'
import type { Row, Scenario } from './scenario.js'
import { createSmallRepos } from './small-repos.js'
import { alternate } from './statistics.js'

const MIB = 1024 * 1024

export const start: Scenario = {
  name: 'start',
  async run(bench) {
    const { directory, repos, rounds, scope, server, sizes } = bench
    const [name = ''] = createSmallRepos(repos, 'start', 1)
    const repo = path.join(repos, name)
    const listingPath = path.join(directory, 'start.json')
    writeListing(listingPath, [{ path: 'ours', repo }])

    const command = [process.execPath, MAIN, '--listing-path', listingPath, ...ONCE] as const
    const service = await alternate(
      { rounds, warmUps: sizes.warmUps },
      {
        ours: () => runFresh({ command, directory, shows: 'ours/file-0.txt', makes: 'ours' }),
        git: async () => {
          const clone = ['--depth', '1', pathToFileURL(repo).href, 'clone']
          const ms = await timeGit(directory, 'clone', '-q', ...clone)
          rmSync(path.join(directory, 'clone'), { recursive: true })
          return ms
        },
      },
    )
    const linked: Fresh[] = []
    const link = [process.execPath, GIT_SYNC, ...gitSyncOnce(`${server.url}/${name}`)] as const
    for (let round = -sizes.warmUps; round < rounds; round++) {
      const sample = await runFresh({
        command: link,
        directory,
        shows: 'root/link',
        makes: 'root',
      })
      if (round >= 0) linked.push(sample)
    }

    const resting = await startService(scope, { listingPath, execArgv: [] })
    const { pid = 0 } = resting.process
    await until(() => existsSync(path.join(directory, 'ours/file-0.txt')), 'the first publication')
    await untilAtRest(pid)
    await sleep(sizes.restMs)
    return [
      ...rowsOf(
        'start to published, small repository on disk / clone',
        service.ours,
        350,
        service.git,
      ),
      ...rowsOf('git-sync: start to the link, over HTTP', linked, 600),
      {
        what: 'memory at rest, one small repository',
        unit: 'bytes',
        ours: [residentBytes(pid, 'VmRSS')],
        target: { value: 70 * MIB },
      },
    ]
  },
}

function rowsOf(what: string, samples: readonly Fresh[], value: number, git?: number[]): Row[] {
  const ours = samples.map(({ ms }) => ms)
  return [
    { what, unit: 'ms', ours, ...(git && { git }), target: { value } },
    { what: `${what}: CPU`, unit: 'ms', ours: samples.map(({ cpuMs }) => cpuMs) },
  ]
}
