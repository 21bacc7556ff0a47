// Fuzzes for as long as wanted: `npm run fuzz -- --minutes 30`, or again with the seed and
// path that a failure printed. What fails is kept in fuzz.test.ts.
import { parseArgs } from 'node:util'
import { seedFrom } from '../helpers/seed.js'
import { TARGETS, type TargetName } from './targets.js'

const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    seed: { type: 'string' },
    path: { type: 'string' },
    runs: { type: 'string' },
    minutes: { type: 'string', default: '5' },
  },
})
const cleanUps: (() => unknown)[] = []
const scope = { after: (cleanUp: () => unknown) => cleanUps.push(cleanUp) }
const names = (Object.keys(TARGETS) as TargetName[]).filter(
  (name) => values.target === undefined || values.target === name,
)
const seed = seedFrom(values.seed ?? process.env['SEED'])

try {
  for (const name of names) await fuzz(name)
} finally {
  for (const cleanUp of cleanUps.reverse()) cleanUp()
}

async function fuzz(name: TargetName): Promise<void> {
  console.log(`${name}: seed ${seed}`)
  const { runs, failure } = await TARGETS[name](scope, {
    seed,
    ...(values.path === undefined ? {} : { path: values.path }),
    numRuns: Number(values.runs ?? 2 ** 31),
    interruptAfterTimeLimit: (Number(values.minutes) * 60_000) / names.length,
    markInterruptAsFailure: false,
  })
  console.log(`${name}: ${runs} runs, ${failure ? 'a failure' : 'no failure'}`)
  if (!failure) return
  console.error(failure.report)
  console.error(`keep { target: '${name}', seed: ${failure.seed}, path: '${failure.path}' }`)
  process.exitCode = 1
}
