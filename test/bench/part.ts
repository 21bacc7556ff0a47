// One directory of a large repository: its first publication, against a clone without blobs and a
// sparse checkout, and an update of one file in it, or beside it.
import path from 'node:path'
import { startBenchService } from './bench-service.js'
import { publishAndClone, type Served } from './first-publications.js'
import { timeGit } from './run-git.js'
import { delayRow, type Row, type Scenario } from './scenario.js'
import { PART } from './source-repo.js'

/** What an update of something else may bring, in bytes. */
const MOST_OUTSIDE_BYTES = 20_000

export const part: Scenario = {
  name: 'part',
  async run(bench) {
    const { directory, rounds, server, sizes } = bench
    const repo = await bench.sourceRepo(sizes.partFiles)
    const url = `${server.url}/${repo.name}`
    const service = await startBenchService(bench)
    const entry = (name: string) => ({ path: name, repo: url, subdir: PART })

    const first = await publishAndClone(bench, service, {
      entry,
      head: repo.head,
      async clone(name) {
        const clone = ['--filter=blob:none', '--sparse', '--depth', '1', url, name]
        const cloneMs = await timeGit(directory, 'clone', '-q', ...clone)
        return cloneMs + (await timeGit(path.join(directory, name), ...SPARSE))
      },
    })

    service.list([entry('updated')])
    await service.publishedMs('updated', repo.head)
    const update = async (index: number) => {
      repo.changeOneFile(index)
      await service.untilAtRest()
      const { result: ms, ...served } = await server.during(() => {
        service.pollNow()
        return service.publishedMs('updated', repo.head)
      })
      return { ms, ...served }
    }
    const inside: Served[] = []
    const outside: Served[] = []
    for (let round = -sizes.warmUps; round < rounds; round++) {
      const updates = [await update(0), await update(repo.files - 1)] as const
      if (round < 0) continue
      inside.push(updates[0])
      outside.push(updates[1])
    }
    return [
      ...rowsOfFirst(repo.files, first),
      { ...rowOf('1 file in it changes: requests', 'count', inside), target: { value: 3 } },
      rowOf('1 file in it changes: bytes received', 'bytes', inside),
      rowOf('1 file in it changes', 'ms', inside),
      { ...rowOf('1 file beside it changes: requests', 'count', outside), target: { value: 2 } },
      {
        ...rowOf('1 file beside it changes: bytes received', 'bytes', outside),
        target: { value: MOST_OUTSIDE_BYTES },
      },
      delayRow('part', [
        ...first.ours.map(({ delayMs }) => delayMs),
        await service.longestDelayMs(),
      ]),
    ]
  },
}

const SPARSE = ['sparse-checkout', 'set', PART]

const FIELDS = { ms: 'ms', bytes: 'bytesOut', count: 'requests' } as const

function rowOf(what: string, unit: keyof typeof FIELDS, ours: readonly Served[]): Row {
  return { what: `part: ${what}`, unit, ours: ours.map((served) => served[FIELDS[unit]]) }
}

function rowsOfFirst(files: number, { ours, git }: Record<'ours' | 'git', Served[]>): Row[] {
  const what = `first publish of one directory of ${files.toLocaleString('en')} files`
  const ratios = { ms: 0.8, bytes: 1.1 } as const
  return (['ms', 'bytes'] as const).map((unit) => ({
    ...rowOf(unit === 'ms' ? `${what} / sparse clone` : `${what}: bytes received`, unit, ours),
    git: git.map((served) => served[FIELDS[unit]]),
    target: { ratio: ratios[unit] },
  }))
}
