// `npm run races`: attacks published directories at length, and exits with 1 where anything outside
// of them was touched, or anything did not come right. Options: --minutes, --commits, --seed.
import { parseArgs } from 'node:util'
import { seedFrom } from '../../helpers/seed.js'
import { named, runAtLength } from '../long-run.js'
import { runRaces } from './races-run.js'

const SECONDS = 30

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    commits: { type: 'string', default: '1000' },
    seed: { type: 'string' },
  },
})
const seed = seedFrom(values.seed ?? process.env['SEED'])
const rounds = Math.max(1, Math.round((Number(values.minutes) * 60) / SECONDS))
const commitsOfRound = Math.ceil(Number(values.commits) / rounds)
const options = { rounds, seconds: SECONDS, commits: commitsOfRound, seed }

await runAtLength(seed, async (scope) => {
  const { commits, attacks, failures, faults } = await runRaces(scope, options)
  const counts = {
    rounds,
    'commits pushed': commits,
    ...named('attacks:', attacks),
    ...named('seen to fail:', failures),
  }
  return { counts, faults }
})
