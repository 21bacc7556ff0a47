// A fresh process, as each pod has one: from its start to what is published from a small repository,
// for both programs, and what memory the service keeps when there is nothing left to do.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { GIT_SYNC, MAIN } from '../helpers/program.js'
import { programEnvironment, startService, until, writeListing } from '../helpers/service.js'
import { endedChildrenCpuMs, residentBytes, untilAtRest } from './proc.js'
import { timeGit } from './run-git.js'
import type { BenchContext, Row, Scenario } from './scenario.js'
import { createSmallRepos } from './small-repos.js'
import { alternate } from './statistics.js'

const MIB = 1024 * 1024
const LOOK_MS = 2

export const start: Scenario = {
  name: 'start',
  async run(bench) {
    const { directory, repos, rounds, scope, server, sizes } = bench
    const [name = ''] = createSmallRepos(repos, 'start', 1)
    const repo = path.join(repos, name)
    const listingPath = path.join(directory, 'start.json')
    writeListing(listingPath, [{ path: 'ours', repo }])

    const service = await alternate(
      { rounds, warmUps: sizes.warmUps },
      {
        ours: () => fresh(bench, [MAIN, '--listing-path', listingPath, ...ONCE], 'ours/file-0.txt'),
        git: async () => {
          const clone = ['--depth', '1', pathToFileURL(repo).href, 'clone']
          const ms = await timeGit(directory, 'clone', '-q', ...clone)
          rmSync(path.join(directory, 'clone'), { recursive: true })
          return ms
        },
      },
    )
    const linked: Fresh[] = []
    for (let round = -sizes.warmUps; round < rounds; round++) {
      const url = `${server.url}/${name}`
      const flags = [`--repo=${url}`, '--ref=main', '--root=root', '--link=link', '--one-time']
      const sample = await fresh(bench, [GIT_SYNC, ...flags], 'root/link')
      if (round >= 0) linked.push(sample)
    }

    const resting = await startService(scope, { listingPath, execArgv: [] })
    const { pid = 0 } = resting.process
    await until(() => existsSync(path.join(directory, 'ours/file-0.txt')), 'the first publication')
    await untilAtRest(pid)
    await sleep(sizes.restMs)
    return [
      ...rowsOf(
        'start to published, small repository on disk / clone',
        service.ours,
        350,
        service.git,
      ),
      ...rowsOf('git-sync: start to the link, over HTTP', linked, 600),
      {
        what: 'memory at rest, one small repository',
        unit: 'bytes',
        ours: [residentBytes(pid, 'VmRSS')],
        target: { value: 70 * MIB },
      },
    ]
  },
}

const ONCE = ['--one-time', '--http-port', '0', '--http-host', '127.0.0.1', '--log-level', 'error']

interface Fresh {
  ms: number
  cpuMs: number
}

/** Runs a program to its end; the time until `file` is there, and the processor time of all of it. */
async function fresh(
  { directory }: BenchContext,
  args: readonly string[],
  file: string,
): Promise<Fresh> {
  const before = endedChildrenCpuMs()
  const startedAt = performance.now()
  const child = spawn(process.execPath, args, {
    cwd: directory,
    env: programEnvironment(),
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  while (!existsSync(path.join(directory, file)) && child.exitCode === null) await sleep(LOOK_MS)
  const ms = performance.now() - startedAt
  const [code] = await exited
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`)
  for (const made of ['ours', 'root']) {
    rmSync(path.join(directory, made), { recursive: true, force: true })
  }
  return { ms, cpuMs: endedChildrenCpuMs() - before }
}

function rowsOf(what: string, samples: readonly Fresh[], value: number, git?: number[]): Row[] {
  const ours = samples.map(({ ms }) => ms)
  return [
    { what, unit: 'ms', ours, ...(git && { git }), target: { value } },
    { what: `${what}: CPU`, unit: 'ms', ours: samples.map(({ cpuMs }) => cpuMs) },
  ]
}
