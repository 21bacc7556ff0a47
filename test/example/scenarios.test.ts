// That `npm run scenarios`, which the figures of the examples come from, runs to its end.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const SCENARIOS = fileURLToPath(new URL('./scenarios.js', import.meta.url))

const run = (size: string) =>
  spawnSync(process.execPath, [SCENARIOS, '--size', size], { encoding: 'utf8' })

test('each scenario is measured', () => {
  const { status, stdout, stderr } = run('small')
  assert.equal(status, 0, stderr)
  for (const name of ['sidecar', 'shared volume', 'DaemonSet']) {
    const [, row = ''] = new RegExp(`│ '?${name}[^│]*│(.*)│$`, 'm').exec(stdout) ?? []
    const figures = row.split('│').map(Number)
    assert.equal(figures.length, 7, stdout)
    assert.ok(figures.every(Number.isFinite), stdout)
  }
})

test('a size that there is not is refused', () => {
  const { status, stderr } = run('huge')
  assert.notEqual(status, 0)
  assert.match(stderr, /--size must be one of full, small/)
})
