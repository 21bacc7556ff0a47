// A fresh process that publishes a tree over HTTP where nothing was, beside a clone, and beside git-sync
// itself where its binary is given.
import { rmSync } from 'node:fs'
import path from 'node:path'
import { MAIN } from '../helpers/program.js'
import { writeListing } from '../helpers/service.js'
import { type Fresh, GIT_SYNC_BINARY, gitSyncOnce, ONCE, runFresh } from './fresh-process.js'
import { timeGit } from './run-git.js'
import type { BenchContext, Row, Scenario } from './scenario.js'
import { alternate } from './statistics.js'

/** The most that is allowed of git's time, by the number of files: of few, a process takes most to start. */
const OF_CLONE: Readonly<Record<number, number>> = { 50000: 0.8 }
/** And of git-sync's. */
const OF_GIT_SYNC = 1

export const fresh: Scenario = {
  name: 'fresh',
  async run(bench) {
    const rows: Row[] = []
    for (const files of bench.sizes.firstPublishFiles) rows.push(...(await measure(bench, files)))
    return rows
  },
}

async function measure(bench: BenchContext, files: number): Promise<Row[]> {
  const { directory, rounds, server, sizes } = bench
  const repo = await bench.sourceRepo(files)
  const url = `${server.url}/${repo.name}`
  const listingPath = path.join(directory, `fresh-${files}.json`)
  // A link shows nothing before all is there.
  writeListing(listingPath, [{ path: 'ours', repo: url, publish: 'symlink' }])
  const start = [process.execPath, MAIN, '--listing-path', listingPath, ...ONCE] as const
  const gitSync: Fresh[] = []
  const { git, ours } = await alternate(
    { rounds, warmUps: sizes.warmUps },
    {
      async prepare(round) {
        if (!GIT_SYNC_BINARY) return
        const command = [GIT_SYNC_BINARY, ...gitSyncOnce(url)] as const
        const sample = await runFresh({ command, directory, shows: 'root/link', makes: 'root' })
        if (round >= sizes.warmUps) gitSync.push(sample)
      },
      async ours() {
        const sample = await runFresh({ command: start, directory, shows: 'ours', makes: 'ours' })
        rmSync(path.join(directory, '.git-autosync'), { recursive: true })
        return sample
      },
      async git() {
        const ms = await timeGit(directory, 'clone', '-q', '--depth', '1', url, 'clone')
        rmSync(path.join(directory, 'clone'), { recursive: true })
        return ms
      },
    },
  )
  const what = `fresh process, ${files.toLocaleString('en')} files, to the link`
  const oursMs = ours.map(({ ms }) => ms)
  const shared = { unit: 'ms', ours: oursMs } as const
  const ofClone = OF_CLONE[files]
  const target = ofClone === undefined ? undefined : { ratio: ofClone }
  const rows: Row[] = [
    { what: `${what} / clone --depth 1`, ...shared, git, ...(target && { target }) },
  ]
  if (gitSync.length > 0) {
    const gitSyncMs = gitSync.map(({ ms }) => ms)
    const beside = { git: gitSyncMs, target: { ratio: OF_GIT_SYNC } }
    rows.push({ what: `${what} / git-sync`, ...shared, ...beside })
  }
  return rows
}
