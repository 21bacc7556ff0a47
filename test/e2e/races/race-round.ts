// One service, one attacker, and what must be so meanwhile and afterwards: nothing outside of the
// attacked paths is touched, another entry goes on, and once the attacker has left, each attacked
// one comes right: by itself, or once what its error names is removed.
import { chownSync, mkdirSync, realpathSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { errnoOf } from '../../../src/base/errno.js'
import { NO_FILE } from '../../../src/volume/errnos.js'
import type { TestScope } from '../../helpers/git.js'
import type { Random } from '../../helpers/random-history.js'
import { checkedOutTree, readTree, type Tree, treeDifferences } from '../../helpers/same-tree.js'
import { type Service, startService, until, writeListing } from '../../helpers/service.js'
import type { ChaosCommit, ChaosHistory } from '../chaos/chaos-history.js'
import { Attacker, type Attacks } from './attacker.js'
import { createCanaries, Watch } from './canaries.js'
import type { RacesReport } from './races-run.js'

export interface RoundOptions {
  /** Holds all of the round, and is new. */
  directory: string
  repo: { url: string; dir: string }
  history: ChaosHistory
  random: Random
  /** The user that the attacker is. */
  attacker: number
  /** Whether the service has the setting ROOT. */
  hasRoot: boolean
}

const ATTACKED = [
  { path: 'attacked/directory', publish: 'in-place' },
  { path: 'attacked/cleaned', publish: 'in-place', clean: true },
  { path: 'attacked/link', publish: 'symlink' },
  { path: 'attacked/cleaned-link', publish: 'symlink', clean: true },
]
const UNTOUCHED = { path: 'untouched/site', publish: 'in-place' }
/** How long what must happen may take on a busy machine, in milliseconds. */
const PATIENCE_MS = 120_000
const MOST_FAULTS = 20

export class RaceRound {
  readonly #options: RoundOptions
  readonly #service: Service
  readonly #attacker: Attacker
  readonly #watch: Watch
  readonly #faults: string[] = []
  readonly #failures: Record<string, number> = {}
  #attacks: Attacks = {}
  #commits = 0
  #newest: ChaosCommit

  static async create(t: TestScope, options: RoundOptions): Promise<RaceRound> {
    const { directory, attacker, random, hasRoot, history } = options
    const at = (name: string) => path.join(directory, name)
    for (const name of ['', 'attacked', 'attacked/directory', 'attacked/cleaned', 'untouched']) {
      mkdirSync(at(name))
      if (name.startsWith('attacked')) chownSync(at(name), attacker, attacker)
    }
    createCanaries(at('canaries'), attacker)
    const first = history.next()
    history.push(first)
    list(options, ATTACKED)
    const service = await startService(t, {
      listingPath: at('listing.json'),
      settings: {
        SCRAPE_INTERVAL: '100ms',
        VERIFY_INTERVAL: '500ms',
        WORKTREE_GRACE_PERIOD: '300ms',
        PRUNE: 'true',
        MAX_CONCURRENT_SYNCS: '8',
        LOG_LEVEL: 'info',
        ...(hasRoot ? { ROOT: directory } : {}),
      },
    })
    await service.untilPublished(UNTOUCHED.path, first.oid)
    const seed = Math.floor(random() * 2 ** 31)
    const spawned = new Attacker(t, {
      seed,
      uid: attacker,
      stock: at('stock'),
      canaries: at('canaries'),
      directory: at('attacked'),
    })
    const above = [directory, path.dirname(directory), path.dirname(options.repo.dir)]
    const watch = new Watch(at('canaries'), above)
    return new RaceRound(options, service, spawned, watch, first)
  }

  private constructor(
    options: RoundOptions,
    service: Service,
    attacker: Attacker,
    watch: Watch,
    newest: ChaosCommit,
  ) {
    this.#options = options
    this.#service = service
    this.#attacker = attacker
    this.#watch = watch
    this.#newest = newest
  }

  /** Publishes commits while entries come and go, until there were enough of both. */
  async attack({ seconds, commits }: { seconds: number; commits: number }): Promise<void> {
    const { history, random } = this.#options
    const endsAt = Date.now() + seconds * 1000
    while ((Date.now() < endsAt || this.#commits < commits) && this.#isWell()) {
      this.#newest = history.next()
      history.push(this.#newest)
      this.#commits++
      const listed = random() < 0.1 ? ATTACKED.filter(() => random() < 0.7) : undefined
      if (listed) list(this.#options, listed)
      // What failed would rest for longer and longer.
      if (random() < 0.3) this.#service.signal('SIGHUP')
      await this.#countFailures()
      if (this.#commits % 5 === 0) {
        await this.#step('another entry is published', () =>
          this.#service.untilPublished(UNTOUCHED.path, this.#newest.oid),
        )
      } else await sleep(random() * 600)
    }
    this.#attacks = await this.#attacker.stop()
  }

  /** Everything comes right, is removed, and the service ends. */
  async end(): Promise<RacesReport> {
    const { directory } = this.#options
    list(this.#options, ATTACKED)
    this.#service.signal('SIGHUP')
    const expected = checkedOutTree(this.#options.repo.dir, this.#newest.oid)
    for (const entry of [UNTOUCHED, ...ATTACKED]) {
      await this.#step(`${entry.path} comes right`, () => this.#untilRight(entry, expected))
    }
    this.#look('once all was right')
    list(this.#options, [])
    await this.#step('what left the listing is removed', () =>
      until(async () => (await this.#service.status()).entries.length === 1, 'entries are gone'),
    )
    await this.#stop()
    this.#look('at the end')
    rmSync(directory, { recursive: true })
    return {
      commits: this.#commits,
      attacks: this.#attacks,
      failures: this.#failures,
      faults: [...new Set(this.#faults)].slice(0, MOST_FAULTS),
    }
  }

  /** Waits; what the error names is removed meanwhile, as whoever reads it would. */
  async #untilRight(entry: (typeof ATTACKED)[number], expected: Tree): Promise<void> {
    const at = path.join(this.#options.directory, entry.path)
    const differences = () => {
      const found = treeDifferences(readTree(at), expected)
      return entry.clean ? found : found.filter((line) => !/: unexpected /.test(line))
    }
    await until(
      async () => {
        const { oid, error } = await this.#service.entry(entry.path)
        if (error) await this.#obey(error.message)
        return oid === this.#newest.oid && !error && differences().length === 0
      },
      async () =>
        JSON.stringify([await this.#service.entry(entry.path), differences().slice(0, 5)]),
    )
  }

  async #obey(message: string): Promise<void> {
    const attacked = path.join(this.#options.directory, 'attacked/')
    for (const [name] of message.matchAll(/\/[^\s,;()]+/g)) {
      if (name.startsWith(attacked)) removeIfThere(name)
    }
    this.#service.signal('SIGHUP')
    await sleep(500)
  }

  #isWell(): boolean {
    return this.#faults.length === 0
  }

  /** A service that does not end by itself is a fault, and killed. */
  async #stop(): Promise<void> {
    const exit = this.#service.stop()
    const late = setTimeout(() => this.#service.signal('SIGKILL'), PATIENCE_MS)
    const code = await exit
    clearTimeout(late)
    if (code !== 0) this.#fault(`the exit code after SIGTERM: ${code}`)
  }

  async #countFailures(): Promise<void> {
    for (const { error } of (await this.#service.status()).entries) {
      if (!error) continue
      this.#failures[error.code] = (this.#failures[error.code] ?? 0) + 1
    }
    this.#look('while attacked')
  }

  /** What was touched, and errors that say nothing of what to do. */
  #look(when: string): void {
    for (const change of this.#watch.changes()) this.#fault(`${when}: ${change}`)
    for (const { errorCode, error, cause } of this.#service.logs) {
      if (errorCode === 'internal') this.#fault(`not clear: ${error}: ${JSON.stringify(cause)}`)
    }
  }

  async #step(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#fault(`not so: ${what}: ${(error as Error).message}`)
    }
  }

  #fault(what: string): void {
    this.#faults.push(what)
  }
}

/** But for what is reached by a symlink that the attacker left: that would be a canary. */
function removeIfThere(name: string): void {
  const directory = path.dirname(name)
  try {
    if (realpathSync(directory) === directory) rmSync(name, { recursive: true, force: true })
  } catch (error) {
    if (!NO_FILE.includes(errnoOf(error))) throw error
  }
}

function list({ directory, repo }: RoundOptions, entries: readonly object[]): void {
  const follows = { repo: repo.url, branch: 'main' }
  writeListing(
    path.join(directory, 'listing.json'),
    [UNTOUCHED, ...entries].map((entry) => ({ ...entry, ...follows })),
  )
}
