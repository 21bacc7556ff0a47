// `npm run bench -- --scaling`: how what it takes grows with files and with entries. What was measured at
// other sizes before stays in the JSON, so that one size can be measured at a time.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { renderColumns, writeJson } from '../report.js'
import type { BenchContext } from '../scenario.js'
import { measureEntries } from './by-entries.js'
import { measureFiles } from './by-files.js'
import type { By, Points, Sample } from './figures.js'
import { plot } from './plot.js'
import { scalingTable } from './table.js'

const MEASURE: Record<By, (bench: BenchContext, size: number) => Promise<Sample>> = {
  files: measureFiles,
  entries: measureEntries,
}

/** What the JSON holds. */
export interface ScalingReport {
  machine: Record<string, string | number>
  points: Points
}

/** Measures each size of `sizes`, and writes the JSON, and the picture beside it. */
export async function measureScaling(
  sizes: Readonly<Record<By, readonly number[]>>,
  jsonFile: string,
  machine: ScalingReport['machine'],
  run: (name: string, measure: (bench: BenchContext) => Promise<Sample>) => Promise<Sample>,
): Promise<void> {
  let points = readPoints(jsonFile)
  for (const by of ['files', 'entries'] as const) {
    for (const size of sizes[by]) {
      const sample = await run(`${by}-${size}`, (bench) => MEASURE[by](bench, size))
      points = { ...points, [by]: { ...points[by], [size]: sample } }
      writeJson(jsonFile, { machine, points } satisfies ScalingReport)
    }
    const { head, rows } = scalingTable(points, by)
    console.log(`\n${renderColumns([head, ...rows])}`)
  }
  const picture = jsonFile.replace(/(?:\.json)?$/, '.svg')
  writeFileSync(picture, plot(points))
  console.log(`\nAll of it is in ${jsonFile}, and drawn in ${picture}.`)
}

function readPoints(file: string): Points {
  if (!existsSync(file)) return { files: {}, entries: {} }
  return (JSON.parse(readFileSync(file, 'utf8')) as ScalingReport).points
}
