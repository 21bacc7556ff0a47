// Kills a service again and again while it writes into the repositories behind published files, of one
// small remote, and looks by real git after each restart whether they are whole, clean and right.
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRepo, git, type TestRepo, type TestScope, tempDir } from '../../helpers/git.js'
import { untilRepository } from '../../helpers/kept-repository.js'
import { type Random, randomFrom } from '../../helpers/random-history.js'
import { type Service, startService, writeListing } from '../../helpers/service.js'
import { ChaosHistory } from './chaos-history.js'
import { type ChaosOptions, goesOn, isLate } from './chaos-run.js'
import { KILL_DIR, type KillOrder, ORDER, WORD } from './kill-at-call.js'

export interface KeptChaosReport {
  kills: number
  /** After how many kills all was looked at. */
  checks: number
  /** How many kills struck each step. */
  phases: Record<string, number>
  faults: string[]
}

/** The commits that are kept. */
const DEPTH = 2
/** The longest time between a push and a kill that is not aimed at anything, in milliseconds. */
const LONGEST_MS = 250
/** How long a service is left alone once all is published, where what is aimed at may still come. */
const QUIET_MS = 400

const ENTRIES = [
  { path: 'directory', publish: 'in-place', repository: 'directory/.git' },
  { path: 'link', publish: 'symlink', repository: '.git-autosync/link/repository' },
] as const

/** The steps of both modes, by what is changed in them. */
const REPOSITORY_STEPS = {
  'keeping packs': 'objects/pack/[^/]+$',
  'joining packs': 'git-autosync\\.(?:pack|idx)$',
  'writing an index': '(?:worktrees/[^/]+/)?index(?:\\.lock)?$',
  'writing refs': '(?:refs/|packed-refs|(?:worktrees/[^/]+/)?HEAD)',
  'writing logs': '(?:worktrees/[^/]+/)?logs/',
  'writing where history ends': 'shallow(?:\\.lock)?$',
  'marking it settled': '(?:worktrees/[^/]+/)?git-autosync\\.(?!pack|idx|held)',
}
const OTHER_STEPS = {
  'receiving in place': 'directory/\\.git-autosync/incoming',
  'receiving for the link': '\\.git-autosync/link/incoming',
  'staging in place': 'directory/\\.git-autosync/staging',
  'writing the journal in place': 'directory/\\.git-autosync/journal',
  'renaming files in place': 'directory/(?!\\.git)',
  'remembering in place': 'directory/\\.git-autosync/snapshot',
  'changing the standby': '\\.git-autosync/link/standby(?:/|\\.state/)',
  'making a standby': '\\.git-autosync/link/standby\\.new',
  'swapping the link': '(?:\\.git-autosync/link/[^/]*\\.link|link)$',
  'removing a worktree':
    '(?:\\.git-autosync/link/[^/]*\\.(?:retired|old)|repository/worktrees/[^/]+$)',
}

const STEPS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ENTRIES.flatMap(({ path: name, repository }) =>
      Object.entries(REPOSITORY_STEPS).map(([step, paths]) => [
        `${step}, ${name}`,
        `${repository.replaceAll('.', '\\.')}/${paths}`,
      ]),
    ),
  ),
  ...OTHER_STEPS,
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
  const aims = new Aims(dir, random)
  const settings = {
    ...{ SCRAPE_INTERVAL: '1h', WORKTREE_GRACE_PERIOD: '200ms', LOG_LEVEL: 'info' },
    [KILL_DIR]: aims.directory,
  }
  const execArgv = ['--import', new URL('./kill-at-call.js', import.meta.url).href]
  const start = () => startService(t, { listingPath, settings, execArgv })
  const report: KeptChaosReport = { kills: 0, checks: 0, phases: {}, faults: [] }
  const endsAt = Date.now() + options.seconds * 1000
  let head = push(history)
  while (goesOn(options, report.kills, endsAt)) {
    // Some are killed while they put right what the last kill left.
    const isEarly = random() < 0.2
    if (isEarly) aims.next()
    const service = await start().catch((error) => {
      if (!aims.hasStruck) throw error
    })
    if (service && !isEarly) {
      report.faults.push(...(await faultsIn(service, dir, repo, head)))
      report.checks++
      aims.next()
      head = push(history)
      service.signal('SIGHUP')
    }
    if (service) await aims.untilKilled(service, head)
    report.kills++
    const phase = aims.end()
    report.phases[phase] = (report.phases[phase] ?? 0) + 1
  }
  const service = await start()
  report.faults.push(...(await faultsIn(service, dir, repo, head)))
  report.checks++
  await service.stop()
  const leases = ['directory/.git-autosync', '.git-autosync/link'].filter((each) =>
    readdirSync(path.join(dir, each)).includes('lease'),
  )
  if (!isLate(service))
    for (const lease of leases) report.faults.push(`left after the end: ${lease}/lease`)
  return report
}

/** What kills are aimed at: each step as often as any other, and now and then nothing. */
class Aims {
  readonly directory: string
  readonly #dir: string
  readonly #random: Random
  /** How many calls of a step are likely to come. */
  readonly #counts = new Map<string, number>()
  #step: string | undefined
  #count = 0

  constructor(dir: string, random: Random) {
    this.#dir = dir
    this.#random = random
    this.directory = path.join(dir, 'kill')
    mkdirSync(this.directory)
  }

  /** Orders the next kill. */
  next(): void {
    const steps = Object.keys(STEPS)
    this.#step = steps[Math.floor(this.#random() * (steps.length + 2))]
    if (this.#step === undefined) return
    this.#count = Math.floor(this.#random() * (this.#counts.get(this.#step) ?? 3))
    const order: KillOrder = {
      paths: `^${this.#dir}/${STEPS[this.#step]}`,
      count: this.#count,
      isAfter: this.#random() < 0.5,
    }
    const file = path.join(this.directory, ORDER)
    writeFileSync(`${file}.new`, JSON.stringify(order))
    renameSync(`${file}.new`, file)
  }

  get hasStruck(): boolean {
    return existsSync(path.join(this.directory, WORD))
  }

  /** Waits until it is killed by the order, or kills it. */
  async untilKilled(service: Service, head: string): Promise<void> {
    const { exitCode, signalCode } = service.process
    const isOver = exitCode !== null || signalCode !== null
    const exited = isOver ? Promise.resolve() : once(service.process, 'exit')
    const quiet =
      this.#step === undefined ? sleep(this.#random() * LONGEST_MS) : rest(service, head)
    await Promise.race([exited, quiet])
    service.signal('SIGKILL')
    await service.stop()
  }

  /** What the kill struck; takes the order back. */
  end(): string {
    const step = this.#step
    const { hasStruck } = this
    for (const name of [ORDER, WORD]) rmSync(path.join(this.directory, name), { force: true })
    if (step === undefined) return 'at any time'
    const most = this.#counts.get(step) ?? 3
    this.#counts.set(
      step,
      hasStruck ? Math.min(40, Math.max(most, this.#count * 2)) : Math.max(1, this.#count),
    )
    return hasStruck ? step : 'after all of it'
  }
}

async function rest(service: Service, head: string): Promise<void> {
  try {
    for (const { path: name } of ENTRIES) await service.untilPublished(name, head)
    await sleep(QUIET_MS)
  } catch {
    // It is killed by now.
  }
}

function push(history: ChaosHistory): string {
  const commit = history.next()
  history.push(commit)
  return commit.oid
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
