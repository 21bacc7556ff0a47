// The tables of the README, each rendered from what it describes, so that none can
// drift. `npm run docs` writes them.
import { createRequire } from 'node:module'
import { Registry } from 'prom-client'
import { type Disposition, ERROR_CODES } from '../../src/base/errors.js'
import { LISTING_SCHEMA } from '../../src/listing/listing-schema.js'
import { defineMetrics } from '../../src/observe/metric-definitions.js'
import { SETTINGS } from '../../src/settings.js'
import { CREDENTIAL_VARIABLES } from '../../src/transport/credentials/environment.js'

interface CredentialsSchema {
  items: { properties: Record<string, { description: string }> }
}

const CREDENTIALS_SCHEMA: CredentialsSchema = createRequire(import.meta.url)(
  '../../src/transport/credentials.schema.json',
)

const WHAT_FOLLOWS: Record<Disposition, string> = {
  retry: 'tried again soon, with growing back-off',
  wait: 'looked at again after the interval',
  stall: 'stalled',
}

/** What renders each table, by the name in its markers. */
export const README_TABLES: Readonly<Record<string, () => string>> = {
  settings: () =>
    table(
      ['variable', 'default', 'meaning'],
      Object.values(SETTINGS).map((setting) => [
        code(setting.variable),
        setting.default === undefined ? 'unset' : code(setting.default),
        setting.description,
      ]),
    ),
  listing: () => {
    const { required, properties } = LISTING_SCHEMA.items
    return table(
      ['field', 'default', 'meaning'],
      Object.entries(properties).map(([field, schema]) => [
        code(field),
        required.includes(field) ? 'required' : optionalDefault(schema.default),
        schema.description,
      ]),
    )
  },
  credentials: () =>
    table(
      ['field', 'meaning'],
      Object.entries(CREDENTIALS_SCHEMA.items.properties).map(([field, { description }]) => [
        code(field),
        description,
      ]),
    ),
  'credential-variables': () =>
    table(
      ['variable', 'meaning'],
      Object.entries(CREDENTIAL_VARIABLES).map(([name, meaning]) => [code(name), meaning]),
    ),
  metrics: () => {
    const registry = new Registry()
    defineMetrics(registry)
    return table(
      ['metric', 'type', 'labels', 'meaning'],
      registry
        .getMetricsAsArray()
        .map((metric) => [
          code(metric.name),
          String(metric.type),
          labelsOf(metric).map(code).join(', '),
          metric.help,
        ]),
    )
  },
  errors: () =>
    table(
      ['code', 'meaning', 'what follows'],
      Object.entries(ERROR_CODES).map(([name, [disposition, meaning]]) => [
        code(name),
        meaning,
        WHAT_FOLLOWS[disposition],
      ]),
    ),
}

/** The text between the markers of the table called `name`. Throws where they are missing. */
export function readTable(readme: string, name: string): string {
  return readme.slice(...bounds(readme, name)).trim()
}

/** The README with every table written anew. */
export function withTables(readme: string): string {
  return Object.entries(README_TABLES).reduce((text, [name, render]) => {
    const [start, end] = bounds(text, name)
    return `${text.slice(0, start)}\n${render()}\n${text.slice(end)}`
  }, readme)
}

function bounds(readme: string, name: string): [start: number, end: number] {
  const begin = `<!-- ${name}:begin -->`
  const start = readme.indexOf(begin) + begin.length
  const end = readme.indexOf(`<!-- ${name}:end -->`, start)
  if (!readme.includes(begin) || end < 0) throw new Error(`README.md lacks the markers of ${name}`)
  return [start, end]
}

/** With columns of even width, as the formatter wants them. */
function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const rows = [head, ...body.map((row) => row.map(escapeCell))]
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const rule = widths.map((width) => '-'.repeat(width))
  const [first = [], ...rest] = rows
  return [first, rule, ...rest]
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)))
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function code(text: string): string {
  return `\`${text}\``
}

function optionalDefault(value: unknown): string {
  return value === undefined ? '' : code(String(value))
}

/** The types of prom-client keep them secret. */
function labelsOf(metric: object): string[] {
  return 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames : []
}
