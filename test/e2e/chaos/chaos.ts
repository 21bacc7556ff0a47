// `npm run chaos`: kills the service many times, and exits with 1 where anything was ever torn,
// lost, or left over. Options: --kills, --seconds, --seed; --kept: only what has history, many times faster.
// SIGTERM ends it earlier, with its report.
import { parseArgs } from 'node:util'
import { seedFrom } from '../../helpers/seed.js'
import { named, runAtLength } from '../long-run.js'
import { runChaos } from './chaos-run.js'
import { runKeptChaos } from './kept-chaos-run.js'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '1800' },
    seed: { type: 'string' },
    kept: { type: 'boolean', default: false },
  },
})
const seed = seedFrom(values.seed ?? process.env['SEED'])
const limits = { kills: Number(values.kills), seconds: Number(values.seconds), seed }

await runAtLength(seed, async (scope, interrupted) => {
  const options = { ...limits, interrupted }
  if (values.kept) {
    const { checks, faults, kills, phases } = await runKeptChaos(scope, options)
    return { counts: { kills, 'looks by git': checks, ...named('kills while', phases) }, faults }
  }
  const { commits, trees, files, kills, phases, faults } = await runChaos(scope, options)
  const counts = {
    'commits pushed': commits,
    'trees read whole through the link': trees,
    'files read in the directory': files,
    kills,
    ...named('kills while', phases),
  }
  return { counts, faults }
})
