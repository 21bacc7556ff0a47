// The dashboard and the alerts name only metrics and labels that the program has, and the
// alerts say what their own tests want.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { createMetrics } from '../../src/observe/metrics.js'
import type { SyncEvent } from '../../src/sync/events.js'
import { entryStatus } from '../helpers/entry-status.js'
import { needsProgram } from '../helpers/needs.js'
import { textOf } from '../helpers/text-of.js'
import { complaintsOf } from './complaints.js'
import { readYaml } from './manifests.js'
import { namesIn } from './promql.js'

const FOLDER = 'example/monitoring'
/** What Prometheus itself puts on every series, and where a series is named after it. */
const TARGET_LABELS = ['job', 'namespace', 'pod', 'instance']

interface RuleGroups {
  groups: {
    rules: { alert: string; expr: string; annotations: Record<string, string> }[]
  }[]
}

interface Panel {
  type: string
  title: string
  description?: string
  targets?: { expr: string; legendFormat: string; datasource: object }[]
}

interface Dashboard {
  schemaVersion: number
  templating: { list: { name: string; type: string; definition?: string }[] }
  panels: Panel[]
}

const LABELS = { entry: 'site', repo: 'https://git.example.com/site.git', ref: 'HEAD' }
/** After these, every metric has a series. */
const EVENTS: readonly SyncEvent[] = [
  { type: 'listing-loaded', path: 'listing.json', entries: 1, added: 1, changed: 0, removed: 0 },
  { type: 'entry-added', ...LABELS },
  { type: 'poll-unchanged', ...LABELS, oid: 'a'.repeat(40), durationMs: 1 },
  { type: 'hook-succeeded', ...LABELS, hook: 'after/0', oid: 'a'.repeat(40), durationMs: 1 },
  { type: 'webhook-received', provider: 'github', result: 'matched', fault: undefined },
  { type: 'remote-requested', host: 'git.example.com', service: 'git-upload-pack', code: '200' },
]

const STATUS = entryStatus({
  path: LABELS.entry,
  state: 'failing',
  webhooks: 'missed',
  error: { code: 'server-error', message: 'It answered 500.' },
})

const { groups } = readYaml<RuleGroups>(`${FOLDER}/rules.yaml`)
const rules = groups.flatMap((group) => group.rules)
const dashboard: Dashboard = JSON.parse(readFileSync(`${FOLDER}/dashboard.json`, 'utf8'))
const targets = dashboard.panels.flatMap(({ targets = [] }) => targets)

const known = await labelsByMetric()

describe('the metrics they name', () => {
  test('are read from the program', () => {
    assert.deepEqual(known.get('git_autosync_polls_total'), new Set(['entry', 'result']))
    assert.ok(known.get('git_autosync_sync_duration_seconds_bucket')?.has('le'))
    assert.ok(known.has('process_resident_memory_bytes'))
  })

  for (const { alert, expr, annotations } of rules) {
    test(`by ${alert}`, () => {
      const labels = Object.values(annotations).flatMap((text) =>
        [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label),
      )
      assertKnown(expr, labels, known)
    })
  }

  test('by the panels of the dashboard', () => {
    assert.ok(targets.length > 15)
    for (const { expr, legendFormat } of targets) {
      const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
      assertKnown(expr, labels, known)
    }
  })

  test('by the variables of the dashboard', () => {
    for (const { definition } of dashboard.templating.list) {
      if (definition === undefined) continue
      const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? []
      assertKnown(selector, [label], known)
    }
  })

  test('are all of its own', () => {
    const shown = targets.flatMap(({ expr }) => [...namesIn(expr).metrics])
    const missing = [...known.keys()]
      .map((name) => name.replace(/_(?:bucket|sum|count)$/, ''))
      .filter((name) => name.startsWith('git_autosync_'))
      .filter((name) => !shown.some((metric) => metric.startsWith(name)))
    assert.deepEqual(missing, [])
  })

  test('a name that there is not is found', () => {
    const fails = (expr: string, message: RegExp) =>
      assert.throws(() => assertKnown(expr, [], known), message)
    fails('rate(git_autosync_pols_total[5m])', /git_autosync_pols_total/)
    fails('git_autosync_polls_total{path="a"}', /path/)
    fails('sum by (path) (git_autosync_polls_total)', /path/)
  })
})

describe('the dashboard', () => {
  test('takes any data source, and says what each panel shows', () => {
    const [first] = dashboard.templating.list
    assert.deepEqual([first?.name, first?.type], ['datasource', 'datasource'])
    for (const { datasource } of targets) {
      assert.deepEqual(datasource, { type: 'prometheus', uid: `\${datasource}` })
    }
    for (const { type, title, description } of dashboard.panels) {
      assert.ok(type === 'row' || description, title)
    }
  })

  test('counts as stale what the alert calls stale', () => {
    const { expr = '' } = rules.find(({ alert }) => alert === 'GitAutosyncEntryStale') ?? {}
    const panel = dashboard.panels.find(({ title }) => title === 'Stale entries')
    const counted = panel?.targets?.[0]?.expr.replace(/\{[^}]*\}/g, '')
    assert.equal(withoutSpaces(counted ?? ''), withoutSpaces(`count(${expr}) or vector(0)`))
  })

  test('has panels of different ids', () => {
    const ids = dashboard.panels.map((panel) => (panel as unknown as { id: number }).id)
    assert.equal(new Set(ids).size, ids.length)
  })
})

describe('the alerts', () => {
  test('are the same for the operator', () => {
    const { spec } = readYaml<{ spec: RuleGroups }>(`${FOLDER}/prometheus-rule.yaml`)
    assert.deepEqual(spec.groups, groups)
  })

  test('are valid', needsProgram('promtool'), () => {
    assert.equal(complaintsOf('promtool', ['check', 'rules', `${FOLDER}/rules.yaml`]), '')
  })

  test('fire when they should, and only then', needsProgram('promtool'), () => {
    assert.equal(complaintsOf('promtool', ['test', 'rules', `${FOLDER}/rules.test.yaml`]), '')
  })

  test('each have a test of their own', () => {
    const tests = readFileSync(`${FOLDER}/rules.test.yaml`, 'utf8')
    for (const { alert } of rules) assert.match(tests, new RegExp(`alertname: ${alert}$`, 'm'))
  })
})

function assertKnown(
  expression: string,
  labels: readonly string[],
  known: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  const { metrics, matched, grouped } = namesIn(expression)
  assert.ok(metrics.size > 0, expression)
  const all = new Set(TARGET_LABELS)
  for (const metric of metrics) {
    const own = known.get(metric)
    assert.ok(own, `${metric} is no metric: ${expression}`)
    for (const label of own) all.add(label)
  }
  for (const [metric, label] of matched) {
    const isKnown = TARGET_LABELS.includes(label) || known.get(metric)?.has(label)
    assert.ok(isKnown, `${metric} has no label ${label}`)
  }
  for (const label of [...grouped, ...labels]) assert.ok(all.has(label), `no label ${label}`)
}

function withoutSpaces(expression: string): string {
  return expression.replace(/\s+/g, '')
}

/** What the program shows once everything has happened to an entry, and what Prometheus adds. */
async function labelsByMetric(): Promise<Map<string, Set<string>>> {
  const build = { version: '1.2.3', revision: 'abc' }
  const { observe, render } = createMetrics({ build, shard: { index: 0, total: 2 } })
  for (const event of EVENTS) observe(event)
  const found = new Map([['up', new Set<string>()]])
  for (const [, name = '', labels = ''] of (await textOf(render([STATUS]))).matchAll(
    /^(\w+)(?:\{(.*)\})? /gm,
  )) {
    const own = found.get(name) ?? new Set()
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) own.add(label)
    found.set(name, own)
  }
  return found
}
