import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'

const IMPORTS = `import assert from 'node:assert/strict'; import { describe, test } from 'node:test'\n`
const TEST_FILES = {
  'good.test.js': `test('holder', async (t) => { await t.test('one', () => {}); await t.test('two', () => {}) })
    describe('suite', () => { test('three', () => {}); test.skip('four'); test.todo('five') })`,
  'below/bad.test.js': `test('fine', () => {}); test('differs', () => assert.deepEqual({ a: 1 }, { a: 2 }))
    test('holder', async (t) => { await t.test('inner', () => { throw new Error('inner fault') }) })
    describe('suite', () => test('deep', () => assert.equal(1, 2)))`,
  'below/crash.test.js': `throw new Error('crashed at import')`,
  'below/empty.test.js': '',
  'not-a-test.js': `throw new Error('must not run')`,
}

describe('the test runner', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'runner-'))
    mkdirSync(path.join(folder, 'below'))
    writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}')
    for (const [name, text] of Object.entries(TEST_FILES)) {
      writeFileSync(path.join(folder, name), IMPORTS + text)
    }
    for (const name of [
      'run.js',
      'helpers/file-durations.js',
      'helpers/processor-time.js',
      'helpers/seed.js',
      'helpers/source-lines.js',
      'helpers/test-processes.js',
      'helpers/test-tally.js',
    ]) {
      cpSync(path.join(import.meta.dirname, name), path.join(folder, name))
    }
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  function run(program: string, args: readonly string[], more: Record<string, string> = {}) {
    // Inside a test node:test refuses to run others; the variable is how it knows.
    const { NODE_TEST_CONTEXT: _, SEED: __, SWEEPS: ___, ...env } = process.env
    const options = { env: { ...env, ...more }, encoding: 'utf8' } as const
    const result = spawnSync(process.execPath, [program, ...args], options)
    return { ...result, lastLine: result.stdout.trimEnd().split('\n').at(-1) }
  }

  const runTests = (...filters: string[]) => run(path.join(folder, 'run.js'), filters)
  let all: ReturnType<typeof run> | undefined
  /** The run of all files, which several tests look at. */
  const runAll = () => {
    all ??= runTests()
    return all
  }

  test('counts leaf tests, and exits 0 where all of them pass', () => {
    const { status, lastLine } = runTests('good')
    assert.equal(lastLine, '3 passed, 0 failed, 2 skipped')
    assert.equal(status, 0)
  })

  test('counts failures, a crash and a file without tests, and shows what differs', () => {
    const { status, lastLine, stdout, stderr } = runAll()
    assert.equal(lastLine, '4 passed, 5 failed, 2 skipped')
    assert.equal(status, 1)
    for (const text of ['crashed at import', 'inner fault', '1 !== 2']) {
      assert.ok(stdout.includes(text), `${text} is missing in ${stdout}`)
    }
    assert.match(stdout, /^ *[+] +a: 1$/m)
    assert.match(stdout, /^ *- +a: 2$/m)
    assert.match(stderr, /No test ran in .*empty\.test\.js/)
    assert.deepEqual(stdout.match(/^.*\b(?:tests|pass|fail) \d+$/gm), null, 'a second total')
  })

  test('prints a line for each file as it ends, and names the slowest', () => {
    const { stdout } = runAll()
    const [files = '', slowest = ''] = stdout.split(/^The slowest of 4 files.*$/m)
    const names = [
      'below/bad.test.ts',
      'below/crash.test.ts',
      'below/empty.test.ts',
      'good.test.ts',
    ]
    for (const part of [files, slowest]) {
      const lines = [...part.matchAll(/^ +\d+\.\d s {2}(.+)$/gm)].map(([, name]) => name)
      assert.deepEqual(lines.sort(), names)
    }
  })

  test('runs the files of some folders in one process, and counts each by itself', (t) => {
    const shared = path.join(folder, 'base')
    mkdirSync(shared)
    t.after(() => rmSync(shared, { recursive: true }))
    const texts = {
      'a.test.js': `globalThis.seen = true; test('one', () => {})`,
      'b.test.js': `test('two', () => assert.ok(globalThis.seen))`,
      'crash.test.js': `throw new Error('crashed at import')`,
      'empty.test.js': '',
    }
    for (const [name, text] of Object.entries(texts)) {
      writeFileSync(path.join(shared, name), IMPORTS + text)
    }
    const { lastLine, status, stderr, stdout } = runTests('base/')
    assert.equal(lastLine, '2 passed, 2 failed, 0 skipped')
    assert.equal(status, 1)
    assert.match(stderr, /No test ran in .*empty\.test\.js/)
    assert.match(stdout, /crashed at import/)
    assert.match(stdout, /^ +\d+\.\d s {2}base\/b\.test\.ts$/m)
  })

  test('leaves out the files of --but, where none is named', () => {
    const { status, lastLine } = runTests('--but', 'below/')
    assert.equal(lastLine, '3 passed, 0 failed, 2 skipped')
    assert.equal(status, 0)
    assert.equal(
      runTests('below/empty', 'good', '--but', 'good').lastLine,
      '3 passed, 1 failed, 2 skipped',
    )
  })

  test('leaves out by --but what is below it, and not where the whole of it lies', (t) => {
    const holder = mkdtempSync(path.join(tmpdir(), 'runner-'))
    t.after(() => rmSync(holder, { recursive: true }))
    const place = path.join(holder, 'image')
    cpSync(folder, place, { recursive: true })
    const but = ['--but', 'below/', '--but', 'image/']
    const { lastLine, status } = run(path.join(place, 'run.js'), but)
    assert.equal(lastLine, '3 passed, 0 failed, 2 skipped')
    assert.equal(status, 0)
  })

  test('prints the seed, which each process is given, and takes another', (t) => {
    const file = path.join(folder, 'seed.test.js')
    t.after(() => rmSync(file))
    writeFileSync(file, `${IMPORTS}/* IS_WHOLE */ test('one', () => console.log(process.env.SEED))`)
    const given = run(path.join(folder, 'run.js'), ['seed'], { SEED: '7' })
    assert.equal(given.lastLine, '1 passed, 0 failed, 0 skipped')
    assert.match(given.stdout, /\bSEED=7\b.*^7$/ms)
    const sweeps = [1, 2].map(() => run(path.join(folder, 'run.js'), ['seed'], { SWEEPS: 'whole' }))
    const [first, second] = sweeps.map(({ stdout }) => /\bSEED=(\d+)/.exec(stdout)?.[1])
    assert.ok(first !== undefined && first !== second)
  })

  test('exits 1 with --no-skip where a test was skipped', () => {
    const { status, lastLine } = runTests('good', '--no-skip')
    assert.equal(lastLine, '3 passed, 0 failed, 2 skipped')
    assert.equal(status, 1)
  })

  test('exits 1 where no file matches one of the filters', () => {
    const { status, lastLine, stderr } = runTests('good', 'nothing-of-this-name')
    assert.equal(lastLine, '0 passed, 0 failed, 0 skipped')
    assert.equal(stderr, 'No test file matches nothing-of-this-name.\n')
    assert.equal(status, 1)
  })
})
