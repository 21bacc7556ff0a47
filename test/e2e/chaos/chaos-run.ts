// Kills the service again and again while commits flow and somebody reads, and looks after each
// restart whether everything came right by itself.
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { atEnd } from '../../helpers/at-end.js'
import { createRepo, git, type TestScope, tempDir } from '../../helpers/git.js'
import { startGitServer } from '../../helpers/git-http-server.js'
import { untilRepository } from '../../helpers/kept-repository.js'
import { type Random, randomFrom } from '../../helpers/random-history.js'
import { checkedOutTree, readTree, treeDifferences } from '../../helpers/same-tree.js'
import { type Service, startService, until, writeListing } from '../../helpers/service.js'
import { type ChaosCommit, ChaosHistory } from './chaos-history.js'
import type { ReaderReport } from './chaos-reader.js'

export interface ChaosOptions {
  kills: number
  /** No further kill after so many seconds. */
  seconds: number
  seed: number
  /** After it, no further kill. @default there is none */
  interrupted?: AbortSignal
}

/** Whether there is to be another kill, after so many. */
export function goesOn(options: ChaosOptions, kills: number, endsAt: number): boolean {
  return kills < options.kills && Date.now() < endsAt && options.interrupted?.aborted !== true
}

export interface ChaosReport extends ReaderReport {
  kills: number
  /** What the service was at when it was killed, as far as its files tell. */
  phases: Record<string, number>
  /** How many commits were pushed. */
  commits: number
}

/** What kills are aimed at. */
const AIMS = [
  'renaming files in place',
  'changing the standby',
  'swapping the link',
  'staging in place',
  'staging for the link',
  'making a standby',
  'writing into a repository',
]
/** What has a repository of so many commits behind it. */
const DEPTH = 2
const KEPT = [
  { path: 'kept-directory', publish: 'in-place' },
  { path: 'kept-link', publish: 'symlink' },
] as const
/** The longest time between two kills, apart from the restart, in milliseconds. */
const LONGEST_MS = 700

/** Whether it did not end in time: then it leaves its leases, as what holds it up may still write. */
export function isLate({ logs }: Service): boolean {
  return logs.some(({ message }) => message.startsWith('stopped while work was under way'))
}

export async function runChaos(t: TestScope, options: ChaosOptions): Promise<ChaosReport> {
  const chaos = await Chaos.create(t, options)
  return chaos.run()
}

class Chaos {
  readonly #scope: TestScope
  readonly #options: ChaosOptions
  readonly #dir: string
  readonly #repoDir: string
  readonly #history: ChaosHistory
  readonly #random: Random
  readonly #reader: Worker
  readonly #phases: Record<string, number> = {}
  readonly #faults: string[] = []
  #newest: ChaosCommit | undefined
  #commits = 0

  static async create(t: TestScope, options: ChaosOptions): Promise<Chaos> {
    const dir = tempDir(t)
    const random = randomFrom(options.seed)
    const repo = createRepo(path.join(dir, 'repos/one.git'), { bare: true })
    const { url } = await startGitServer(t, { root: path.join(dir, 'repos') })
    const listingPath = path.join(dir, 'listing.json')
    const entry = { repo: `${url}/one.git`, branch: 'main' }
    writeListing(listingPath, [
      { ...entry, path: 'directory', publish: 'in-place' },
      { ...entry, path: 'link', publish: 'symlink' },
      ...KEPT.map((kept) => ({ ...entry, ...kept, history: DEPTH })),
    ])
    return new Chaos(t, options, dir, repo.dir, new ChaosHistory(repo, random), random)
  }

  private constructor(
    scope: TestScope,
    options: ChaosOptions,
    dir: string,
    repoDir: string,
    history: ChaosHistory,
    random: Random,
  ) {
    this.#scope = scope
    this.#options = options
    this.#dir = dir
    this.#repoDir = repoDir
    this.#history = history
    this.#random = random
    const [directory, link] = [path.join(dir, 'directory'), path.join(dir, 'link')]
    this.#reader = new Worker(new URL('./chaos-reader.js', import.meta.url), {
      workerData: { directory, link },
    })
    atEnd(scope, () => this.#reader.terminate())
  }

  async run(): Promise<ChaosReport> {
    const endsAt = Date.now() + this.#options.seconds * 1000
    let kills = 0
    await this.#push()
    while (goesOn(this.#options, kills, endsAt)) {
      const service = await this.#start()
      // Some are killed before what the last kill left was put right.
      if (this.#random() < 0.7) await this.#check(service)
      const killsAt = Date.now() + this.#random() * LONGEST_MS
      while (Date.now() < killsAt) {
        await this.#push()
        await sleep(Math.min(this.#random() * 150, Math.max(0, killsAt - Date.now())))
      }
      if (this.#random() < 0.8) await this.#untilAtWork()
      service.signal('SIGKILL')
      await service.stop()
      kills++
      this.#count(this.#phase())
    }
    const service = await this.#start()
    await this.#check(service)
    await service.stop()
    this.#checkTidy('after the end', isLate(service) ? ['lease'] : [])
    const read = await this.#endReader()
    const faults = [...this.#faults, ...read.faults]
    return { ...read, faults, kills, phases: this.#phases, commits: this.#commits }
  }

  /** Waits until the service is at one of its steps, chosen at random, and then a little. */
  async #untilAtWork(): Promise<void> {
    const aim = AIMS[Math.floor(this.#random() * AIMS.length)]
    const endsAt = Date.now() + LONGEST_MS
    for (let pushAt = 0; this.#phase() !== aim && Date.now() < endsAt; await turn()) {
      if (Date.now() < pushAt) continue
      await this.#push()
      pushAt = Date.now() + 250
    }
    if (this.#random() < 0.5) await sleep(this.#random() * 8)
  }

  #start(): Promise<Service> {
    const settings = { SCRAPE_INTERVAL: '100ms', WORKTREE_GRACE_PERIOD: '3s', LOG_LEVEL: 'info' }
    return startService(this.#scope, {
      listingPath: path.join(this.#dir, 'listing.json'),
      settings,
    })
  }

  /** Makes the next commit known to the reader first, and then to the service. */
  async #push(): Promise<void> {
    const commit = this.#history.next()
    const known = new Promise((resolve) => this.#reader.once('message', resolve))
    this.#reader.postMessage(commit)
    await known
    this.#history.push(commit)
    this.#newest = commit
    this.#commits++
  }

  /** Everything must come right by itself, and nothing be left over. */
  async #check(service: Service): Promise<void> {
    const { oid } = this.#newest as ChaosCommit
    try {
      const entries = ['directory', 'link']
      const isPublished = async () =>
        (await service.status()).entries.every((entry) => entry.oid === oid)
      await until(isPublished, async () => JSON.stringify((await service.status()).entries))
      const expected = checkedOutTree(this.#repoDir, oid)
      for (const entry of entries) {
        const differences = treeDifferences(readTree(path.join(this.#dir, entry)), expected)
        this.#faults.push(...differences.slice(0, 5).map((each) => `${entry} at ${oid}: ${each}`))
      }
      for (const { path: name } of KEPT) await this.#checkRepository(name, oid)
      await until(() => this.#leftOvers(['lease']).length === 0, 'nothing is left over').catch(() =>
        this.#checkTidy('after a restart', ['lease']),
      )
    } catch (error) {
      this.#faults.push(`after a restart: ${(error as Error).message}`)
    }
  }

  /** Real git must find the commit, with what is behind it, and nothing amiss. */
  async #checkRepository(name: string, oid: string): Promise<void> {
    const commits = git(this.#repoDir, 'rev-list', `--max-count=${DEPTH}`, oid).split('\n')
    try {
      // A kill may have left what was received and not published.
      await untilRepository(path.join(this.#dir, name), oid, commits, name, { mayDangle: true })
    } catch (error) {
      const { cause, message } = error as Error
      this.#faults.push(`${message} at ${oid}: ${(cause as Error).message}`)
    }
  }

  #checkTidy(when: string, allowed: readonly string[]): void {
    for (const name of this.#leftOvers(allowed)) this.#faults.push(`left ${when}: ${name}`)
  }

  /** What is neither published, nor remembered, nor kept for the next commit or a late reader. */
  #leftOvers(allowed: readonly string[]): string[] {
    const isState = /^(snapshot|snapshot\.changes)$/
    const isBeside = /^((spare-)?[0-9a-f]{40}|standby)(\.state|\.retired)?$/
    const isOurs = (name: string) => [...allowed, 'boot', 'current'].includes(name)
    const inside = this.#names('directory/.git-autosync').filter((name) => !isState.test(name))
    const beside = this.#names('.git-autosync/link').filter((name) => !isBeside.test(name))
    return [...inside, ...beside].filter((name) => !isOurs(name))
  }

  /** What a kill came into, as what it left tells. */
  #phase(): string {
    const inside = this.#names('directory/.git-autosync')
    const beside = this.#names('.git-autosync/link')
    const standbyState = this.#names('.git-autosync/link/standby.state')
    const repositories = ['kept-directory/.git', '.git-autosync/kept-link/repository']
    if (repositories.some((each) => this.#names(each).includes('git-autosync.next'))) {
      return 'writing into a repository'
    }
    if (inside.includes('journal')) return 'renaming files in place'
    if (standbyState.includes('journal')) return 'changing the standby'
    if (beside.some((name) => name.endsWith('.link'))) return 'swapping the link'
    if (inside.includes('staging')) return 'staging in place'
    if (beside.some((name) => name.endsWith('.staging'))) return 'staging for the link'
    if (beside.some((name) => name.startsWith('standby.new'))) return 'making a standby'
    return 'anything else'
  }

  #names(directory: string): string[] {
    try {
      return readdirSync(path.join(this.#dir, directory))
    } catch {
      // It is not there, or not any more.
      return []
    }
  }

  #count(phase: string): void {
    this.#phases[phase] = (this.#phases[phase] ?? 0) + 1
  }

  async #endReader(): Promise<ReaderReport> {
    const report = new Promise<ReaderReport>((resolve) => this.#reader.once('message', resolve))
    this.#reader.postMessage(undefined)
    return report
  }
}
