// The functions that the chart's templates use, as Go, Sprig and Helm have them.
// https://helm.sh/docs/chart_template_guide/function_list/
import { stringify } from 'yaml'

export type TemplateFunction = (...args: never[]) => unknown

/** What Go takes for false: nothing, zero, and what has nothing in it. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return true
  if (value === 0) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

/** A value as it is printed. */
export function printed(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'object') throw new Error(`prints ${JSON.stringify(value)}`)
  return typeof value === 'number' ? printedNumber(value) : String(value)
}

/** Helm reads every number as a float64, of which Go prints a million as 1e+06. https://pkg.go.dev/fmt */
function printedNumber(value: number): string {
  const [digits, exponent = ''] = value.toExponential().split('e')
  const isPlain = Number(exponent) >= -4 && Number(exponent) < 6
  if (isPlain) return value.toLocaleString('en', { useGrouping: false, maximumFractionDigits: 20 })
  return `${digits}e${exponent.replace(/^([+-])(\d)$/, '$10$2')}`
}

/** As Go writes it: the fields of a map are sorted. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_, each) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  )
}

export const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  eq: (one: unknown, ...others: unknown[]) => others.includes(one),
  ne: (one: unknown, other: unknown) => one !== other,
  not: (value: unknown) => isEmpty(value),
  and: (...values: unknown[]) =>
    values.find(isEmpty) ?? (values.some(isEmpty) ? undefined : values.at(-1)),
  or: (...values: unknown[]) => values.find((value) => !isEmpty(value)) ?? values.at(-1),
  default: (fallback: unknown, value: unknown) => (isEmpty(value) ? fallback : value),
  quote: (value: unknown) => JSON.stringify(printed(value)),
  toString: (value: unknown) => printed(value),
  toJson,
  kindIs: (kind: string, value: unknown) => typeof value === kind,
  toYaml: (value: unknown) => stringify(value, { lineWidth: 0, version: '1.1' }).trimEnd(),
  nindent: (spaces: number, text: string) =>
    `\n${text}`.replaceAll('\n', `\n${' '.repeat(spaces)}`),
  trunc: (length: number, text: string) => text.slice(0, length),
  trimSuffix: (suffix: string, text: string) =>
    text.endsWith(suffix) ? text.slice(0, -suffix.length) : text,
  contains: (part: string, text: string) => text.includes(part),
  printf: (format: string, ...values: unknown[]) =>
    format.replace(/%s/g, () => printed(values.shift())),
  index: (collection: Record<string, unknown>, key: string) => collection[key],
}
