// `npm run chaos`: kills the service many times, and exits with 1 where anything was ever torn,
// lost, or left over. Options: --kills, --seconds, --seed.
import { parseArgs } from 'node:util'
import { runChaos } from './chaos-run.js'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '1800' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const options = {
  kills: Number(values.kills),
  seconds: Number(values.seconds),
  seed: Number(values.seed),
}
const cleanUps: (() => unknown)[] = []
try {
  const startedAt = Date.now()
  const report = await runChaos({ after: (cleanUp) => cleanUps.unshift(cleanUp) }, options)
  const rows = {
    seed: options.seed,
    seconds: Math.round((Date.now() - startedAt) / 1000),
    'commits pushed': report.commits,
    'trees read whole through the link': report.trees,
    'files read in the directory': report.files,
    kills: report.kills,
    ...Object.fromEntries(
      Object.entries(report.phases).map(([phase, count]) => [`kills while ${phase}`, count]),
    ),
    'faults found': report.faults.length,
  }
  for (const [name, value] of Object.entries(rows)) console.log(`${name.padEnd(44)}${value}`)
  for (const fault of report.faults) console.log(`FAULT ${fault}`)
  if (report.faults.length > 0) process.exitCode = 1
} finally {
  for (const cleanUp of cleanUps) await cleanUp()
}
