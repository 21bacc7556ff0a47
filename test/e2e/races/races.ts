// `npm run races`: attacks published directories at length, and exits with 1 where anything outside
// of them was touched, or anything did not come right. Options: --minutes, --commits, --seed.
import { parseArgs } from 'node:util'
import { cleanUpAll } from '../../helpers/at-end.js'
import { runRaces } from './races-run.js'

const SECONDS = 30

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    commits: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const rounds = Math.max(1, Math.round((Number(values.minutes) * 60) / SECONDS))
const options = {
  rounds,
  seconds: SECONDS,
  commits: Math.ceil(Number(values.commits) / rounds),
  seed: Number(values.seed),
}
const cleanUps: (() => unknown)[] = []
try {
  const startedAt = Date.now()
  const report = await runRaces({ after: (cleanUp) => cleanUps.push(cleanUp) }, options)
  const rows = {
    seed: options.seed,
    seconds: Math.round((Date.now() - startedAt) / 1000),
    rounds,
    'commits pushed': report.commits,
    ...Object.fromEntries(
      Object.entries(report.attacks).map(([what, count]) => [`attacks: ${what}`, count]),
    ),
    ...Object.fromEntries(
      Object.entries(report.failures).map(([code, count]) => [`seen to fail: ${code}`, count]),
    ),
    'faults found': report.faults.length,
  }
  for (const [name, value] of Object.entries(rows)) console.log(`${name.padEnd(60)}${value}`)
  for (const fault of report.faults) console.log(`FAULT ${fault}`)
  if (report.faults.length > 0) process.exitCode = 1
} finally {
  await cleanUpAll(cleanUps)
}
