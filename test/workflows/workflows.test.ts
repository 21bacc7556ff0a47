// The workflows of GitHub Actions are valid, keep to this project's rules, and run scripts
// that shellcheck finds nothing in.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { complaintsOf } from '../example/complaints.js'
import { tempDir } from '../helpers/git.js'
import { needsProgram } from '../helpers/needs.js'
import { policyFaults, scriptsOf } from './policy-faults.js'
import { schemaFaults } from './schema-faults.js'

const FOLDER = '.github/workflows'
const SMOKE_TESTS = ['test/image/smoke.sh', 'test/image/smoke-git-sync.sh']
const read = (file: string) => readFileSync(path.join(FOLDER, file), 'utf8')

for (const file of readdirSync(FOLDER)) {
  describe(file, () => {
    test('is what GitHub takes', async () => {
      assert.deepEqual(await schemaFaults(file, read(file)), [])
    })

    test('keeps to the rules', () => {
      assert.deepEqual(policyFaults(read(file)), [])
    })
  })
}

test('what is signed and published is built from what passed', () => {
  const { jobs } = parse(read('ci.yml'))
  const { chart, package: npm, publish, ...others } = jobs
  assert.deepEqual(publish.needs, Object.keys(others))
  assert.deepEqual(publish.permissions, {
    contents: 'read',
    packages: 'write',
    'id-token': 'write',
    attestations: 'write',
  })
  for (const job of Object.values<{ permissions: object }>(others)) {
    assert.deepEqual(job.permissions, { contents: 'read' })
  }
  // A version's chart and package only after its images, and with no right that they do not need.
  for (const job of [chart, npm]) {
    assert.deepEqual([job.needs, job.if], ['publish', "github.ref_type == 'tag'"])
  }
  assert.deepEqual(npm.permissions, { contents: 'read', 'id-token': 'write' })
  assert.deepEqual(chart.permissions, { ...npm.permissions, packages: 'write' })
})

test('every kind of dependency is kept up to date', () => {
  const { updates }: { updates: { 'package-ecosystem': string }[] } = parse(
    readFileSync('.github/dependabot.yml', 'utf8'),
  )
  const kinds = updates.map((update) => update['package-ecosystem'])
  assert.deepEqual(kinds.sort(), ['docker', 'github-actions', 'npm'])
})

test('shellcheck finds nothing in the scripts', needsProgram('shellcheck'), (t) => {
  const directory = tempDir(t)
  const scripts = readdirSync(FOLDER).flatMap((file) => scriptsOf(read(file)))
  assert.ok(scripts.length > 5)
  const files = scripts.map((script, index) => {
    const file = path.join(directory, `${index}.sh`)
    writeFileSync(file, script)
    return file
  })
  assert.equal(complaintsOf('shellcheck', ['--shell=bash', ...files]), '')
  assert.equal(
    complaintsOf('shellcheck', ['.ci/install', '.ci/run', 'image/git-sync', ...SMOKE_TESTS]),
    '',
  )
})

describe('the check itself', () => {
  const expression = '$'.concat('{{ steps.none.outputs.text }}')
  const faulty = `on: { pull_request_target: {} }
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v7
      - run: echo ${expression}
`

  test('finds what breaks a rule', () => {
    assert.deepEqual(policyFaults(faulty), [
      'not pinned: actions/checkout@v7',
      'pull_request_target runs with secrets',
      'permissions are not {}',
      'no concurrency',
      'a: checkout keeps credentials',
      `a: an expression in a script: echo ${expression}`,
      'a: no permissions',
      'a: no timeout-minutes up to 30',
      'a: no step has the id none',
    ])
  })

  test('finds what GitHub refuses', async () => {
    const replaced = async (from: string, to: string) =>
      (await schemaFaults('faulty.yml', faulty.replace(from, to))).join('\n')
    assert.equal(await replaced('', ''), '')
    assert.match(await replaced('steps.none', 'stps.none'), /Unrecognized named-value: 'stps'/)
    assert.match(await replaced('runs-on', 'run-on'), /Unexpected value 'run-on'/)
    assert.match(
      await replaced('runs-on:', 'needs: b\n    runs-on:'),
      /at least one job with no dependencies/,
    )
  })
})
