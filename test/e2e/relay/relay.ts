// `npm run relay`: many nodes behind one relay, and then behind two of which one is killed; exits with 1
// where the git server was asked too often, a node was late, or anything was lost; then how soon a relay tells
// of what a webhook announced. Options: --nodes, --commits, --interval (milliseconds), --relays (1,2, or none),
// --whole (nodes that publish, too).
import { parseArgs } from 'node:util'
import { withScope } from '../../helpers/at-end.js'
import { runAtLength } from '../long-run.js'
import { runAnnounced } from './announced-run.js'
import { type RelayReport, runRelay } from './relay-run.js'

const LATEST_MS = 3000
/** From a webhook to the first answer of a relay that tells of what was pushed. */
const LATEST_ANNOUNCED_MS = 1000

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '200' },
    commits: { type: 'string', default: '20' },
    interval: { type: 'string', default: '1000' },
    whole: { type: 'string', default: '10' },
    relays: { type: 'string', default: '1,2' },
  },
})
const [nodes, commits, intervalMs] = [values.nodes, values.commits, values.interval].map(
  Number,
) as [number, number, number]

/** What is not as it should be, of so many relays. */
function faultsOf({ faults, fetches, lastMs, pollsPerSecond }: RelayReport, relays: number) {
  return [
    ...faults,
    ...(pollsPerSecond > relays ? [`${pollsPerSecond} polls a second`] : []),
    ...fetches.filter((count) => count > relays).map((count) => `${count} fetches of a commit`),
    ...lastMs.filter((ms) => ms > LATEST_MS).map((ms) => `the last node after ${ms} ms`),
  ]
}

const onCommit = (lastMs: number) => console.log(`all ${nodes} nodes after ${lastMs} ms`)
const half = Math.floor(commits / 2)

await runAtLength(0, async () => {
  const options = {
    nodes,
    whole: Number(values.whole),
    commits,
    intervalMs,
    pauseMs: 1000,
    onCommit,
  }
  const counts: Record<string, number> = {
    nodes,
    'whole nodes': options.whole,
    commits,
    'interval (ms)': intervalMs,
  }
  const faults: string[] = []
  for (const relays of values.relays.split(',').filter(Boolean).map(Number)) {
    const killAfter = relays > 1 ? half : undefined
    // The nodes of one run would keep those of the next waiting.
    const report = await withScope((scope) => runRelay(scope, { ...options, killAfter }))
    console.log(JSON.stringify(report))
    faults.push(...faultsOf(report, relays))
    const of = (what: string) => `${what}, relays: ${relays}`
    counts[of('polls of whole nodes')] = report.polls
    counts[of('polls a second at the git server')] = Number(report.pollsPerSecond.toFixed(2))
    counts[of('most of them within one second')] = report.mostPollsInASecond
    counts[of('most fetches of a commit')] = Math.max(...report.fetches)
    counts[of('latest node (ms)')] = Math.max(...report.lastMs)
  }
  const announcedMs = (await withScope((scope) => runAnnounced(scope, commits))).sort(
    (a, b) => a - b,
  )
  counts['webhook to answer of a relay, median (ms)'] = announcedMs[half] ?? 0
  counts['webhook to answer of a relay, latest (ms)'] = announcedMs.at(-1) ?? 0
  const late = announcedMs.filter((ms) => ms > LATEST_ANNOUNCED_MS)
  faults.push(...late.map((ms) => `a relay told of what was announced after ${ms} ms`))
  return { counts, faults }
})
