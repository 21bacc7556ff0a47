// What grows how, as the tables of docs/sizing.md have it.
import { type By, FIGURES, type FigureName, type Points, seriesOf, slopeOf } from './figures.js'

/** Head and rows: a column for each size, and how it grows. */
export function scalingTable(points: Points, by: By): { head: string[]; rows: string[][] } {
  const sizes = Object.keys(points[by])
    .map(Number)
    .sort((one, other) => one - other)
  const names = (Object.keys(FIGURES) as FigureName[]).filter((name) => FIGURES[name].by === by)
  const rows = names.map((name) => {
    const series = seriesOf(points, name)
    const cells = sizes.map((size) => cellOf(name, points[by][size]?.[name]))
    const { kind, what } = FIGURES[name]
    return [`${what}, ${kind}`, ...cells, growth(slopeOf(series))]
  })
  const head = [by, ...sizes.map((size) => size.toLocaleString('en')), 'grows with the power']
  return { head, rows }
}

function cellOf(name: FigureName, value: number | undefined): string {
  if (value === undefined) return ''
  if (FIGURES[name].kind === 'memory') return `${Math.round(value)} MiB`
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} ms`
}

function growth(slope: number): string {
  return Number.isNaN(slope) ? '' : slope.toFixed(2).replace('-0.00', '0.00')
}
