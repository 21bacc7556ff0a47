// One entry of more and more files: its first publication, an update of one file, in both modes, and a
// start with all in place, against what real git takes for the same.
import { rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BenchService, startBenchService } from '../bench-service.js'
import { cpuMs, residentBytes } from '../proc.js'
import { timeGit } from '../run-git.js'
import type { BenchContext } from '../scenario.js'
import type { SourceRepo } from '../source-repo.js'
import { median } from '../statistics.js'
import type { Sample } from './figures.js'
import { readyMs } from './ready.js'

const MIB = 1024 * 1024
const GRACE_MS = 1000

/** Measures one size. */
export async function measureFiles(bench: BenchContext, files: number): Promise<Sample> {
  const repo = await bench.sourceRepo(files)
  const url = `${bench.server.url}/${repo.name}`
  const remove = (name: string) => rmSync(path.join(bench.directory, name), { recursive: true })
  const service = await start(bench)
  const entry = { path: 'ours', repo: url }
  service.list([entry])
  const first = await service.publishedMs('ours', repo.head)
  await service.untilAtRest()
  const peak = residentBytes(service.pid, 'VmHWM') / MIB
  const inPlace = await updates(bench, service, repo)
  const rest = residentBytes(service.pid, 'VmRSS') / MIB
  await service.stop()
  const again = await readyMs(bench)
  remove('ours')

  const linked = await start(bench)
  linked.list([{ ...entry, publish: 'symlink' }])
  await linked.publishedMs('ours', repo.head)
  const symlink = await updates(bench, linked, repo)
  await linked.stop()
  remove('ours')
  remove('.git-autosync')

  const clone = await timeGit(bench.directory, 'clone', '-q', '--depth', '1', url, 'clone')
  const reset: number[] = []
  for (let round = 0; round < bench.rounds; round++) {
    repo.changeOneFile()
    const directory = path.join(bench.directory, 'clone')
    const fetchMs = await timeGit(directory, 'fetch', '-q', '--depth', '1')
    reset.push(fetchMs + (await timeGit(directory, 'reset', '-q', '--hard', 'FETCH_HEAD')))
  }
  remove('clone')
  return {
    ...{ first, clone, again, peak, rest, reset: median(reset) },
    ...{ inPlace: inPlace.ms, inPlaceCpu: inPlace.cpuMs },
    ...{ symlink: symlink.ms, symlinkCpu: symlink.cpuMs },
  }
}

function start(bench: BenchContext): Promise<BenchService> {
  const settings = { WORKTREE_GRACE_PERIOD: `${GRACE_MS}ms` }
  return startBenchService({ ...bench, settings })
}

/** Of one file, time after time, each with what is done about it until nothing is left to do. */
async function updates(
  { rounds, sizes }: BenchContext,
  service: BenchService,
  repo: SourceRepo,
): Promise<{ ms: number; cpuMs: number }> {
  const [ms, cpu]: [number[], number[]] = [[], []]
  for (let round = -sizes.scaling.warmUps; round < rounds; round++) {
    // What was in use before is out of use by then.
    await sleep(GRACE_MS)
    await service.untilAtRest()
    repo.changeOneFile()
    const before = cpuMs(service.pid)
    service.pollNow()
    const took = await service.publishedMs('ours', repo.head)
    await sleep(GRACE_MS)
    await service.untilAtRest()
    if (round < 0) continue
    ms.push(took)
    cpu.push(cpuMs(service.pid) - before)
  }
  return { ms: median(ms), cpuMs: median(cpu) }
}
