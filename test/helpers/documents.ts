// What the documents say of settings, fields, metrics and errors, rendered from what it
// describes, so that none can drift. `npm run docs` writes it.
import { createRequire } from 'node:module'
import { Registry } from 'prom-client'
import { type Disposition, ERROR_CODES } from '../../src/base/error-codes.js'
import { CREDENTIAL_VARIABLES } from '../../src/credentials/environment.js'
import { FLAGS } from '../../src/front/git-sync/flags.js'
import { defaultText } from '../../src/front/git-sync/help.js'
import { LISTING_SCHEMA, type ObjectSchema } from '../../src/listing/listing-schema.js'
import { ENTRY_METRICS } from '../../src/observe/entry-metrics.js'
import { defineMetrics } from '../../src/observe/metric-definitions.js'
import { SETTINGS } from '../../src/settings.js'
import { LIFECYCLE, type Phase } from '../../src/sync/state/lifecycle.js'

interface CredentialsSchema {
  items: { properties: Record<string, { description: string }> }
}

const CREDENTIALS_SCHEMA: CredentialsSchema = createRequire(import.meta.url)(
  '../../src/credentials/file/credentials.schema.json',
)

const WHAT_FOLLOWS: Record<Disposition, string> = {
  retry: 'tried again soon, with growing back-off',
  wait: 'looked at again after the interval',
  stall: 'stalled',
}

/** What no entry has: these end the start of the service. */
const AT_START: Readonly<Record<string, string>> = {
  'settings-invalid': 'no start: exit code 2',
  'listing-invalid': 'no start: exit code 2; later, the last good one stays',
}

/** What renders each part of a document, by the name in its markers. */
export type Parts = Readonly<Record<string, () => string>>

/** Every document that has generated parts, by its file. */
export const DOCUMENTS: Readonly<Record<string, Parts>> = {
  'docs/reference/settings.md': {
    settings: () =>
      table(
        ['variable', 'default', 'meaning'],
        Object.values(SETTINGS).map((setting) => [
          code(setting.variable),
          setting.default === undefined ? 'unset' : code(setting.default),
          setting.description,
        ]),
      ),
  },
  'docs/reference/listing.md': {
    listing: () => fieldTable(LISTING_SCHEMA.items),
    hook: () => fieldTable(LISTING_SCHEMA.definitions.hook),
  },
  'docs/reference/git-sync.md': {
    flags: () =>
      table(
        ['flag', 'variables, the last of which wins', 'default', 'meaning'],
        Object.values(FLAGS)
          .filter(({ isHidden }) => !isHidden)
          .map((flag) => [
            code(`--${flag.name}`),
            flag.variables.map(code).join(' '),
            defaultText(flag) && code(defaultText(flag)),
            flag.description,
          ]),
      ),
  },
  'docs/reference/credentials.md': {
    'credential-variables': () =>
      table(
        ['variable', 'meaning'],
        Object.entries(CREDENTIAL_VARIABLES).map(([name, meaning]) => [code(name), meaning]),
      ),
    credentials: () =>
      table(
        ['field', 'meaning'],
        Object.entries(CREDENTIALS_SCHEMA.items.properties).map(([field, { description }]) => [
          code(field),
          description,
        ]),
      ),
  },
  'docs/reference/metrics.md': {
    metrics: () => {
      const registry = new Registry()
      defineMetrics(registry)
      return table(
        ['metric', 'type', 'labels', 'meaning'],
        [
          ...registry
            .getMetricsAsArray()
            .map((metric) => ({ ...metric, labels: labelsOf(metric) })),
          ...ENTRY_METRICS.map((metric) => ({
            ...metric,
            labels: ['entry', ...metric.labelNames],
          })),
        ].map(({ help, labels, name, type }) => [
          code(name),
          String(type),
          labels.map(code).join(', '),
          help,
        ]),
      )
    },
  },
  'docs/reference/errors.md': {
    errors: () =>
      table(
        ['code', 'meaning', 'what follows'],
        Object.entries(ERROR_CODES).map(([name, [disposition, meaning]]) => [
          code(name),
          meaning,
          AT_START[name] ?? WHAT_FOLLOWS[disposition],
        ]),
      ),
  },
  'docs/troubleshooting.md': {
    codes: () => Object.entries(ERROR_CODES).map(errorSection).join('\n\n'),
  },
  'docs/architecture.md': {
    states: () => `\`\`\`mermaid\n${drawLifecycle()}\n\`\`\``,
  },
}

function fieldTable({ required = [], properties }: ObjectSchema): string {
  return table(
    ['field', 'default', 'meaning'],
    Object.entries(properties).map(([field, schema]) => [
      code(field),
      required.includes(field) ? 'required' : optionalDefault(schema.default),
      schema.description,
    ]),
  )
}

/** The text between the markers of the part called `name`. Throws where they are missing. */
export function readPart(text: string, name: string): string {
  return text.slice(...bounds(text, name)).trim()
}

/** A document with each of its `parts` written anew. */
export function withParts(document: string, parts: Parts): string {
  return Object.entries(parts).reduce((text, [name, render]) => {
    const [start, end] = bounds(text, name)
    return `${text.slice(0, start)}\n${render()}\n${text.slice(end)}`
  }, document)
}

function bounds(text: string, name: string): [start: number, end: number] {
  const begin = `<!-- ${name}:begin -->`
  const start = text.indexOf(begin) + begin.length
  const end = text.indexOf(`<!-- ${name}:end -->`, start)
  if (!text.includes(begin) || end < 0) throw new Error(`the document lacks the markers of ${name}`)
  return [start, end]
}

/**
 * The life of an entry. Arrows that lead from every phase in which it is known what is in place
 * are drawn once, from a state around them. https://mermaid.js.org/syntax/stateDiagram.html
 */
function drawLifecycle(): string {
  const phases = Object.keys(LIFECYCLE) as Phase[]
  const outside: Phase[] = ['inspecting', 'waiting', 'retiring', 'retired']
  const known = phases.filter((phase) => !outside.includes(phase))
  const shared = outside.filter((to) => known.every((from) => LIFECYCLE[from].next.includes(to)))
  const label = (phase: Phase) => `${phase}: ${phase} (${LIFECYCLE[phase].means})`
  const arrows = phases.flatMap((from) => {
    const drawnOnce = known.includes(from) ? shared : []
    const next = LIFECYCLE[from].next.filter((to) => !drawnOnce.includes(to))
    return next.map((to) => `${from} --> ${to}`)
  })
  return [
    'stateDiagram-v2',
    `  [*] --> ${phases[0]}`,
    ...outside.map((phase) => `  ${label(phase)}`),
    '  state "what is in place is known" as known {',
    ...known.map((phase) => `    ${label(phase)}`),
    '  }',
    ...shared.map((to) => `  known --> ${to}`),
    ...arrows.map((arrow) => `  ${arrow}`),
    '  retired --> [*]',
  ].join('\n')
}

/** A heading of its own for each code, which alerts and messages can link to. */
function errorSection([name, [disposition, meaning, remedy]]: [
  string,
  readonly [Disposition, string, string],
]): string {
  const follows = AT_START[name] ?? WHAT_FOLLOWS[disposition]
  return `### ${code(name)}\n\n${meaning} What follows: ${follows}.\n\n**Do:** ${remedy}`
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
