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
}

/** Parses the arguments after the script's name. Throws an Error that says what is wrong. */
export function parseOptions(argv: readonly string[], scenarios: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      size: { type: 'string', default: 'full' },
      only: { type: 'string', default: scenarios.join() },
      json: { type: 'string', default: 'build/bench.json' },
      rounds: { type: 'string' },
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
  return { size, only, jsonFile: values.json, rounds }
}

function isSize(text: string): text is SizeName {
  return Object.hasOwn(SIZES, text)
}
