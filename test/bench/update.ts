// One file of many changes: what it costs to find that out and to publish it, against a
// fetch, with and without a reset, in a clone that is there already.
import { mkdtempSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { git } from '../helpers/git-command.js'
import { startBenchService } from './bench-service.js'
import { startGitSync } from './git-sync-updates.js'
import { Replay } from './replay.js'
import { timeGit } from './run-git.js'
import { type BenchContext, delayRows, type Row, type Scenario } from './scenario.js'
import { alternate } from './statistics.js'

/** What is allowed of the time that the same requests take where nothing is done with the answers. */
const OF_REQUESTS = 1.25

/** One way of publishing, and the most that is allowed of git's time. */
interface Variant {
  name: string
  publish: 'in-place' | 'symlink'
  ofReset: number
  ofFetch: number
  settings?: Record<string, string>
  /** How many commits are kept. @default 0 */
  history?: number
  /** Before each update, on top of the time until nothing is left to do. @default 0 */
  pauseMs?: number
}

const IN_PLACE: Variant = { name: 'in-place', publish: 'in-place', ofReset: 0.15, ofFetch: 1 }
const SYMLINK = { publish: 'symlink', ofReset: 0.2, ofFetch: 1.2 } as const

export const updateInPlace: Scenario = {
  name: 'update-in-place',
  run: (bench) => measure(bench, IN_PLACE),
}

/** With earlier worktrees gone, and while they stay for the readers that sit in them. */
export const updateSymlink: Scenario = {
  name: 'update-symlink',
  async run(bench) {
    const settings = { WORKTREE_GRACE_PERIOD: '1s' }
    const rested = { ...SYMLINK, name: 'symlink, grace over', settings, pauseMs: 1500 }
    const rows = await measure(bench, rested)
    return [...rows, ...(await measure(bench, { ...SYMLINK, name: 'symlink, within grace' }))]
  },
}

/** With a repository of one commit behind the files. */
export const updateHistory: Scenario = {
  name: 'update-history',
  async run(bench) {
    const kept = { history: 1, ofReset: 0.5, ofFetch: 3 }
    const rows = await measure(bench, { ...IN_PLACE, ...kept, name: 'in-place, history 1' })
    return [...rows, ...(await measure(bench, { ...SYMLINK, ...kept, name: 'symlink, history 1' }))]
  },
}

async function measure(bench: BenchContext, variant: Variant): Promise<Row[]> {
  const { server, scope, rounds, sizes } = bench
  const repo = await bench.sourceRepo(sizes.updateFiles)
  const url = `${server.url}/${repo.name}`
  const directory = mkdtempSync(path.join(bench.directory, 'update-'))
  const clone = path.join(directory, 'clone')
  const service = await startBenchService({ directory, scope, settings: variant.settings ?? {} })
  const { history = 0, publish } = variant
  service.list([{ path: 'ours', repo: url, publish, ...(history > 0 && { history }) }])
  await service.publishedMs('ours', repo.head)
  await timeGit(directory, 'clone', '-q', '--depth', '1', url, clone)

  const gitSync = await startGitSync(scope, directory, { head: repo.head, url })
  const replay = new Replay(scope, server.url)
  const samples = await alternate(
    { rounds, warmUps: sizes.warmUps },
    {
      async prepare() {
        repo.changeOneFile()
        await sleep(variant.pauseMs ?? 0)
        await service.untilAtRest()
      },
      async ours() {
        // The metric is reset by being read: what came before is not of this round.
        await service.longestDelayMs()
        const startedAt = Date.now()
        const { result, sent, ...served } = await server.during(async () => {
          service.pollNow()
          const ms = await service.publishedMs('ours', repo.head)
          return { ms, signalledMs: (await service.publishedAt('ours', repo.head)) - startedAt }
        })
        await service.untilAtRest()
        const delayMs = await service.longestDelayMs()
        return { ...result, replayMs: await replay.ms(sent), delayMs, ...served }
      },
      async git() {
        const { result: fetchMs, ...served } = await server.during(() =>
          timeGit(clone, 'fetch', '-q', '--depth', '1'),
        )
        const resetMs = await timeGit(clone, 'reset', '-q', '--hard', 'FETCH_HEAD')
        const head = git(clone, 'rev-parse', 'HEAD')
        if (head !== repo.head) throw new Error(`git is at ${head}, not at ${repo.head}`)
        const gitSyncMs = await gitSync?.updateMs(head)
        return { fetchMs, ms: fetchMs + resetMs, gitSyncMs, ...served }
      },
    },
  )
  const what = `1 of ${repo.files.toLocaleString('en')} changes, ${variant.name}`
  await service.stop()
  const delaysMs = samples.ours.map(({ delayMs }) => delayMs)
  return [...rowsOf(what, variant, samples), ...delayRows(`update, ${variant.name}`, delaysMs)]
}

interface Served {
  requests: number
  bytesOut: number
}

interface Samples {
  ours: (Served & { ms: number; signalledMs: number; replayMs: number; delayMs: number })[]
  git: (Served & { ms: number; fetchMs: number; gitSyncMs: number | undefined })[]
}

function rowsOf(what: string, { ofReset, ofFetch }: Variant, { ours, git }: Samples): Row[] {
  const oursMs = ours.map(({ ms }) => ms)
  const signalledMs = ours.map(({ signalledMs }) => signalledMs)
  const gitSyncMs = git.flatMap(({ gitSyncMs = [] }) => gitSyncMs)
  const ofGitSync = { what: `${what}: SIGHUP to published / git-sync`, unit: 'ms' } as const
  return [
    ...(gitSyncMs.length > 0 ? [{ ...ofGitSync, ours: signalledMs, git: gitSyncMs }] : []),
    {
      what: `${what} / fetch + reset`,
      unit: 'ms',
      ours: oursMs,
      git: git.map(({ ms }) => ms),
      target: { ratio: ofReset },
    },
    {
      what: `${what} / fetch alone`,
      unit: 'ms',
      ours: oursMs,
      git: git.map(({ fetchMs }) => fetchMs),
      target: { ratio: ofFetch },
    },
    {
      what: `${what}: SIGHUP to published / its requests alone`,
      unit: 'ms',
      ours: signalledMs,
      git: ours.map(({ replayMs }) => replayMs),
      target: { ratio: OF_REQUESTS },
    },
    {
      what: `${what}: bytes received`,
      unit: 'bytes',
      ours: ours.map(({ bytesOut }) => bytesOut),
      git: git.map(({ bytesOut }) => bytesOut),
      target: { ratio: 1.1 },
    },
    {
      what: `${what}: requests`,
      unit: 'count',
      ours: ours.map(({ requests }) => requests),
      git: git.map(({ requests }) => requests),
      target: { value: 2 },
    },
  ]
}
