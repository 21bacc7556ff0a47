// Rows as the one table that is printed, and as the JSON that keeps every sample.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Row, Target, Unit } from './scenario.js'
import { median } from './statistics.js'

/** A row with what follows from its samples. */
export interface Result extends Row {
  scenario: string
  oursFigure: number
  gitFigure?: number
  ratio?: number
  /** Whether the target was reached; missing where there is none. */
  reached?: boolean
}

const HEADINGS = ['what', 'ours', 'git', 'ratio', 'target', 'reached']
const KIB = 1024

/** Works a row out. */
export function resultOf(scenario: string, row: Row): Result {
  const { ours, git, target } = row
  const oursFigure = row.statistic === 'max' ? Math.max(...ours) : median(ours)
  const gitFigure = git && median(git)
  const ratio = gitFigure === undefined ? undefined : oursFigure / gitFigure
  return {
    scenario,
    ...row,
    oursFigure,
    ...(gitFigure === undefined ? {} : { gitFigure }),
    ...(ratio === undefined ? {} : { ratio }),
    ...(target ? { reached: isReached(target, oursFigure, ratio) } : {}),
  }
}

/** The table, aligned, with a line for each result. */
export function renderTable(results: readonly Result[]): string {
  return renderColumns([HEADINGS, ...results.map(cellsOf)])
}

/** A table of these rows, aligned, of which the first is its head. */
export function renderColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => cell(row, column).length)),
  )
  const lines = rows.map((row) =>
    widths
      .map((width, column) =>
        column === 0 ? cell(row, column).padEnd(width) : cell(row, column).padStart(width),
      )
      .join('  ')
      .trimEnd(),
  )
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  return [lines[0], rule, ...lines.slice(1)].join('\n')
}

/** Writes what was measured, with its folder. */
export function writeJson(file: string, report: object): void {
  mkdirSync(path.dirname(path.resolve(file)), { recursive: true })
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`)
}

function isReached({ value, ratio }: Target, ours: number, ratioToGit = Number.NaN): boolean {
  return (value === undefined || ours <= value) && (ratio === undefined || ratioToGit <= ratio)
}

function cellsOf({ what, unit, target, oursFigure, gitFigure, ratio, reached }: Result): string[] {
  const limits = [
    target?.value === undefined ? [] : [`≤ ${format(target.value, unit)}`],
    target?.ratio === undefined ? [] : [`≤ ${target.ratio} ×`],
  ].flat()
  return [
    what,
    format(oursFigure, unit),
    gitFigure === undefined ? '' : format(gitFigure, unit),
    ratio === undefined ? '' : ratio.toFixed(3),
    limits.join(', '),
    reached === undefined ? '' : reached ? 'yes' : 'no',
  ]
}

function format(value: number, unit: Unit): string {
  if (unit === 'ms') return `${value.toFixed(value < 100 ? 2 : 0)} ms`
  if (unit === 'percent') return `${value.toFixed(2)} %`
  if (unit === 'count') return String(Number(value.toFixed(2)))
  if (value < 10 * KIB) return `${Math.round(value)} B`
  return value < KIB * KIB
    ? `${(value / KIB).toFixed(1)} KiB`
    : `${(value / KIB / KIB).toFixed(1)} MiB`
}

function cell(row: readonly string[], column: number): string {
  return row[column] ?? ''
}
