// Kills a service again and again while it writes into the repositories behind published files, of one
// small remote, and looks by real git after each restart whether they are whole, clean and right.
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { createRepo, git, type TestRepo, type TestScope, tempDir } from '../../helpers/git.js'
import { untilRepository } from '../../helpers/kept-repository.js'
import { type Random, randomFrom } from '../../helpers/random-history.js'
import { type Service, startService, writeListing } from '../../helpers/service.js'
import { ChaosHistory } from './chaos-history.js'
import { type ChaosOptions, isLate } from './chaos-run.js'

export interface KeptChaosReport {
  kills: number
  /** After how many kills all was looked at. */
  checks: number
  /** What the service was at when it was killed, as far as its files tell. */
  phases: Record<string, number>
  faults: string[]
}

/** The commits that are kept. */
const DEPTH = 2
/** The longest time between a push and a kill that is not aimed at anything, in milliseconds. */
const LONGEST_MS = 250

const ENTRIES = [
  { path: 'directory', publish: 'in-place', repository: 'directory/.git' },
  { path: 'link', publish: 'symlink', repository: '.git-autosync/link/repository' },
] as const

/** What kills are aimed at, and the directory and the name that tell of it. */
const AIMS: Record<string, [directory: string, name: RegExp]> = {
  'receiving in place': ['directory/.git-autosync', /^incoming$/],
  'receiving for the link': ['.git-autosync/link', /^incoming$/],
  'keeping packs in place': ['directory/.git/objects/pack', /\.keep$/],
  'keeping packs for the link': ['.git-autosync/link/repository/objects/pack', /\.keep$/],
  'renaming files in place': ['directory/.git-autosync', /^journal$/],
  'changing the standby': ['.git-autosync/link/standby.state', /^journal$/],
  'swapping the link': ['.git-autosync/link', /\.link$/],
  'writing in place': ['directory/.git', /^git-autosync\.next$|\.lock$/],
  'writing for the link': ['.git-autosync/link/repository', /^git-autosync\.next$|\.lock$/],
  'joining packs in place': ['directory/.git', /^git-autosync\.pack$/],
  'joining packs for the link': ['.git-autosync/link/repository', /^git-autosync\.pack$/],
  'making a standby': ['.git-autosync/link', /^standby\.new/],
}

export async function runKeptChaos(t: TestScope, options: ChaosOptions): Promise<KeptChaosReport> {
  const dir = tempDir(t)
  const random = randomFrom(options.seed)
  const repo = createRepo(path.join(dir, 'one.git'), { bare: true })
  const history = new ChaosHistory(repo, random, { always: 3, others: 12, changes: [4, 9] })
  const listingPath = path.join(dir, 'listing.json')
  const entries = ENTRIES.map(({ path, publish }) => ({ path, publish, history: DEPTH }))
  const followed = { repo: repo.dir, branch: 'main' }
  writeListing(
    listingPath,
    entries.map((entry) => ({ ...entry, ...followed })),
  )
  const settings = { SCRAPE_INTERVAL: '1h', WORKTREE_GRACE_PERIOD: '200ms', LOG_LEVEL: 'info' }
  const start = () => startService(t, { listingPath, settings })
  const report: KeptChaosReport = { kills: 0, checks: 0, phases: {}, faults: [] }
  const endsAt = Date.now() + options.seconds * 1000
  let head = push(history)
  while (report.kills < options.kills && Date.now() < endsAt) {
    const service = await start()
    // Some are killed while they put right what the last kill left.
    if (random() < 0.2) await sleep(random() * LONGEST_MS)
    else {
      report.faults.push(...(await faultsIn(service, dir, repo, head)))
      report.checks++
      head = push(history)
      service.signal('SIGHUP')
      await untilKill(dir, random)
    }
    service.signal('SIGKILL')
    await service.stop()
    report.kills++
    const phase = phaseIn(dir) ?? 'anything else'
    report.phases[phase] = (report.phases[phase] ?? 0) + 1
  }
  const service = await start()
  report.faults.push(...(await faultsIn(service, dir, repo, head)))
  report.checks++
  await service.stop()
  const leases = ['directory/.git-autosync', '.git-autosync/link'].filter((each) =>
    namesIn(dir, each).includes('lease'),
  )
  if (!isLate(service))
    for (const lease of leases) report.faults.push(`left after the end: ${lease}/lease`)
  return report
}

function push(history: ChaosHistory): string {
  const commit = history.next()
  history.push(commit)
  return commit.oid
}

/** Waits until the service is at one of its steps, chosen at random, and then a little; or for any time. */
async function untilKill(dir: string, random: Random): Promise<void> {
  const names = Object.keys(AIMS)
  const aim = names[Math.floor(random() * (names.length + 3))]
  if (aim === undefined) return sleep(random() * LONGEST_MS)
  const endsAt = Date.now() + LONGEST_MS
  while (!isAt(dir, aim) && Date.now() < endsAt) await turn()
  if (random() < 0.6) await sleep(random() * 8)
}

function phaseIn(dir: string): string | undefined {
  return Object.keys(AIMS).find((name) => isAt(dir, name))
}

function isAt(dir: string, aim: string): boolean {
  const [directory, name] = AIMS[aim] as [string, RegExp]
  return namesIn(dir, directory).some((each) => name.test(each))
}

/** What is not right once the service has come round, by itself. */
async function faultsIn(
  service: Service,
  dir: string,
  repo: TestRepo,
  head: string,
): Promise<string[]> {
  const commits = git(repo.dir, 'rev-list', `--max-count=${DEPTH}`, head).split('\n')
  const faults: string[] = []
  for (const { path: name } of ENTRIES) {
    try {
      await service.untilPublished(name, head)
      await untilRepository(path.join(dir, name), head, commits, name)
    } catch (error) {
      const { cause, message } = error as Error
      faults.push(`${name} at ${head}: ${message} ${cause ?? ''}`)
    }
  }
  return faults
}

function namesIn(dir: string, directory: string): string[] {
  try {
    return readdirSync(path.join(dir, directory))
  } catch {
    // It is not there, or not any more.
    return []
  }
}
