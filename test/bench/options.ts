// The command line of the bench. Every fault is one sentence.
import { parseArgs } from 'node:util'
import { SIZES, type SizeName } from './sizes.js'

export interface BenchOptions {
  size: SizeName
  /** Names of scenarios, in the order in which they run. */
  only: readonly string[]
  /** Where every sample is written. */
  jsonFile: string
  rounds: number
  /** How much there is, one after the other; undefined where growth is not what is measured. */
  scaling: { files: readonly number[]; entries: readonly number[] } | undefined
}

/** Parses the arguments after the script's name. Throws an Error that says what is wrong. */
export function parseOptions(argv: readonly string[], scenarios: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      size: { type: 'string', default: 'full' },
      only: { type: 'string', default: scenarios.join() },
      json: { type: 'string' },
      rounds: { type: 'string' },
      scaling: { type: 'boolean', default: false },
      files: { type: 'string' },
      entries: { type: 'string' },
    },
  })
  const size = values.size
  if (!isSize(size)) throw new Error(`--size must be one of ${Object.keys(SIZES).join(', ')}`)
  const wanted = values.only.split(',').map((name) => name.trim())
  const unknown = wanted.filter((name) => !scenarios.includes(name))
  if (unknown.length > 0) {
    throw new Error(`no scenario ${unknown.join(', ')}; there are ${scenarios.join(', ')}`)
  }
  const rounds = Number(values.rounds ?? SIZES[size].rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds must be at least 1')
  const only = scenarios.filter((name) => wanted.includes(name))
  const { entries, files } = SIZES[size].scaling
  const scaling = values.scaling
    ? { files: countsOf(values.files, files), entries: countsOf(values.entries, entries) }
    : undefined
  const jsonFile = values.json ?? (scaling ? 'build/scaling.json' : 'build/bench.json')
  return { size, only, jsonFile, rounds, scaling }
}

/** Of a list like `1000,10000`, which may be empty. */
function countsOf(text: string | undefined, usual: readonly number[]): readonly number[] {
  if (text === undefined) return usual
  const counts = text.split(',').filter(Boolean).map(Number)
  if (counts.every((count) => Number.isInteger(count) && count > 0)) return counts
  throw new Error('--files and --entries are lists of counts, as 1000,10000')
}

function isSize(text: string): text is SizeName {
  return Object.hasOwn(SIZES, text)
}
