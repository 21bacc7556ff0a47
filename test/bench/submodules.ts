// Many submodules of one host: their first publication with the superproject, against a clone that
// fetches eight at once, and what a look at all of it costs where nothing changes.
import path from 'node:path'
import { commitFiles } from '../helpers/git-commit.js'
import { filesOf } from '../helpers/submodule-repos.js'
import { createRepo } from '../helpers/test-repo.js'
import { startBenchService } from './bench-service.js'
import { publishAndClone, type Served } from './first-publications.js'
import { timeGit } from './run-git.js'
import { delayRow, type Row, type Scenario } from './scenario.js'
import { createSmallRepos } from './small-repos.js'

/** MAX_CONCURRENT_POLLS, where nothing else is set. */
const MOST_AT_ONCE = 32
const CLONE = ['clone', '-q', '--depth', '1', '--shallow-submodules', '--recurse-submodules']

export const submodules: Scenario = {
  name: 'submodules',
  async run(bench) {
    const { directory, repos, rounds, server, sizes } = bench
    const modules = createSmallRepos(repos, 'module', sizes.submodules).map((repo) => {
      const oid = createRepo(path.join(repos, repo), { bare: true }).oid('main')
      return [`modules/${repo}`, { repo, oid, url: `../${repo}` }] as const
    })
    const top = createRepo(path.join(repos, 'superproject'), { bare: true })
    const head = commitFiles(top, { ...filesOf(new Map(modules)), file: 'text\n' })
    top.git('update-ref', 'refs/heads/main', head)
    const url = `${server.url}/superproject`
    const service = await startBenchService(bench)
    const entry = (name: string) => ({ path: name, repo: url, submodules: 'recursive' })

    const { ours, git } = await publishAndClone(bench, service, {
      entry,
      head,
      clone: (name) => timeGit(directory, ...CLONE, '--jobs', '8', url, name),
    })

    service.list([entry('idle')])
    await service.publishedMs('idle', head)
    await service.untilAtRest()
    const idle: number[] = []
    for (let round = 0; round < rounds; round++) {
      const before = await server.totals()
      service.pollNow()
      await server.untilServed(before, 1)
      idle.push((await server.totals()).requests - before.requests)
    }
    const delayMs = await service.longestDelayMs()
    await service.stop()
    const what = `${modules.length} submodules`
    const rowOf = (name: string, unit: Row['unit'], field: keyof Served) => ({
      what: `${what}: ${name}`,
      unit,
      ours: ours.map((served) => served[field]),
      git: git.map((served) => served[field]),
    })
    return [
      { ...rowOf('first publish / clone --jobs 8', 'ms', 'ms'), target: { ratio: 0.8 } },
      {
        ...rowOf('most requests at once', 'count', 'mostAtOnce'),
        target: { value: MOST_AT_ONCE },
        statistic: 'max',
      },
      rowOf('requests', 'count', 'requests'),
      {
        what: `${what}: requests of an idle poll`,
        unit: 'count',
        ours: idle,
        target: { value: 1 },
      },
      delayRow('submodules', [...ours.map((served) => served.delayMs), delayMs]),
    ]
  },
}
