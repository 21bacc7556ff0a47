// Publishes commits while somebody swaps whatever lies below the published paths, in rounds: each
// with a service and an attacker of its own, of another user or of the same, with ROOT and without.
import { chmodSync } from 'node:fs'
import path from 'node:path'
import { createRepo, type TestScope, tempDir } from '../../helpers/git.js'
import { startGitServer } from '../../helpers/git-http-server.js'
import { randomFrom } from '../../helpers/random-history.js'
import { ChaosHistory } from '../chaos/chaos-history.js'
import type { Attacks } from './attacker.js'
import { RaceRound } from './race-round.js'

export interface RacesOptions {
  rounds: number
  /** How long each round's attack lasts, in seconds. */
  seconds: number
  /** How many commits each round sees, however long that takes. */
  commits: number
  seed: number
}

export interface RacesReport {
  commits: number
  /** How often the attacker did what. */
  attacks: Attacks
  /** How often the service said of an entry that it failed, by code. */
  failures: Record<string, number>
  faults: string[]
}

const NOBODY = 65_534

export async function runRaces(t: TestScope, options: RacesOptions): Promise<RacesReport> {
  const dir = tempDir(t)
  // For the attacker to come in.
  chmodSync(dir, 0o755)
  const random = randomFrom(options.seed)
  const repo = createRepo(path.join(dir, 'repos/one.git'), { bare: true })
  const { url } = await startGitServer(t, { root: path.join(dir, 'repos') })
  const history = new ChaosHistory(repo, random)
  const self = process.getuid?.() ?? 0
  const report: RacesReport = { commits: 0, attacks: {}, failures: {}, faults: [] }
  for (let number = 0; number < options.rounds; number++) {
    const round = await RaceRound.create(t, {
      directory: path.join(dir, `round-${number}`),
      repo: { url: `${url}/one.git`, dir: repo.dir },
      history,
      random,
      attacker: self === 0 && number % 2 === 0 ? NOBODY : self,
      hasRoot: number % 4 < 2,
    })
    await round.attack(options)
    const { commits, attacks, failures, faults } = await round.end()
    report.commits += commits
    add(report.attacks, attacks)
    add(report.failures, failures)
    report.faults.push(...faults.map((fault) => `round ${number}: ${fault}`))
  }
  return report
}

function add(sums: Record<string, number>, more: Record<string, number>): void {
  for (const [name, count] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + count
}
