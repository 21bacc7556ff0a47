// The most that a volume holds while a tree is published where nothing was, as the volume counts it,
// beside what the tree takes in the end. It has a volume of its own where the bench may mount one.
import { statfsSync } from 'node:fs'
import path from 'node:path'
import { setInterval as ticks } from 'node:timers/promises'
import { OWN_DIRECTORY } from '../../src/volume/own-directory.js'
import { createMounts } from '../helpers/mounts.js'
import { needsMounts } from '../helpers/needs.js'
import { type BenchService, startBenchService } from './bench-service.js'
import { type ImportedFile, importRepo } from './import-files.js'
import { randomBlocks } from './large-pack.js'
import { runGit } from './run-git.js'
import { type BenchContext, delayRow, type Row, type Scenario } from './scenario.js'
import { usageOf } from './usage.js'

const LOOK_MS = 2
const DELTAS = 4

/** A repository, and how large its largest file is, in bytes. */
interface Shape {
  what: string
  name: string
  head: string
  largestBytes: number
}

export const peakDisk: Scenario = {
  name: 'peak-disk',
  async run(bench) {
    const volume = path.join(bench.directory, 'volume')
    if (!needsMounts().skip) createMounts(bench.scope).tmpfs(volume, 'size=100%')
    const service = await startBenchService({ ...bench, directory: volume })
    const rows: Row[] = []
    for await (const shape of shapesOf(bench)) {
      rows.push(await measure(bench, service, shape, volume))
    }
    return [...rows, delayRow('peak-disk', [await service.longestDelayMs()])]
  },
}

async function* shapesOf(bench: BenchContext): AsyncGenerator<Shape> {
  for (const files of bench.sizes.firstPublishFiles) {
    const { head, name } = await bench.sourceRepo(files)
    yield { what: `${files.toLocaleString('en')} files`, name, head, largestBytes: 8000 }
  }
  const { deltaBytes, randomFiles, randomFileBytes } = bench.sizes.peakDisk
  const mib = (bytes: number) => `${bytes / 2 ** 20} MiB`
  yield {
    what: `${randomFiles} files of ${mib(randomFileBytes)} that do not compress`,
    ...(await createRandomRepo(bench, randomFiles, randomFileBytes)),
    largestBytes: randomFileBytes,
  }
  yield {
    what: `${DELTAS} files of ${mib(deltaBytes)} that are deltas of each other`,
    ...(await createDeltaRepo(bench, deltaBytes)),
    largestBytes: deltaBytes,
  }
}

async function createRandomRepo({ repos }: BenchContext, files: number, bytes: number) {
  const name = 'random'
  const content = Array.from({ length: files }, (_, index): ImportedFile => {
    return { path: `${index}.bin`, bytes, content: randomBlocks(index, bytes) }
  })
  const directory = path.join(repos, name)
  const head = await importRepo(directory, content, 'core.compression=0')
  // The server need not look for deltas, of which there are none.
  await runGit(directory, ['config', 'core.bigFileThreshold', '1m'])
  return { name, head }
}

async function createDeltaRepo({ repos }: BenchContext, bytes: number) {
  const name = 'deltas'
  const directory = path.join(repos, name)
  const first = Buffer.concat([...randomBlocks(0, bytes)])
  const files = Array.from({ length: DELTAS }, (_, index): ImportedFile => {
    const content = Buffer.from(first)
    content.write(`this is ${index}`, (index * bytes) / DELTAS)
    return { path: `${index}.bin`, bytes, content: [content] }
  })
  const head = await importRepo(directory, files, 'core.compression=0')
  await runGit(directory, ['-c', 'core.compression=0', 'repack', '-adfq', '--window=2'])
  return { name, head }
}

async function measure(
  { scope, server }: BenchContext,
  service: BenchService,
  { head, largestBytes, name, what }: Shape,
  volume: string,
): Promise<Row> {
  const before = usedBytes(volume)
  const entry = `${name}-published`
  const stop = new AbortController()
  scope.after(() => stop.abort())
  const sampled = peakOf(volume, stop.signal)
  service.list([{ path: entry, repo: `${server.url}/${name}` }])
  await service.publishedMs(entry, head)
  stop.abort()
  const peak = (await sampled) - before
  const seen = new Set<string>()
  usageOf(path.join(volume, entry, OWN_DIRECTORY), seen)
  const tree = usageOf(path.join(volume, entry), seen)
  service.list([])
  await service.untilAllPublished(0)
  return {
    what: `first publish of ${what}: peak of the volume, as a share of the tree`,
    unit: 'percent',
    ours: [(100 * peak) / tree.blockBytes],
    target: { value: 110 + (100 * largestBytes) / tree.blockBytes },
  }
}

async function peakOf(volume: string, signal: AbortSignal): Promise<number> {
  let peak = 0
  try {
    for await (const _ of ticks(LOOK_MS, undefined, { signal })) {
      peak = Math.max(peak, usedBytes(volume))
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return peak
}

function usedBytes(directory: string): number {
  const { bfree, blocks, bsize } = statfsSync(directory)
  return (blocks - bfree) * bsize
}
