// The test runner: every *.test.js below this compiled folder, each in its own process, but that
// the small ones of a folder share one, as to load modules takes longer than they do. It prints
// a line for each file that ended, what failed, the slowest files, and as its last line
// `N passed, N failed, N skipped`. The exit code is 1 where a test failed or none ran, and with
// --no-skip where one was skipped. Other arguments are parts of the names of the files to run,
// each of at least one; without any, all but those of --but. With SWEEPS=whole, only those run
// that then try more than else.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { parseArgs } from 'node:util'
import { FileDurations } from './helpers/file-durations.js'
import { costliestOf } from './helpers/processor-time.js'
import { IS_WHOLE, SEED } from './helpers/seed.js'
import { withSourceLines } from './helpers/source-lines.js'
import { processesOf } from './helpers/test-processes.js'
import { TestTally } from './helpers/test-tally.js'

/** For one that hangs: on a very busy machine the longest takes some minutes, and a sweep an hour. */
const PROCESS_TIMEOUT_MS = (IS_WHOLE ? 240 : 20) * 60_000

/** Makes the programs that tests start, as they are shipped, from the source as it is. */
const BUNDLER = path.join(import.meta.dirname, '../../scripts/bundle.js')

/** What is in a test file that tries more with SWEEPS=whole. */
const SWEEP = /\bIS_WHOLE\b|\/(?:sweep|interruption)\.js'/

/** What is shown of a run: the names of the tests that passed are many, and counted only. */
const SHOWN: readonly string[] = ['test:fail', 'test:stdout', 'test:stderr']

const { values, positionals: filters } = parseArgs({
  options: {
    'no-skip': { type: 'boolean', default: false },
    but: { type: 'string', multiple: true, default: [] },
  },
  allowPositionals: true,
})
const named = (parts: readonly string[]) => (file: string) =>
  parts.some((part) => file.includes(part))
const all = testFiles(import.meta.dirname)
const files = all
  .filter((file) => (filters.length > 0 ? named(filters)(file) : !named(values.but)(file)))
  .map((file) => path.join(import.meta.dirname, file))
// A file that was renamed is not left out in silence.
const vain = filters.filter((part) => !all.some(named([part])))
if (files.length > 0 && vain.length === 0) {
  process.env['SEED'] = `${SEED}`
  console.log(`What is random follows from SEED=${SEED}.`)
  if (existsSync(BUNDLER)) execFileSync(process.execPath, [BUNDLER], { stdio: 'inherit' })
  const tally = await runFiles(files)
  const succeeded = tally.succeeded && !(values['no-skip'] && tally.skipped > 0)
  finish(tally.summary(), succeeded ? 0 : 1)
} else {
  console.error(`No test file matches ${vain.join(', ') || '*.test.js'}.`)
  finish(new TestTally([]).summary(), 1)
}

/** Their paths below `directory`, sorted. */
function testFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.js'))
    .filter((file) => !IS_WHOLE || SWEEP.test(readFileSync(path.join(directory, file), 'utf8')))
    .sort()
}

/** Runs `files` with a readable report on stdout; resolves at the end of the report. */
async function runFiles(files: string[]): Promise<TestTally> {
  const tally = new TestTally(files)
  const durations = new FileDurations(import.meta.dirname, files)
  const processes = processesOf(import.meta.dirname, files)
  const tests = run({
    files: processes,
    // Many tests wait for other programs most of their time.
    concurrency: 2 * Math.max(2, availableParallelism()),
    timeout: PROCESS_TIMEOUT_MS,
  })
  const report = new spec()
  report.on('data', (text: Buffer) => process.stdout.write(withSourceLines(text.toString())))
  for await (const event of tests) {
    if (event.type === 'test:pass') tally.add('pass', event.data)
    if (event.type === 'test:fail') tally.add('fail', event.data)
    if (event.type === 'test:complete') process.stdout.write(durations.add(event.data))
    if (SHOWN.includes(event.type)) report.write(event)
  }
  await new Promise((resolve) => report.on('end', resolve).end())
  for (const file of tally.filesWithoutTests) console.error(`No test ran in ${file}.`)
  process.stdout.write(durations.summary() + costliestOf(processes))
  return tally
}

/** Writes the last line and ends the process, whatever a test left open. */
function finish(summary: string, exitCode: number): void {
  process.stdout.write(`${summary}\n`, () => process.exit(exitCode))
}
