// What lies beside the published tree after many updates in symlink mode, as `du` counts:
// each inode once, and what is shared with the tree not at all.
import { realpathSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { errnoOf } from '../../src/base/errno.js'
import { startBenchService } from './bench-service.js'
import { delayRow, type Row, type Scenario } from './scenario.js'
import { usageOf } from './usage.js'

const MIB = 1024 * 1024
/** So much is always allowed. */
const SMALL_BYTES = 64 * 1024
const TIMER_SLACK_MS = 1000

export const disk: Scenario = {
  name: 'disk',
  async run(bench) {
    const { directory, server, sizes } = bench
    const repo = await bench.sourceRepo(sizes.diskFiles)
    const { diskFiles, diskUpdates, diskGraceMs } = sizes
    const settings = { WORKTREE_GRACE_PERIOD: `${diskGraceMs}ms` }
    const service = await startBenchService({ ...bench, settings })
    service.list([{ path: 'site/ours', repo: `${server.url}/${repo.name}`, publish: 'symlink' }])
    await service.publishedMs('site/ours', repo.head)
    for (let update = 0; update < diskUpdates; update++) {
      await service.untilAtRest()
      repo.changeOneFile()
      service.pollNow()
      await service.publishedMs('site/ours', repo.head)
    }
    await service.untilAtRest()
    const what = `beside ${diskFiles.toLocaleString('en')} files after ${diskUpdates} updates`
    const soon = await atRest(service, () => rowsOf(`${what}, within grace`, directory))
    await sleep(diskGraceMs + TIMER_SLACK_MS)
    const late = await atRest(service, () => rowsOf(`${what}, grace over`, directory))
    return [...soon, ...late, delayRow('disk', [await service.longestDelayMs()])]
  },
}

/** Counts anew where a worktree went, or was given another name, while it was counted. */
async function atRest(
  service: { untilAtRest(): Promise<void> },
  count: () => Row[],
): Promise<Row[]> {
  for (let tries = 10; ; tries--) {
    await service.untilAtRest()
    try {
      return count()
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || tries === 0) throw error
    }
  }
}

function rowsOf(what: string, directory: string): Row[] {
  const seen = new Set<string>()
  const tree = usageOf(realpathSync(path.join(directory, 'site/ours')), seen)
  const beside = usageOf(path.join(directory, 'site'), seen)
  const row = (kind: string, ours: number, whole: number): Row => ({
    what: `${what}: ${kind} of the ${(whole / MIB).toFixed(1)} MiB published`,
    unit: 'percent',
    ours: [(100 * ours) / whole],
    target: { value: Math.max(6, (100 * SMALL_BYTES) / whole) },
  })
  return [row('bytes', beside.bytes, tree.bytes), row('blocks', beside.blockBytes, tree.blockBytes)]
}
