// Measures the program against real git, prints one table and writes JSON. The exit code
// is 1 only where a scenario could not run: a missed target is a number like any other.
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { announced } from './announced.js'
import { startBenchServer } from './bench-server.js'
import { disk } from './disk.js'
import { firstPublish } from './first-publish.js'
import { fresh } from './fresh.js'
import { idlePoll } from './idle-poll.js'
import { largePack } from './large-pack.js'
import { type BenchOptions, parseOptions } from './options.js'
import { part } from './part.js'
import { peakDisk } from './peak-disk.js'
import { type Result, renderTable, resultOf, writeJson } from './report.js'
import { measureScaling } from './scaling/scaling.js'
import type { BenchContext } from './scenario.js'
import { SIZES } from './sizes.js'
import { createSourceRepo, type SourceRepo } from './source-repo.js'
import { start } from './start.js'
import { submodules } from './submodules.js'
import { tenThousand } from './ten-thousand.js'
import { thousand } from './thousand.js'
import { updateHistory, updateInPlace, updateSymlink } from './update.js'
import { updateCpu } from './update-cpu.js'
import { BenchScope, createWorkspace, describeMachine } from './workspace.js'

const SCENARIOS = [
  start,
  fresh,
  firstPublish,
  updateInPlace,
  updateSymlink,
  updateHistory,
  updateCpu,
  announced,
  part,
  submodules,
  idlePoll,
  thousand,
  tenThousand,
  largePack,
  peakDisk,
  disk,
]

const scope = new BenchScope()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => scope.close().finally(() => process.exit(130)))
}
try {
  const names = SCENARIOS.map(({ name }) => name)
  process.exitCode = await measure(parseOptions(process.argv.slice(2), names))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
} finally {
  await scope.close()
}

async function measure(options: BenchOptions): Promise<number> {
  const workspace = createWorkspace(scope)
  const startedAt = new Date().toISOString()
  const machine = describeMachine()
  const place = workspace.isTmpfs ? 'on tmpfs' : 'on disk, for want of a tmpfs'
  console.log(
    Object.entries(machine)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  )
  console.log(`${options.size}, ${options.rounds} rounds, in ${workspace.directory}, ${place}`)

  const common = await createContext(workspace.directory, options)
  const run: RunIn = (name, work) => runIn(path.join(workspace.directory, name), common, work)
  if (options.scaling) {
    await measureScaling(options.scaling, options.jsonFile, machine, run)
    return 0
  }
  const results: Result[] = []
  const failures: { scenario: string; error: string }[] = []
  for (const scenario of SCENARIOS.filter(({ name }) => options.only.includes(name))) {
    const { name: scenarioName } = scenario
    const since = performance.now()
    try {
      const rows = await run(scenarioName, (bench) => scenario.run(bench))
      results.push(...rows.map((row) => resultOf(scenarioName, row)))
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      failures.push({ scenario: scenarioName, error: text })
      console.error(`${scenarioName} could not run: ${text}`)
    }
    console.error(`${scenarioName}: ${((performance.now() - since) / 1000).toFixed(1)} s`)
  }
  console.log(`\n${renderTable(results)}\n`)
  writeJson(options.jsonFile, { startedAt, machine, workspace, options, results, failures })
  console.log(`Every sample is in ${options.jsonFile}.`)
  for (const { scenario } of failures) console.log(`${scenario} could not run.`)
  return failures.length > 0 ? 1 : 0
}

type CommonContext = Omit<BenchContext, 'directory' | 'scope'>

async function createContext(directory: string, options: BenchOptions): Promise<CommonContext> {
  const repos = path.join(directory, 'repos')
  mkdirSync(repos)
  const made = new Map<number, Promise<SourceRepo>>()
  return {
    sizes: SIZES[options.size],
    rounds: options.rounds,
    repos,
    server: await startBenchServer(scope, repos),
    sourceRepo(files) {
      const repo = made.get(files) ?? createSourceRepo(repos, files)
      made.set(files, repo)
      return repo
    },
  }
}

/** Measures something in a folder of this name. */
type RunIn = <T>(name: string, measure: (bench: BenchContext) => Promise<T>) => Promise<T>

/** Whatever is left running ends with it. */
async function runIn<T>(
  directory: string,
  common: CommonContext,
  measure: (bench: BenchContext) => Promise<T>,
): Promise<T> {
  const scenarioScope = new BenchScope()
  scope.after(() => scenarioScope.close())
  mkdirSync(directory)
  scenarioScope.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }))
  try {
    return await measure({ ...common, directory, scope: scenarioScope })
  } finally {
    await scenarioScope.close()
  }
}
