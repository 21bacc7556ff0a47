// The chart of charts/git-autosync, as `helm template` renders it.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { type KubernetesObject, readObjects } from '../example/manifests.js'
import { renderTemplates } from './render-template.js'

const CHART = 'charts/git-autosync'
/** Fields of Chart.yaml that templates may use, as Go calls them. */
const META = { name: 'Name', version: 'Version', appVersion: 'AppVersion' } as const

const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(
  JSON.parse(readChart('values.schema.json')),
)

export type Values = Record<string, unknown>

export interface Rendered {
  objects: KubernetesObject[]
  notes: string
}

/** Renders the chart with `values` over its own. Fails where its schema does not take them. */
export function renderChart(values: Values, name = 'release', namespace = 'default'): Rendered {
  const all = merged(parse(readChart('values.yaml')) as Values, values)
  assert.deepEqual(valuesFaults(all), [])
  const files = Object.fromEntries(
    readdirSync(path.join(CHART, 'templates')).map((file) => [
      file,
      readChart(`templates/${file}`),
    ]),
  )
  const meta = parse(readChart('Chart.yaml')) as Record<string, unknown>
  const { 'NOTES.txt': notes = '', ...texts } = renderTemplates(files, {
    Values: all,
    Chart: Object.fromEntries(Object.entries(META).map(([from, to]) => [to, meta[from]])),
    Release: { Name: name, Namespace: namespace, Service: 'Helm' },
  })
  const objects = Object.values(texts).flatMap(readObjects)
  return { objects: objects.filter((object) => object !== null), notes }
}

/** What the chart's schema has against whole `values`. */
export function valuesFaults(values: Values): string[] {
  validate(values)
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

/** The chart's own values. */
export function ownValues(): Values {
  return parse(readChart('values.yaml')) as Values
}

export function readChart(file: string): string {
  return readFileSync(path.join(CHART, file), 'utf8')
}

/** Objects are merged and all else is replaced, as Helm does. */
export function merged(own: Values, given: Values): Values {
  const result: Values = { ...own }
  for (const [name, value] of Object.entries(given)) {
    const before = own[name]
    result[name] = isObject(before) && isObject(value) ? merged(before, value) : value
  }
  return result
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
