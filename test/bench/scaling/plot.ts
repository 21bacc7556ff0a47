// What grows how, as a picture: a panel for each kind of figure, both scales logarithmic, so that what
// grows with the size rises at one angle in all of them. It is read on light and on dark ground.
import { FIGURES, type FigureName, type Points, seriesOf } from './figures.js'

const PANEL = { width: 300, height: 300 }
/** Where the lines are in a panel. */
const PLOT = { left: 48, top: 28, width: 232, height: 156 }
const COLORS = ['#3b82c4', '#d9822b', '#3f9e5f', '#b05cc6', '#c94f4f', '#8a8f98']
const UNITS = { time: 'ms', 'processor time': 'ms', memory: 'MiB' }
const ROW_HEIGHT = 15

const STYLE = `text { font: 11px system-ui, sans-serif; fill: #57606a }
.title { font-weight: 600; fill: #1f2328 }
.grid { stroke: #d0d7de; stroke-width: 1 }
.line { fill: none; stroke-width: 2 }
.git { stroke-dasharray: 5 4 }
@media (prefers-color-scheme: dark) {
  text { fill: #9198a1 }
  .title { fill: #f0f6fc }
  .grid { stroke: #3d444d }
}`

/** An SVG of everything that was measured at two sizes at least. */
export function plot(points: Points): string {
  const panels = panelsOf(points)
  const columns = Math.min(3, panels.length)
  const width = Math.max(1, columns) * PANEL.width
  const height = Math.ceil(panels.length / 3) * PANEL.height
  const drawn = panels.map((panel, at) => {
    const place = `${(at % 3) * PANEL.width} ${Math.floor(at / 3) * PANEL.height}`
    return `<g transform="translate(${place})">\n${drawPanel(panel)}\n</g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>How what it takes grows with files and with entries</title>
<style>
${STYLE}
</style>
${drawn.join('\n')}
</svg>
`
}

interface Line {
  what: string
  isGit: boolean
  series: [size: number, value: number][]
}

interface Panel {
  title: string
  lines: Line[]
}

function panelsOf(points: Points): Panel[] {
  const panels = new Map<string, Panel>()
  for (const name of Object.keys(FIGURES) as FigureName[]) {
    const { by, kind, what } = FIGURES[name]
    const series = seriesOf(points, name)
    if (series.length < 2) continue
    const title = `${kind}, ${UNITS[kind]}, by ${by}`
    const panel = panels.get(title) ?? { title, lines: [] }
    panels.set(title, panel)
    panel.lines.push({ what, isGit: 'isGit' in FIGURES[name], series })
  }
  return [...panels.values()]
}

function drawPanel({ title, lines }: Panel): string {
  const all = lines.flatMap(({ series }) => series)
  const x = scaleOf(
    all.map(([size]) => size),
    PLOT.left,
    PLOT.left + PLOT.width,
  )
  const y = scaleOf(
    all.map(([, value]) => value),
    PLOT.top + PLOT.height,
    PLOT.top,
  )
  const bottom = PLOT.top + PLOT.height
  const right = PLOT.left + PLOT.width
  return [
    `<text class="title" x="${PLOT.left}" y="16">${title}</text>`,
    ...y.ticks.flatMap((tick) => [
      `<path class="grid" d="M${PLOT.left} ${y.at(tick)}H${right}"/>`,
      `<text x="${PLOT.left - 6}" y="${y.at(tick)}" dy="4" text-anchor="end">${short(tick)}</text>`,
    ]),
    ...x.ticks.flatMap((tick) => [
      `<path class="grid" d="M${x.at(tick)} ${PLOT.top}V${bottom}"/>`,
      `<text x="${x.at(tick)}" y="${bottom + 15}" text-anchor="middle">${short(tick)}</text>`,
    ]),
    ...lines.flatMap(({ isGit, series, what }, index) => {
      const style = `class="line${isGit ? ' git' : ''}" stroke="${COLORS[index % COLORS.length]}"`
      const way = series.map(([size, value]) => `${x.at(size)} ${y.at(value)}`).join('L')
      const row = bottom + 34 + index * ROW_HEIGHT
      return [
        `<path ${style} d="M${way}"/>`,
        `<path ${style} d="M${PLOT.left} ${row}h22"/>`,
        `<text x="${PLOT.left + 28}" y="${row}" dy="4">${what}</text>`,
      ]
    }),
  ].join('\n')
}

/** Powers of ten around all values, and where each value lies between them. */
function scaleOf(values: number[], start: number, end: number) {
  const low = Math.floor(Math.log10(Math.min(...values)) + 1e-9)
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9))
  return {
    ticks: Array.from({ length: high - low + 1 }, (_, n) => 10 ** (low + n)),
    at: (value: number) => {
      const share = (Math.log10(value) - low) / (high - low)
      return Number((start + share * (end - start)).toFixed(1))
    },
  }
}

function short(value: number): string {
  if (value >= 1_000_000) return `${value / 1_000_000}M`
  return value >= 1000 ? `${value / 1000}k` : String(Number(value.toPrecision(3)))
}
