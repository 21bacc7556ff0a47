// The test runner: every *.test.js below this compiled folder, each in its own
// process. Its last line is `N passed, N failed, N skipped`; the exit code is 1
// where a test failed or none ran. Arguments are parts of file names to run.
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { TestTally } from './helpers/test-tally.js'

/** For one that hangs: on a busy machine the longest takes two minutes. */
const FILE_TIMEOUT_MS = 5 * 60_000

const filters = process.argv.slice(2)
const files = testFiles(import.meta.dirname, filters)
if (files.length > 0) {
  const tally = await runFiles(files)
  finish(tally.summary(), tally.succeeded ? 0 : 1)
} else {
  console.error(`No test file matches ${filters.join(', ') || '*.test.js'}.`)
  finish(new TestTally([]).summary(), 1)
}

/** Absolute paths, sorted, whose part below `directory` contains one of `filters`. */
function testFiles(directory: string, filters: readonly string[]): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.js'))
    .filter((file) => filters.length === 0 || filters.some((part) => file.includes(part)))
    .sort()
    .map((file) => path.join(directory, file))
}

/** Runs `files` with a readable report on stdout; resolves at the end of the report. */
async function runFiles(files: string[]): Promise<TestTally> {
  const tally = new TestTally(files)
  const tests = run({
    files,
    // Many tests wait for other programs most of their time.
    concurrency: Math.max(2, availableParallelism()) + 1,
    timeout: FILE_TIMEOUT_MS,
  })
  tests.on('test:pass', (event) => tally.add('pass', event))
  tests.on('test:fail', (event) => tally.add('fail', event))
  for await (const text of tests.compose(new spec())) process.stdout.write(text)
  for (const file of tally.filesWithoutTests) console.error(`No test ran in ${file}.`)
  return tally
}

/** Writes the last line and ends the process, whatever a test left open. */
function finish(summary: string, exitCode: number): void {
  process.stdout.write(`${summary}\n`, () => process.exit(exitCode))
}
