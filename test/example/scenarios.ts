// `npm run scenarios`: what the three ways to deploy cost and give, with processes in place
// of pods and directories in place of volumes; one repository. `-- --size small` only shows that
// it runs: its figures say nothing.
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cpuMs, residentBytes } from '../bench/proc.js'
import { median } from '../bench/statistics.js'
import { BenchScope, createWorkspace, describeMachine } from '../bench/workspace.js'
import { atEnd } from '../helpers/at-end.js'
import { createRepo, type TestRepo } from '../helpers/git.js'
import { type GitServer, startGitServer } from '../helpers/git-http-server.js'
import { type Service, startService, until, writeListing } from '../helpers/service.js'

const READER = fileURLToPath(new URL('./reader.js', import.meta.url))
const SIZES = {
  full: { readers: 10, commits: 50, intervalMs: 1_000, idleMs: 30_000 },
  small: { readers: 2, commits: 2, intervalMs: 100, idleMs: 200 },
}
const { readers, commits, intervalMs, idleMs } = SIZES[parseSize(process.argv.slice(2))]

interface Scenario {
  name: string
  /** How many services there are; the readers are shared out among them. */
  writers: number
  publish: 'in-place' | 'symlink'
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'sidecar, a service for each reader', writers: readers, publish: 'symlink' },
  { name: 'shared volume, 1 service', writers: 1, publish: 'in-place' },
  { name: 'DaemonSet, 2 nodes', writers: 2, publish: 'symlink' },
]

/** When each reader first saw each version, in milliseconds. */
type Sightings = Map<string, number>[]

const results: Record<string, Record<string, number>> = {}
for (const scenario of SCENARIOS) results[scenario.name] = await measure(scenario)
console.log(JSON.stringify({ ...describeMachine(), readers, commits, intervalMs, idleMs }))
console.table(results)

function parseSize(args: readonly string[]): keyof typeof SIZES {
  const options = { size: { type: 'string', default: 'full' } } as const
  const { size } = parseArgs({ args: [...args], options }).values
  if (size === 'full' || size === 'small') return size
  throw new Error(`--size must be one of ${Object.keys(SIZES).join(', ')}`)
}

async function measure({ writers, publish }: Scenario): Promise<Record<string, number>> {
  const scope = new BenchScope()
  try {
    const { directory } = createWorkspace(scope)
    const repo = createRepo(path.join(directory, 'repos/site'))
    repo.commit('first', { ...manyFiles(), version: '0\n' })
    const server = await startGitServer(scope, { root: path.join(directory, 'repos') })
    const folders = Array.from({ length: writers }, (_, at) => path.join(directory, `volume-${at}`))
    const services = await Promise.all(
      folders.map((folder) => startWriter(scope, folder, { repo, server, publish })),
    )
    const sightings = Array.from({ length: readers }, (_, at) =>
      startReader(scope, path.join(folders[at % writers] ?? '', 'site/version')),
    )
    await allSee(sightings, '0')
    return { ...(await measureIdle(services, server)), ...(await measureDelay(repo, sightings)) }
  } finally {
    await scope.close()
  }
}

async function startWriter(
  scope: BenchScope,
  folder: string,
  { repo, server, publish }: { repo: TestRepo; server: GitServer; publish: string },
): Promise<Service> {
  mkdirSync(folder)
  const listingPath = path.join(folder, 'listing.json')
  writeListing(listingPath, [{ path: 'site', repo: `${server.url}/site`, publish }])
  const settings = { SCRAPE_INTERVAL: `${intervalMs}ms`, LOG_LEVEL: 'info' }
  const service = await startService(scope, { listingPath, settings, execArgv: [] })
  await service.untilPublished('site', repo.oid('HEAD'))
  return service
}

async function measureIdle(services: readonly Service[], server: GitServer) {
  const pids = services.map(({ process: { pid = 0 } }) => pid)
  const cpuBefore = sum(pids.map(cpuMs))
  const requestsBefore = server.requests.length
  await sleep(idleMs)
  const perMinute = 60_000 / idleMs
  return {
    'requests a minute': Math.round((server.requests.length - requestsBefore) * perMinute),
    'CPU ms a minute': Math.round((sum(pids.map(cpuMs)) - cpuBefore) * perMinute),
    'memory MiB': Math.round(sum(pids.map((pid) => residentBytes(pid, 'VmRSS'))) / 2 ** 20),
  }
}

/** From the end of `git commit` to the moment at which each reader has the new content. */
async function measureDelay(repo: TestRepo, sightings: Sightings) {
  const delays: number[] = []
  const spreads: number[] = []
  for (let version = 1; version <= commits; version++) {
    // At any moment of the interval.
    await sleep(Math.random() * intervalMs)
    repo.commit(`${version}`, { version: `${version}\n` })
    const committedAt = Date.now()
    await allSee(sightings, `${version}`)
    const seenAt = sightings.map((sighting) => sighting.get(`${version}`) ?? Number.NaN)
    delays.push(...seenAt.map((at) => at - committedAt))
    spreads.push(Math.max(...seenAt) - Math.min(...seenAt))
  }
  return {
    'visible after, median ms': Math.round(median(delays)),
    'visible after, max ms': Math.max(...delays),
    'readers apart, median ms': Math.round(median(spreads)),
    'readers apart, max ms': Math.max(...spreads),
  }
}

function startReader(scope: BenchScope, file: string): Map<string, number> {
  const seen = new Map<string, number>()
  const child = spawn(process.execPath, [READER, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  let rest = ''
  child.stdout.on('data', (text) => {
    const lines = `${rest}${text}`.split('\n')
    rest = lines.pop() ?? ''
    for (const [version = '', at] of lines.map((line) => line.split(' ')))
      seen.set(version, Number(at))
  })
  atEnd(scope, () => child.kill())
  return seen
}

async function allSee(sightings: Sightings, version: string): Promise<void> {
  await until(() => sightings.every((seen) => seen.has(version)), `every reader sees ${version}`)
}

function manyFiles(): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: 200 }, (_, at) => [`folder-${at % 20}/file-${at}`, `${at}\n`.repeat(50)]),
  )
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
