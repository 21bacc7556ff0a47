// `npm run relay`: many nodes behind one relay, and then behind two of which one is killed; exits with 1
// where the git server was asked too often, a node was late, or anything was lost. Options: --nodes,
// --commits, --interval (milliseconds).
import { parseArgs } from 'node:util'
import { runAtLength } from '../long-run.js'
import { type RelayReport, runRelay } from './relay-run.js'

const LATEST_MS = 3000

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '200' },
    commits: { type: 'string', default: '20' },
    interval: { type: 'string', default: '1000' },
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

await runAtLength(0, async (scope) => {
  const options = { nodes, commits, intervalMs, pauseMs: 1000 }
  const one = await runRelay(scope, options)
  console.log(JSON.stringify({ one }))
  const two = await runRelay(scope, { ...options, killAfter: Math.floor(commits / 2) })
  console.log(JSON.stringify({ two }))
  const counts = {
    nodes,
    commits,
    'polls of all nodes, one relay': one.polls,
    'polls a second at the git server, one relay': one.pollsPerSecond,
    'most in one second, one relay': one.mostPollsInASecond,
    'most fetches of a commit, one relay': Math.max(...one.fetches),
    'latest node (ms), one relay': Math.max(...one.lastMs),
    'latest node (ms), one of two relays killed': Math.max(...two.lastMs),
  }
  return { counts, faults: [...faultsOf(one, 1), ...faultsOf(two, 2)] }
})
